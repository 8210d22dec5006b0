"""Groups of people: the list, one group, its members, and what it is called."""

from blueprints.groups import members
from blueprints.groups.routes import blueprint

__all__ = ["blueprint", "members"]
