"""Flask extensions, not yet bound to an app. This module imports nothing of ours."""

from __future__ import annotations

from flask_login import LoginManager
from flask_wtf import CSRFProtect

login_manager = LoginManager()
csrf = CSRFProtect()
