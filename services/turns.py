"""Taking turns where what is counted or looked for are rows that others may be writing right now.

A row can be locked, but not one that is not committed yet: on PostgreSQL two transactions that
count and then add would both count without the other. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def take(session: Session, subject: str) -> None:
    """Wait until nobody else has the turn for a subject, and keep it until the transaction ends.

    Args:
        subject: what must happen one after the other, as `sign-up ada@example.com`.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    # https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS
    number = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big", signed=True)
    session.execute(select(func.pg_advisory_xact_lock(number)))
