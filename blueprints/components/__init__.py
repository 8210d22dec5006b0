"""A page that shows every macro in every state: for looking, for screenshots, and for axe.

Only a trial registers it.
"""

from __future__ import annotations

from blueprints.components.routes import blueprint

__all__ = ["blueprint"]
