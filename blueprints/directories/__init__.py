"""Directories: connecting one step by step, its page, its test, and whom it serves."""

from blueprints.directories import deleting, editing, routes, steps
from blueprints.directories.area import blueprint

__all__ = ["blueprint", "deleting", "editing", "routes", "steps"]
