"""Looking at a directory's people and groups, page by page."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from flask import render_template, request, url_for
from flask_login import current_user

from blueprints.context import portal
from blueprints.directory_people.area import (
    FINDS,
    Place,
    added,
    blueprint,
    kept,
    person_of,
    place,
    words,
)
from directories.base import DirectoryError, RemoteIdentity
from models import Directory, Person
from services import directories, people
from services.directories import browsing, identities
from services.directories.browsing import Search
from services.roles import holds_more

COUNTED = 100
"""The most records whose passkeys one request counts."""


class Row(NamedTuple):
    """One record, and what is known of it here."""

    remote: RemoteIdentity
    person: Person | None
    """To whom it is linked."""
    keys: int
    """How many passkeys they have here."""
    locked: bool
    """Whether they may do more than whoever looks."""
    there: int | None
    """How many passkeys the record has there, where that was asked for at once."""


@blueprint.get("")
def index(directory: uuid.UUID) -> str | tuple[str, int]:
    """One page of the directory's people, as it finds them itself."""
    with portal().database.read() as session:
        found = added(directories.by_uuid(session, directory))
    if found.verified_at is None:
        return render_template("directory_people/not_verified.html", directory=found)
    here = place(directory)
    search = here.search
    counted = "count" in request.args
    try:
        page = browsing.people(portal(), found, search, here.cursor(search.key()))
        ids = [one.remote_id for one in page.items]
        counts = browsing.passkey_counts(portal(), found, ids[:COUNTED]) if counted else {}
    except DirectoryError as error:
        return _page(here, search, error=error), 502
    following = here.sealed(search.key(), page.cursor)
    return _page(
        here,
        search,
        rows=_rows(found, page.items, dict(counts)),
        counted=counted,
        counts=_counts_address(found, ids),
        first=here.here(at=None) if "at" in request.args else "",
        next=here.here(at=following) if following else "",
        cut=page.cursor is not None and following is None,
    )


@blueprint.get("/groups")
def groups(directory: uuid.UUID) -> str | tuple[str, int]:
    """One page of the directory's groups, to choose one whose people are looked at."""
    here = place(directory)
    text = words("name")
    key = ["groups", text]
    page, error = None, None
    try:
        page = browsing.groups(portal(), here.directory, text, here.cursor(key))
    except DirectoryError as trouble:
        error = trouble
    following = here.sealed(key, page.cursor) if page else None
    own = {"directory": directory, "name": text or None, "for": request.args.get("for") or None}
    body = render_template(
        "directory_people/groups.html",
        directory=here.directory,
        able=here.able.lists_groups,
        text=text,
        error=error,
        rows=[(one, _members(here, one.remote_id, one.name)) for one in page.items] if page else [],
        whom=request.args.get("for", ""),
        first=url_for(".groups", **own) if "at" in request.args else "",
        next=url_for(".groups", **own, at=following) if following else "",
    )
    return (body, 502) if error else body


@blueprint.get("/counts")
def counts(directory: uuid.UUID) -> str:
    """How many passkeys the records of a page have there, for its script to put in place."""
    here = place(directory)
    ids = browsing.opened(portal(), here.directory, "records", request.args.get("of", "")) or []
    found = browsing.passkey_counts(portal(), here.directory, ids)
    return render_template("directory_people/_counts.html", counts=[found.get(one) for one in ids])


def _members(here: Place, remote_id: str, name: str) -> str:
    sealed = browsing.seal(portal(), here.directory, "group", [remote_id, name])
    whom = request.args.get("for") or None
    return url_for(".index", directory=here.directory.uuid, **{"in": sealed, "for": whom})


def _counts_address(directory: Directory, ids: list[str]) -> str:
    """Where the numbers of this page's records come from; only of these, and only from there."""
    sealed = browsing.seal(portal(), directory, "records", ids[:COUNTED]) if ids else None
    return url_for(".counts", directory=directory.uuid, of=sealed) if sealed else ""


def _rows(
    directory: Directory, records: tuple[RemoteIdentity, ...], counts: dict[str, int | None]
) -> list[Row]:
    with portal().database.read() as session:
        owners = identities.linked(session, directory, [one.remote_id for one in records])
        keys = people.passkey_counts(session, owners.values())
    rows = []
    for one in records:
        owner = owners.get(one.remote_id)
        rows.append(
            Row(
                one,
                owner,
                keys.get(owner.id, 0) if owner else 0,
                locked=owner is not None and holds_more(owner, current_user.person),
                there=counts.get(one.remote_id),
            )
        )
    return rows


def _page(here: Place, search: Search, *, error: DirectoryError | None = None, **more: Any) -> str:
    whom = person_of(request.args.get("for", ""))
    everyone = {"at": None, "assigned": None, "in": None}
    views = [("Everyone", here.here(**everyone), not search.assigned and search.group is None)]
    if here.able.lists_assigned:
        assigned = here.here(**(everyone | {"assigned": 1}))
        views.append(("Assigned to the application", assigned, search.assigned))
    if search.group is not None:
        views.append((f"In {search.group.name}", here.here(at=None), True))
    return render_template(
        "directory_people/index.html",
        directory=here.directory,
        able=here.able,
        finds=FINDS.get(here.directory.type, ""),
        search=search,
        whom=whom,
        views=views,
        kept=kept(),
        error=error,
        **more,
    )
