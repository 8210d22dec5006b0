"""Where one is signed in, and signing out elsewhere."""

from blueprints.sessions.routes import blueprint

__all__ = ["blueprint"]
