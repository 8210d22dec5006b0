"""Signing in with a passkey, and out again."""

from blueprints.sign_in.routes import blueprint

__all__ = ["blueprint"]
