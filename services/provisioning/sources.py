"""What a request takes people from: people and groups here, those of directories, and files.

Nothing here calls a directory: whoever picks has just read the record or the group from it. The
worker reads them again when it takes the people in (`gathering`).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from directories import base
from models import Directory, Group, Person, ProvisioningRequest, RequestSource, SourceKind
from services import people_import
from services.provisioning.records import own_draft
from services.refusal import Refusal

MOST_SOURCES = 200
"""What one draft may take people from: more are taken as a group, or from a file."""


def of(session: Session, request: ProvisioningRequest) -> list[RequestSource]:
    """What the request takes people from, in the order in which it was added."""
    return list(
        session.scalars(
            select(RequestSource)
            .where(RequestSource.request_id == request.id)
            .order_by(RequestSource.id)
        )
    )


def current(session: Session, request: ProvisioningRequest) -> RequestSource | None:
    """What the worker goes through now; None when everybody was taken in."""
    return session.scalar(
        select(RequestSource)
        .where(RequestSource.request_id == request.id, RequestSource.done_at.is_(None))
        .order_by(RequestSource.id)
        .limit(1)
    )


def seen(session: Session, request: ProvisioningRequest) -> int:
    """How many people the sources named so far."""
    found = select(func.sum(RequestSource.seen)).where(RequestSource.request_id == request.id)
    return session.scalar(found) or 0


def add_people(
    session: Session, request: ProvisioningRequest, chosen: Collection[Person], *, actor: Person
) -> int:
    """Take these people; those who are among the sources already are passed over.

    Returns:
        How many were added.
    """
    own_draft(session, request, actor)
    known = set(
        session.scalars(
            select(RequestSource.person_id).where(
                RequestSource.request_id == request.id,
                RequestSource.person_id.in_([one.id for one in chosen]),
            )
        )
    )
    fresh = [one for one in chosen if one.id not in known]
    _room(session, request, len(fresh))
    for one in fresh:
        _add(session, request, SourceKind.PERSON, one.display_name, person_id=one.id)
    return len(fresh)


def add_group(
    session: Session, request: ProvisioningRequest, group: Group, *, actor: Person
) -> bool:
    """Take whoever is in a group here once the request is confirmed."""
    own_draft(session, request, actor)
    if _known(session, request, RequestSource.group_id == group.id):
        return False
    _room(session, request, 1)
    _add(session, request, SourceKind.GROUP, group.name, group_id=group.id)
    return True


def add_record(
    session: Session,
    request: ProvisioningRequest,
    directory: Directory,
    remote: base.RemoteIdentity,
    *,
    actor: Person,
) -> bool:
    """Take the person of a directory's record."""
    own_draft(session, request, actor)
    return _add_remote(
        session,
        request,
        SourceKind.RECORD,
        directory,
        remote.remote_id,
        remote.name or remote.label,
    )


def add_directory_group(
    session: Session,
    request: ProvisioningRequest,
    directory: Directory,
    group: base.Group,
    *,
    actor: Person,
) -> bool:
    """Take whoever is in a directory's group once the request is confirmed."""
    own_draft(session, request, actor)
    return _add_remote(
        session, request, SourceKind.DIRECTORY_GROUP, directory, group.remote_id, group.name
    )


def add_file(
    session: Session, request: ProvisioningRequest, text: str, *, actor: Person
) -> list[people_import.Row]:
    """Take the people of a CSV file; those who are nobody here yet are added with the request.

    Raises:
        Refusal: as `people_import.look`.

    Returns:
        Its rows as they were judged; the file is added where any of them has no problem.
    """
    own_draft(session, request, actor)
    rows = people_import.look(session, text, here=True)
    good = sum(not row.problem for row in rows)
    if good:
        _room(session, request, 1)
        named = f"A file of {good} {'person' if good == 1 else 'people'}"
        _add(session, request, SourceKind.FILE, named, content=text)
    return rows


def remove(
    session: Session, request: ProvisioningRequest, name: uuid.UUID, *, actor: Person
) -> None:
    """Take no people from there; nothing happens when it is gone already."""
    own_draft(session, request, actor)
    session.execute(
        delete(RequestSource).where(
            RequestSource.request_id == request.id, RequestSource.uuid == name
        )
    )


def _room(session: Session, request: ProvisioningRequest, more: int) -> None:
    count = session.scalar(
        select(func.count())
        .select_from(RequestSource)
        .where(RequestSource.request_id == request.id)
    )
    if (count or 0) + more > MOST_SOURCES:
        raise Refusal(
            "request_full",
            f"A request takes people from at most {MOST_SOURCES} places. "
            "Take a group, or a file, for more.",
        )


def _add_remote(
    session: Session,
    request: ProvisioningRequest,
    kind: SourceKind,
    directory: Directory,
    remote_id: str,
    name: str,
) -> bool:
    same = (
        RequestSource.kind == kind,
        RequestSource.directory_id == directory.id,
        RequestSource.remote_id == remote_id,
    )
    if _known(session, request, *same):
        return False
    _room(session, request, 1)
    _add(session, request, kind, name, directory_id=directory.id, remote_id=remote_id)
    return True


def _known(session: Session, request: ProvisioningRequest, *same: ColumnElement[bool]) -> bool:
    found = select(RequestSource.id).where(RequestSource.request_id == request.id, *same)
    return session.scalar(found.limit(1)) is not None


def _add(
    session: Session, request: ProvisioningRequest, kind: SourceKind, name: str, **more: Any
) -> None:
    session.add(RequestSource(request_id=request.id, kind=kind, name=name[:256], **more))
    session.flush()
