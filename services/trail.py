"""Reading the audit trail."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import AuditEvent, Directory, Passkey
from services.audit import Tag
from services.paging import Slice, newest_first


def events(
    session: Session,
    *,
    tag: Tag | None = None,
    older: uuid.UUID | None = None,
    newer: uuid.UUID | None = None,
) -> Slice[AuditEvent]:
    """One page of events, newest first.

    Args:
        tag: only events of this kind.
        older: the page after this event; `newer`: the page before it.
    """
    statement = select(AuditEvent).options(
        joinedload(AuditEvent.actor), joinedload(AuditEvent.person)
    )
    if tag is not None:
        statement = statement.where(AuditEvent.tag == tag.value)
    return newest_first(session, statement, AuditEvent, older=older, newer=newer)


def directories_of(session: Session, shown: tuple[AuditEvent, ...]) -> dict[int, Directory]:
    """The directories that the events name, by their key."""
    keys = {event.directory_id for event in shown if event.directory_id is not None}
    rows = session.scalars(select(Directory).where(Directory.id.in_(keys))) if keys else ()
    return {row.id: row for row in rows}


def passkeys_of(session: Session, shown: tuple[AuditEvent, ...]) -> dict[int, Passkey]:
    """The passkeys that the events name, by their key."""
    keys = {event.passkey_id for event in shown if event.passkey_id is not None}
    rows = session.scalars(select(Passkey).where(Passkey.id.in_(keys))) if keys else ()
    return {row.id: row for row in rows}
