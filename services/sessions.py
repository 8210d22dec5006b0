"""Signed-in browsers: opened at sign-in, looked up on every request, ended for good.

The browser's cookie holds a random id; its row holds only the SHA-256, so that nobody who reads
the database can take a session over. A session ends when its person signs out, when it was not
used for a while, when it is old, and when the passkey that opened it is ended.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session as Database

from models import Passkey, Person, Session
from services import audit
from services.portal import Portal
from services.refusal import Refusal
from services.standing import SUSPENDED, is_active

IDLE = timedelta(hours=2)
"""How long a session lives without being used."""
ABSOLUTE = timedelta(hours=12)
"""How long a session lives at most: about a working day."""
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept, so that reading pages does not write each time."""
AGENT_LENGTH = 256


def digest(token: str) -> bytes:
    """SHA-256 of a secret id: what rows hold instead of it."""
    return hashlib.sha256(token.encode()).digest()


def open_session(
    session: Database, *, person_id: int, passkey_id: int, user_agent: str, now: datetime
) -> tuple[str, Session]:
    """Open a session for a person who has just signed in with a passkey.

    Raises:
        Refusal: `person_suspended`, when they were suspended since.

    Returns:
        The secret id for the browser's cookie, and the row.
    """
    if not is_active(session, person_id):
        raise Refusal("person_suspended", SUSPENDED)
    token = secrets.token_urlsafe(32)
    opened = Session(
        token_hash=digest(token),
        person=session.get_one(Person, person_id),
        passkey_id=passkey_id,
        user_agent="".join(filter(str.isprintable, user_agent))[:AGENT_LENGTH],
        created_at=now,
        last_seen_at=now,
        expires_at=now + ABSOLUTE,
    )
    session.add(opened)
    session.flush()
    audit.record(
        session,
        audit.Tag.SESSION_OPENED,
        now=now,
        actor=opened.person,
        person=opened.person,
        passkey=session.get_one(Passkey, passkey_id),
    )
    return token, opened


def look_up(portal: Portal, token: str) -> Session | None:
    """The live session of a cookie's id, with its person; None when there is none (any more)."""
    now = portal.now()
    live = (
        select(Session)
        .join(Passkey, Passkey.id == Session.passkey_id)
        .join(Person, Person.id == Session.person_id)
        .where(
            Session.token_hash == digest(token),
            Person.suspended_at.is_(None),
            Person.ended_at.is_(None),
            *_live(now),
        )
    )
    with portal.database.read() as session:
        found = session.scalar(live)
    if found is not None and found.last_seen_at <= now - SEEN_EVERY:
        with portal.database.write() as session:
            session.execute(update(Session).where(Session.id == found.id).values(last_seen_at=now))
    return found


def is_live(session: Database, session_id: int, *, now: datetime) -> bool:
    """Whether a session's browser is still signed in, and its person may be."""
    live = (
        select(Session.id)
        .join(Passkey, Passkey.id == Session.passkey_id)
        .join(Person, Person.id == Session.person_id)
        .where(
            Session.id == session_id,
            Person.suspended_at.is_(None),
            Person.ended_at.is_(None),
            *_live(now),
        )
    )
    return session.scalar(live) is not None


def end(session: Database, token: str, *, now: datetime) -> None:
    """Sign the browser out; nothing happens when its session is over already."""
    found = session.scalar(
        select(Session).where(Session.token_hash == digest(token), Session.ended_at.is_(None))
    )
    if found is not None:
        found.ended_at = now
        _record_end(session, found, now=now)


def end_opened_by(session: Database, passkey: Passkey, *, now: datetime) -> int:
    """End every session that a passkey opened, because the passkey itself is ended.

    Returns:
        How many there were.
    """
    return len(
        session.scalars(
            update(Session)
            .where(Session.passkey_id == passkey.id, Session.ended_at.is_(None))
            .values(ended_at=now)
            .returning(Session.id)
        ).all()
    )


@dataclass(frozen=True)
class Signed:
    """A live session, for its person's page."""

    session: Session
    passkey: Passkey
    """The one that opened it."""


def of_person(session: Database, person_id: int, *, now: datetime) -> list[Signed]:
    """The person's live sessions, the one used last first."""
    rows = session.execute(
        select(Session, Passkey)
        .join(Passkey, Passkey.id == Session.passkey_id)
        .where(Session.person_id == person_id, *_live(now))
        .order_by(Session.last_seen_at.desc(), Session.id.desc())
    )
    return [Signed(opened, passkey) for opened, passkey in rows]


def end_one(
    session: Database,
    person: Person,
    address: uuid.UUID,
    *,
    now: datetime,
    actor: Person | None = None,
) -> bool:
    """End one of the person's sessions, wherever its browser is.

    Args:
        actor: who ends it, where it is not the person.

    Returns:
        Whether there is such a session of theirs, ended just now or before.
    """
    found = session.scalar(
        select(Session).where(Session.uuid == address, Session.person_id == person.id)
    )
    if found is None:
        return False
    if found.ended_at is None:
        found.ended_at = now
        _record_end(session, found, now=now, actor=actor)
    return True


def end_all(session: Database, person: Person, *, actor: Person | None, now: datetime) -> int:
    """End every session of the person, because they may not get in any more.

    Returns:
        How many there were.
    """
    ended = list(
        session.scalars(
            select(Session).where(Session.person_id == person.id, Session.ended_at.is_(None))
        )
    )
    for one in ended:
        one.ended_at = now
        _record_end(session, one, now=now, actor=actor)
    return len(ended)


def end_others(session: Database, kept: Session, *, now: datetime) -> int:
    """End every live session of a person except the one they ask from.

    Returns:
        How many there were.
    """
    others = [
        one.session
        for one in of_person(session, kept.person_id, now=now)
        if one.session.id != kept.id
    ]
    for one in others:
        one.ended_at = now
        _record_end(session, one, now=now)
    return len(others)


def _live(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a live session, in a query that joins its passkey."""
    return (
        Session.ended_at.is_(None),
        Session.expires_at > now,
        Session.last_seen_at > now - IDLE,
        Passkey.ended_at.is_(None),
    )


def _record_end(
    session: Database, ended: Session, *, now: datetime, actor: Person | None = None
) -> None:
    """Note the end of a session: by its own person, where nobody else is named."""
    audit.record(
        session,
        audit.Tag.SESSION_ENDED,
        now=now,
        actor=actor or ended.person,
        person=ended.person,
        ended=str(ended.uuid),
    )
