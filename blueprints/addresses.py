"""What administration pages read from an address: filters and cursors, never an error."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

from services.paging import Slice

E = TypeVar("E", bound=StrEnum)


def cursor(name: str) -> uuid.UUID | None:
    """The row that a page starts at; None where the address names none, or not a UUID."""
    try:
        return uuid.UUID(request.args.get(name, ""))
    except ValueError:
        return None


def choice(members: type[E], name: str, default: E) -> E:
    """The view that the address asks for; the default where it names none that exists."""
    try:
        return members(request.args.get(name, ""))
    except ValueError:
        return default


def pager(page: Slice[Any], here: str, **kept: object) -> dict[str, str]:
    """The addresses of a page's neighbours, for the `pager` macro.

    Args:
        here: the address without its query.
        kept: the filters that stay.
    """
    filters = {name: str(value) for name, value in kept.items() if value}
    neighbours = {"previous": ("newer", page.newer), "next": ("older", page.older)}
    return {
        name: f"{here}?{urlencode(filters | {word: str(at)})}"
        for name, (word, at) in neighbours.items()
        if at is not None
    }
