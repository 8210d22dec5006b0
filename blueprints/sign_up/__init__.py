"""Signing up by a mailed code, where that is allowed."""

from blueprints.sign_up.routes import blueprint

__all__ = ["blueprint"]
