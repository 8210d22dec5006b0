"""Set-up: who the first administrator is, and which keys are allowed."""

from blueprints.setup.routes import blueprint

__all__ = ["blueprint"]
