"""Signed-in browsers: opened at sign-in, looked up on every request, ended for good.

The browser's cookie holds a random id; its row holds only the SHA-256, so that nobody who reads
the database can take a session over. A session ends when its person signs out, when it was not
used for a while, when it is old, and when the passkey that opened it is ended.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session as Database

from models import Passkey, Person, Session
from services import audit
from services.portal import Portal

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

    Returns:
        The secret id for the browser's cookie, and the row.
    """
    token = secrets.token_urlsafe(32)
    opened = Session(
        token_hash=digest(token),
        person=session.get_one(Person, person_id),
        passkey_id=passkey_id,
        user_agent=user_agent[:AGENT_LENGTH],
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
        .where(
            Session.token_hash == digest(token),
            Session.ended_at.is_(None),
            Session.expires_at > now,
            Session.last_seen_at > now - IDLE,
            Passkey.ended_at.is_(None),
        )
    )
    with portal.database.read() as session:
        found = session.scalar(live)
    if found is not None and found.last_seen_at <= now - SEEN_EVERY:
        with portal.database.write() as session:
            session.execute(update(Session).where(Session.id == found.id).values(last_seen_at=now))
    return found


def end(session: Database, token: str, *, now: datetime) -> None:
    """Sign the browser out; nothing happens when its session is over already."""
    found = session.scalar(
        select(Session).where(Session.token_hash == digest(token), Session.ended_at.is_(None))
    )
    if found is not None:
        found.ended_at = now
        audit.record(
            session, audit.Tag.SESSION_ENDED, now=now, actor=found.person, person=found.person
        )


def end_opened_by(session: Database, passkey: Passkey, *, now: datetime) -> None:
    """End every session that a passkey opened, because the passkey itself is ended."""
    session.execute(
        update(Session)
        .where(Session.passkey_id == passkey.id, Session.ended_at.is_(None))
        .values(ended_at=now)
    )
