"""The people and groups of a connected directory: browsing, linking, inviting, and their keys."""

from blueprints.directory_people import helping, inviting, linking, methods, pairs, routes
from blueprints.directory_people.area import blueprint

__all__ = ["blueprint", "helping", "inviting", "linking", "methods", "pairs", "routes"]
