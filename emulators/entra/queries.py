"""The query options of a collection, and its pages (entra.md 3 [D S26])."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import request
from werkzeug.datastructures import MultiDict

from emulators.entra import filters, searches
from emulators.entra.errors import bad_request, unsupported_query
from emulators.entra.jwt import decode64, encode64
from emulators.entra.shapes import Shape
from emulators.kit.variants import Variants

KNOWN = frozenset({"$select", "$top", "$filter", "$search", "$orderby", "$count", "$skiptoken"})
MOST = 999
USUAL = 100

Thing = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """What was asked of a collection."""

    shape: Shape
    select: tuple[str, ...]
    selected: bool
    top: int
    begin: int
    matches: Callable[[Thing], bool]
    order: tuple[str, bool]
    """Property ("" for none) and whether it descends."""
    counted: bool

    def choose(self, things: Iterable[Thing]) -> list[Thing]:
        """The matching ones, in order."""
        chosen = sorted((t for t in things if self.matches(t)), key=lambda t: str(t["id"]))
        prop, descends = self.order
        if prop:
            chosen.sort(key=lambda t: str(t.get(prop) or "").casefold(), reverse=descends)
        return chosen

    def show(self, thing: Thing) -> Thing:
        """One object, with the selected properties only."""
        return {name: thing.get(name) for name in self.select}


def is_advanced() -> bool:
    """Whether the request is one for the advanced queries."""
    return request.headers.get("ConsistencyLevel", "").lower() == "eventual"


def read(shape: Shape, variants: Variants, *, cast: bool = False) -> Query:
    """The query of this request.

    Args:
        shape: of what is asked for.
        variants: the switches.
        cast: whether the path casts to a type, which makes it an advanced query.

    Raises:
        GraphError: 400.
    """
    given = request.args
    _refuse_unknown(given)
    counted = given.get("$count", "false").lower() == "true"
    advanced = is_advanced() and counted
    if cast and not advanced:
        raise unsupported_query("Casting needs 'ConsistencyLevel: eventual' and $count=true.")
    conditions = []
    if "$search" in given:
        if not is_advanced():
            raise unsupported_query(
                "Request with $search query parameter only works through MSGraph with a special "
                "request header: 'ConsistencyLevel: eventual'"
            )
        if not counted and variants["search_without_count"] == "refused":
            raise unsupported_query("Request with $search needs $count=true.")
        conditions.append(searches.parse(given["$search"], shape))
    if "$filter" in given:
        wanted = filters.parse(given["$filter"], shape)
        if wanted.advanced and not advanced:
            raise unsupported_query(
                "Operator is not supported: it needs 'ConsistencyLevel: eventual' and $count=true."
            )
        conditions.append(wanted.matches)
    if "$orderby" in given and "$filter" in given and not advanced:
        raise unsupported_query(
            "Sorting with $filter needs 'ConsistencyLevel: eventual' and $count=true."
        )
    return Query(
        shape=shape,
        select=select(shape),
        selected="$select" in given,
        top=_top(given, variants),
        begin=_begin(given),
        matches=lambda thing: all(condition(thing) for condition in conditions),
        order=_order(given, shape),
        counted=counted and is_advanced(),
    )


def select(shape: Shape) -> tuple[str, ...]:
    """The properties to show of an object.

    Raises:
        GraphError: 400 for one that the type has not.
    """
    given = request.args.get("$select")
    if given is None:
        return shape.default
    names = tuple(dict.fromkeys(name.strip() for name in given.split(",")))
    for name in names:
        if name not in shape.known:
            raise bad_request(
                "Parsing OData Select and Expand failed: Could not find a property named "
                f"'{name}' on type 'microsoft.graph.{shape.name}'.",
                code="BadRequest",
            )
    return names


def page(query: Query, things: Iterable[Thing], *, context: str, begin: str) -> Thing:
    """One page of a collection, with the way to the next.

    Args:
        query: what was asked.
        things: all there are.
        context: what the collection is, for `@odata.context`.
        begin: the address of this version of Graph.
    """
    chosen = query.choose(things)
    stop = query.begin + query.top
    shown = f"({','.join(query.select)})" if query.selected else ""
    body: Thing = {"@odata.context": f"{begin}/$metadata#{context}{shown}"}
    if query.counted:
        body["@odata.count"] = len(chosen)
    if stop < len(chosen):
        body["@odata.nextLink"] = _next_link(stop)
    body["value"] = [query.show(thing) for thing in chosen[query.begin : stop]]
    return body


def _refuse_unknown(given: MultiDict[str, str]) -> None:
    if "$skip" in given:
        # entra.md 3 [D S26].
        raise bad_request("'$skip' is not supported by the service.")
    for name in given:
        if name.startswith("$") and name not in KNOWN:
            raise bad_request(f"The query option '{name}' is not supported.", code="BadRequest")


def _top(given: MultiDict[str, str], variants: Variants) -> int:
    text = given.get("$top")
    if text is None:
        return USUAL
    if not text.isdecimal():
        raise bad_request(f"Invalid value '{text}' for $top query option.", code="BadRequest")
    top = int(text)
    if not 1 <= top <= MOST and variants["top"] == "refused":
        raise unsupported_query(
            f"Invalid page size specified: '{top}'. Must be between 1 and {MOST} inclusive."
        )
    return min(max(top, 1), MOST)


def _order(given: MultiDict[str, str], shape: Shape) -> tuple[str, bool]:
    text = given.get("$orderby")
    if text is None:
        return "", False
    name, _, direction = text.strip().partition(" ")
    if name not in shape.ordered or direction.strip() not in ("", "asc", "desc"):
        raise unsupported_query(f"Unsupported sort property '{name}' for '{shape.name}'.")
    return name, direction.strip() == "desc"


def _digest(given: MultiDict[str, str]) -> str:
    """What ties a page to its query, so that links work verbatim only (entra.md 3 [D])."""
    rest = sorted((name, value) for name, value in given.items() if name != "$skiptoken")
    return hashlib.sha256(repr(rest).encode()).hexdigest()[:24]


def _begin(given: MultiDict[str, str]) -> int:
    text = given.get("$skiptoken")
    if text is None:
        return 0
    try:
        at, _, digest = decode64(text).decode().partition(".")
        if not hmac.compare_digest(digest, _digest(given)):
            raise ValueError("another query's")
        return int(at)
    except ValueError as error:
        raise bad_request(
            "The skip token is invalid.", code="Directory_ExpiredPageToken"
        ) from error


def _next_link(at: int) -> str:
    token = encode64(f"{at}.{_digest(request.args)}".encode())
    rest = [
        f"{name}={quote(value, safe='')}"
        for name, value in request.args.items()
        if name != "$skiptoken"
    ]
    return f"{request.base_url}?{'&'.join([*rest, f'$skiptoken={token}'])}"
