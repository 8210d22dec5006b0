"""Directories: connecting one step by step, its page, its test, and whom it serves."""

from blueprints.directories import (
    connecting,
    deleting,
    editing,
    ory_steps,
    pingone_steps,
    routes,
    rules,
)
from blueprints.directories.area import blueprint

__all__ = [
    "blueprint",
    "connecting",
    "deleting",
    "editing",
    "ory_steps",
    "pingone_steps",
    "routes",
    "rules",
]
