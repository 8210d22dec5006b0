"""Searching people and groups by Graph's own means, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from directories.base import Group, Page, Refused, RemoteIdentity
from directories.entra import documents
from directories.entra.api import PAGE_SIZE, EntraApi, Listing

PEOPLE_FIELDS = ("displayName", "mail", "userPrincipalName")
GROUP_FIELDS = ("displayName",)
_BEGINS = "begins:"
"""Before a cursor of a listing by `$filter`: every page of it is asked for in that way."""

Narrowed = Mapping[str, str]


def people(
    api: EntraApi, query: str, cursor: str | None, *, group: str | None = None
) -> Page[RemoteIdentity]:
    """One page of people, of everybody or of a group.

    Args:
        query: part of a name or address; empty for everyone.
        cursor: from the page before.
        group: the id of a group, whose people are meant.
    """

    def listed(narrowed: Narrowed, cursor: str | None) -> Listing:
        if group is None:
            return api.users(narrowed, cursor, top=PAGE_SIZE)
        return api.members(group, narrowed, cursor, top=PAGE_SIZE)

    found = _searched(listed, PEOPLE_FIELDS, query, cursor)
    return Page(documents.people(found.entries), found.cursor)


def groups(api: EntraApi, query: str, cursor: str | None) -> Page[Group]:
    """One page of groups; arguments as those of `people`."""

    def listed(narrowed: Narrowed, cursor: str | None) -> Listing:
        return api.groups(narrowed, cursor, top=PAGE_SIZE)

    found = _searched(listed, GROUP_FIELDS, query, cursor)
    read = (documents.group(entry) for entry in found.entries)
    return Page(tuple(one for one in read if one is not None), found.cursor)


def search(fields: tuple[str, ...], query: str) -> Narrowed:
    """`$search` for words that begin with the query's (needs ConsistencyLevel and `$count`).

    Each clause is quoted, with quotes and backslashes in it escaped.
    """
    escaped = query.replace("\\", "\\\\").replace('"', '\\"')
    clauses = (f'"{field}:{escaped}"' for field in fields)
    return {"$search": " OR ".join(clauses), "$count": "true"}


def begins(fields: tuple[str, ...], query: str) -> Narrowed:
    """`$filter` for values that begin with the query; a quote in a literal is doubled."""
    literal = query.replace("'", "''")
    return {
        "$filter": " or ".join(f"startswith({field},'{literal}')" for field in fields),
        "$count": "true",
    }


def _searched(
    listed: Callable[[Narrowed, str | None], Listing],
    fields: tuple[str, ...],
    query: str,
    cursor: str | None,
) -> Listing:
    """A page by `$search`, or by `$filter` where a tenant refuses to search."""
    query = " ".join(query.split())
    if not query:
        return listed({}, cursor)
    by_beginning = begins(fields, query)
    if cursor is not None and cursor.startswith(_BEGINS):
        return _marked(listed(by_beginning, cursor.removeprefix(_BEGINS)))
    try:
        return listed(search(fields, query), cursor)
    except Refused:
        if cursor is not None:
            raise
    return _marked(listed(by_beginning, None))


def _marked(found: Listing) -> Listing:
    following = None if found.cursor is None else _BEGINS + found.cursor
    return Listing(found.entries, following)
