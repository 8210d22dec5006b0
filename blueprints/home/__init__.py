"""The first page, the health check, and the pages that help."""

from blueprints.home.routes import blueprint

__all__ = ["blueprint"]
