"""Provisioning requests: the list, making one, carrying it out, and what came of it."""

from blueprints.requests import (
    deleting,
    desk,
    desk_acting,
    drafting,
    letters,
    listing,
    picking,
    running,
    showing,
)
from blueprints.requests.area import blueprint

__all__ = [
    "blueprint",
    "deleting",
    "desk",
    "desk_acting",
    "drafting",
    "letters",
    "listing",
    "picking",
    "running",
    "showing",
]
