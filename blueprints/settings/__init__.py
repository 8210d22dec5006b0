"""The settings of this deployment, to read."""

from blueprints.settings.routes import blueprint

__all__ = ["blueprint"]
