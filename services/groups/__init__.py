"""Groups of people: their records, and who is in them."""

from services.groups.members import (
    add,
    among,
    candidates,
    count,
    counts,
    members,
    obstacle,
    of_person,
    remove,
)
from services.groups.records import (
    create,
    edit,
    end,
    every,
    get,
    lock,
    obstacle_to_end,
    search,
)

__all__ = [
    "add",
    "among",
    "candidates",
    "count",
    "counts",
    "create",
    "edit",
    "end",
    "every",
    "get",
    "lock",
    "members",
    "obstacle",
    "obstacle_to_end",
    "of_person",
    "remove",
    "search",
]
