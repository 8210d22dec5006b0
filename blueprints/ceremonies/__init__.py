"""Where the pages' scripts get the options of a ceremony."""

from blueprints.ceremonies.routes import blueprint

__all__ = ["blueprint"]
