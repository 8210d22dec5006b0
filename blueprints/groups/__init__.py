"""Groups of people: the list, one group, its members, and where they come from."""

from blueprints.groups import members, taking
from blueprints.groups.routes import blueprint

__all__ = ["blueprint", "members", "taking"]
