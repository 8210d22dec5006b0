"""Listing identities: filters, consistency, pages (ory.md 2.6)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from emulators.ory.derived import LOOKED_UP, NORMALISED, normalise
from emulators.ory.emulator import Ory
from emulators.ory.errors import bad_request
from emulators.ory.identities import stamp

DEFAULT_SIZE = 250
LARGEST_SIZE = 500
LEGACY_REACH = 1000
MOST_IDS = 500
FILTERS = (
    "ids",
    "organization_id",
    "credentials_identifier",
    "preview_credentials_identifier_similar",
)

Identity = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """One page, and the Link header that goes with it."""

    items: list[Identity]
    link: str


def page(ory: Ory, query: MultiDict[str, str]) -> Page:
    """The page that a query asks for.

    Raises:
        OryError: 400.
    """
    matches = _filter(query)
    found = _read(ory, query, after=_after(query))
    chosen = (identity for identity in found if matches(identity))
    if "page" in query or "per_page" in query:
        return Page(_legacy(query, chosen), "")
    size = _size(query)
    items = list(islice(chosen, size + 1))
    more, items = len(items) > size, items[:size]
    return Page(items, _link(ory, query, size, items[-1]["id"] if more else ""))


def _filter(query: MultiDict[str, str]) -> Callable[[Identity], bool]:
    given = [name for name in FILTERS if query.getlist(name)]
    if len(given) > 1:
        raise bad_request("You cannot combine multiple filters in this API")
    if not given:
        return lambda identity: True
    name, values = given[0], query.getlist(given[0])
    if name == "ids":
        if len(values) > MOST_IDS:
            raise bad_request("The number of ids to filter must not exceed 500.")
        return lambda identity: identity["id"] in values
    if name == "organization_id":
        return lambda identity: identity["organization_id"] == values[0]
    if name == "credentials_identifier":
        return lambda identity: _identified(identity, values[0])
    wanted = normalise(values[0])
    return lambda identity: any(wanted in found for found in _identifiers(identity))


def _identified(identity: Identity, wanted: str) -> bool:
    """Exact, normalised where Kratos normalises, and never among passkeys."""
    for kind in LOOKED_UP:
        held = identity["credentials"].get(kind, {}).get("identifiers", [])
        if (normalise(wanted) if kind in NORMALISED else wanted) in held:
            return True
    return False


def _identifiers(identity: Identity) -> Iterator[str]:
    for kind in LOOKED_UP:
        yield from identity["credentials"].get(kind, {}).get("identifiers", [])


def _read(ory: Ory, query: MultiDict[str, str], *, after: str) -> Iterator[Identity]:
    """Under `eventual` new identities come into lists late; self-hosted ignores it."""
    asked = query.get("consistency", "")
    if asked not in ("", "strong", "eventual"):
        raise bad_request(f"Unknown consistency {asked}.")
    everything = ory.identities.all(after=after)
    if not ory.edition.network or (asked or ory.variants["default_consistency"]) == "strong":
        return everything
    seen_until = stamp(ory.now() - ory.lag)
    return (identity for identity in everything if identity["created_at"] <= seen_until)


def _size(query: MultiDict[str, str]) -> int:
    size = query.get("page_size", DEFAULT_SIZE, type=int)
    return min(size, LARGEST_SIZE) if size > 0 else DEFAULT_SIZE


def _legacy(query: MultiDict[str, str], chosen: Iterator[Identity]) -> list[Identity]:
    """The deprecated `page` and `per_page`."""
    number = max(query.get("page", 0, type=int), 0)
    size = min(max(query.get("per_page", DEFAULT_SIZE, type=int), 1), LARGEST_SIZE)
    if number * size > LEGACY_REACH:
        raise bad_request("The page is too far: use page_token.")
    return list(islice(chosen, number * size, number * size + size))


def _after(query: MultiDict[str, str]) -> str:
    token = query.get("page_token", "")
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise bad_request("The page token is invalid.") from error


def _link(ory: Ory, query: MultiDict[str, str], size: int, last: str) -> str:
    """`first` always, `next` when there is more; the filters stay in the address."""
    base = f"{ory.admin_url}/admin/identities"
    if ory.variants["links"] == "relative":
        base = "/admin/identities"
    kept = [
        (name, value)
        for name, value in query.items(multi=True)
        if name not in ("page_token", "page_size")
    ]

    def address(token: str) -> str:
        parameters = [*kept, ("page_size", str(size))]
        if token:
            encoded = base64.urlsafe_b64encode(token.encode()).rstrip(b"=").decode()
            parameters.append(("page_token", encoded))
        return f"<{base}?{urlencode(parameters)}>"

    links = [f'{address("")}; rel="first"']
    if last:
        links.append(f'{address(last)}; rel="next"')
    return ",".join(links)
