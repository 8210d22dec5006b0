"""The people who are assigned to our own application, members of assigned groups included.

Graph lists assignments, and leaves expanding groups to its caller (Entra contract section 3). The
cursor is a place in that walk: a page of assignments, a place in it, and a page of a group. So
nothing is remembered between pages; somebody who is assigned twice is shown at the first place,
which Graph is asked about.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from directories.base import Page, RemoteIdentity
from directories.entra import cursors, documents, people, permissions
from directories.entra.api import BATCH_SIZE, EntraApi
from directories.entra.credentials import GUID

ASSIGNMENTS = 500
"""Assignments in one page. Somebody who is assigned in two pages of them is shown twice."""


@dataclass(frozen=True)
class _Place:
    """Where a page begins."""

    page: str | None = None
    """The cursor of the page of assignments; None for the first."""
    at: int = 0
    """Which of its assignments."""
    within: str | None = None
    """The cursor inside the group that is assigned there."""


class _Assignment(NamedTuple):
    kind: str
    id: str


def assigned(api: EntraApi, query: str, cursor: str | None) -> Page[RemoteIdentity]:
    """One page of the people who are assigned; arguments as those of `people.people`.

    A page may be empty and still have another after it.
    """
    place = _read(cursor)
    listing = api.assignments(place.page, top=ASSIGNMENTS)
    here = _assignments(listing.entries)
    rest = here[place.at :]
    if not rest:
        return Page((), None if listing.cursor is None else _written(_Place(listing.cursor)))
    if rest[0].kind == "Group":
        found, following = _of_group(api, query, here, place)
    else:
        run = 0
        while run < min(len(rest), BATCH_SIZE) and rest[run].kind == "User":
            run += 1
        found = _matching(_users(api, [one.id for one in rest[:run]]), query)
        following = _Place(place.page, place.at + run)
    if following.at >= len(here):
        end = listing.cursor is None
        return Page(found, None if end else _written(_Place(listing.cursor)))
    return Page(found, _written(following))


def _of_group(
    api: EntraApi, query: str, here: Sequence[_Assignment], place: _Place
) -> tuple[tuple[RemoteIdentity, ...], _Place]:
    """A page of one assigned group, without those who were shown before it."""
    found = people.people(api, query, place.within, group=here[place.at].id)
    alone = {one.id for one in here if one.kind == "User"}
    left = [one for one in found.items if one.remote_id not in alone]
    before = [one.id for one in here[: place.at] if one.kind == "Group"]
    shown = _members_of(api, [one.remote_id for one in left], before)
    fresh = tuple(one for one in left if one.remote_id not in shown)
    if found.cursor is None:
        return fresh, _Place(place.page, place.at + 1)
    return fresh, _Place(place.page, place.at, found.cursor)


def _assignments(entries: Sequence[Any]) -> list[_Assignment]:
    """People first, then groups, each once; other applications are no people."""
    found = {
        _Assignment(kind, name)
        for entry in entries
        if (kind := documents.text(entry, "principalType")) in ("User", "Group")
        and GUID.fullmatch(name := documents.object_id(entry, "principalId"))
    }
    return sorted(found, key=lambda one: (one.kind == "Group", one.id))


def _users(api: EntraApi, ids: Sequence[str]) -> tuple[RemoteIdentity, ...]:
    """People by id; those who are gone since are left out."""
    asked = [
        {"method": "GET", "url": f"/users/{one}?$select={documents.USER_FIELDS}"} for one in ids
    ]
    answers = api.batch(asked, permissions.USERS)
    return documents.people(one.body for one in answers if one.status == 200)


def _members_of(api: EntraApi, ids: Sequence[str], groups: Sequence[str]) -> set[str]:
    """Which people are in one of the groups, directly or not.

    Where Graph does not tell, they count as in none: shown twice is better than not at all.
    """
    found: set[str] = set()
    for first in range(0, len(groups), BATCH_SIZE):  # one question takes 20 groups, too
        body = {"groupIds": list(groups[first : first + BATCH_SIZE])}
        for start in range(0, len(ids), BATCH_SIZE):
            some = ids[start : start + BATCH_SIZE]
            asked = [
                {
                    "method": "POST",
                    "url": f"/users/{one}/checkMemberGroups",
                    "headers": {"Content-Type": "application/json"},
                    "body": body,
                }
                for one in some
            ]
            answers = api.batch(asked, permissions.GROUPS)
            found |= {
                one
                for one, item in zip(some, answers, strict=True)
                if item.status == 200 and isinstance(item.body, dict) and item.body.get("value")
            }
    return found


def _matching(found: tuple[RemoteIdentity, ...], query: str) -> tuple[RemoteIdentity, ...]:
    """Those whose name or address has the query in it: people asked for by id are not searched."""
    wanted = " ".join(query.split()).casefold()
    return tuple(
        one
        for one in found
        if any(wanted in text.casefold() for text in (one.name, one.email, one.label))
    )


def _written(place: _Place) -> str:
    packed = json.dumps([place.page, place.at, place.within], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode("ascii")


def _read(cursor: str | None) -> _Place:
    """The place of a cursor. It came back from a page, so nothing in it is taken for granted."""
    if cursor is None:
        return _Place()
    try:
        if len(cursor) > 3 * cursors.LONGEST:
            raise ValueError
        page, at, within = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        if not (isinstance(at, int) and 0 <= at <= ASSIGNMENTS):
            raise ValueError
        if not all(one is None or isinstance(one, str) for one in (page, within)):
            raise ValueError
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise cursors.gone() from None
    return _Place(page, at, within)
