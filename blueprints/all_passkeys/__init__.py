"""Everybody's passkeys."""

from blueprints.all_passkeys.routes import blueprint

__all__ = ["blueprint"]
