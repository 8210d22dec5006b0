"""The people and groups of a connected directory: browsing, linking, inviting."""

from blueprints.directory_people import inviting, linking, pairs, routes
from blueprints.directory_people.area import blueprint

__all__ = ["blueprint", "inviting", "linking", "pairs", "routes"]
