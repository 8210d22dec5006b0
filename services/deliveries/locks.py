"""Named locks with a lease, held across processes.

Ory Network refuses a second concurrent create in a project with 429, so whoever creates holds the
project's lock. A holder that dies loses it when the lease ends.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from models import Lock
from services.deliveries.claims import LEASE
from services.deliveries.upsert import insert


def acquire(session: Session, name: str, *, holder: str, now: datetime) -> bool:
    """Take the lock, unless somebody else holds it. One atomic statement."""
    statement = insert(session, Lock).values(name=_row_name(name), holder=holder, until=now + LEASE)
    taken = session.scalar(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": statement.excluded.holder, "until": statement.excluded.until},
            where=(Lock.until <= now) | (Lock.holder == holder),
        ).returning(Lock.holder)
    )
    return taken == holder


def release(session: Session, name: str, *, holder: str) -> None:
    """Give the lock back; one that was lost meanwhile stays with its new holder."""
    session.execute(delete(Lock).where(Lock.name == _row_name(name), Lock.holder == holder))


def _row_name(name: str) -> str:
    """The name as its column takes it: a long one, from a long address, by its digest."""
    return name if len(name) <= 255 else hashlib.sha256(name.encode()).hexdigest()
