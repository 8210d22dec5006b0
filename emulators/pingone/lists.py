"""Lists: `_embedded`, `_links`, limit and cursor (pingone.md 2)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from flask import request

from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import PingError, invalid
from emulators.pingone.filters import Grammar, parse

LARGEST = 1000
"""pingone.md 2 [C SDK]: limit 1..1000."""
USUAL = 100
"""The contract does not say how many come without a limit."""


def whole(ping: PingOne, name: str, items: Iterable[Document]) -> Document:
    """A list without pages."""
    found = list(items)
    return {
        "_links": {"self": {"href": _here(ping)}},
        "_embedded": {name: found},
        "count": len(found),
        "size": len(found),
    }


def paged(
    ping: PingOne,
    name: str,
    items: Iterable[Document],
    *,
    grammar: Grammar,
    view: Callable[[Document], Document],
) -> Document:
    """One page of a list, by `filter`, `limit` and `cursor`.

    `_links.next.href` is absolute and holds everything needed; the cursor is opaque and only good
    for the filter that it came with.

    Raises:
        PingError: 400 INVALID_FILTER, OUT_OF_RANGE or INVALID_PARAMETER.
    """
    text = request.args.get("filter")
    size = _limit()
    match = parse(text, grammar) if text is not None else None
    chosen = [one for one in items if match is None or match(one)]
    after = _opened(request.args.get("cursor"), text)
    rest = (one for one in chosen if one["id"] > after)
    page = list(islice(rest, size + 1))
    more, page = len(page) > size, page[:size]
    links = {"self": {"href": _here(ping)}}
    if more:
        query = {"limit": str(size), "cursor": _closed(page[-1]["id"], text)}
        if text is not None:
            query["filter"] = text
        links["next"] = {"href": f"{ping.url}{request.path}?{urlencode(query)}"}
    return {
        "_links": links,
        "_embedded": {name: [view(one) for one in page]},
        "count": len(chosen),
        "size": len(page),
    }


def _here(ping: PingOne) -> str:
    return f"{ping.url}{request.full_path.rstrip('?')}"


def _limit() -> int:
    given = request.args.get("limit")
    if given is None:
        return USUAL
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= LARGEST:
        raise invalid(
            "limit",
            f"limit must be between 1 and {LARGEST}",
            detail="OUT_OF_RANGE",
            inner={"rangeMinimumValue": 1, "rangeMaximumValue": LARGEST},
        )
    return int(given)


def _closed(last: str, text: str | None) -> str:
    content = json.dumps([last, _mark(text)]).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _opened(cursor: str | None, text: str | None) -> str:
    if cursor is None:
        return ""
    try:
        content: Any = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        last, mark = content
    except (ValueError, TypeError) as error:
        raise _bad_cursor() from error
    if mark != _mark(text) or not isinstance(last, str):
        raise _bad_cursor()
    return last


def _bad_cursor() -> PingError:
    return invalid("cursor", "The cursor is invalid", detail="INVALID_PARAMETER")


def _mark(text: str | None) -> str:
    return hashlib.sha256((text or "").encode()).hexdigest()[:16]
