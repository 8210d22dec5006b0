"""Administration's first page: what needs attention."""

from blueprints.overview.routes import blueprint

__all__ = ["blueprint"]
