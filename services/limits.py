"""Counters of the rate limits in our own database, for web processes that share no Redis.

A storage of the `limits` library (https://limits.readthedocs.io/en/stable/custom-storage.html),
which has none for SQL. docs/decisions/0005-rate-limits.md says why it is ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from limits.storage import Storage
from sqlalchemy import case, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import LimitCounter
from services.deliveries.upsert import insert
from services.portal import Portal

SCHEME = "latchkey"


class DatabaseCounters(Storage):
    """Fixed windows, one row a key, counted by one atomic statement.

    Args:
        uri: `latchkey://`; it says nothing more.
        portal: gives the running portal, which is opened after the limiter is made.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 -- declared so by the library

    def __init__(self, uri: str, *, portal: Callable[[], Portal], **options: Any) -> None:
        super().__init__(uri, **options)
        self._portal = portal

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong when the database is asked."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and say how many there are in the window that this one is in.

        Args:
            expiry: how long a window lasts, in seconds.
        """
        now = self._portal().now()
        with self._portal().database.write() as session:
            fresh = insert(session, LimitCounter).values(
                key_hash=_digest(key), count=amount, expires_at=now + timedelta(seconds=expiry)
            )
            over = LimitCounter.expires_at <= now
            counted = fresh.on_conflict_do_update(
                index_elements=["key_hash"],
                set_={
                    "count": case((over, amount), else_=LimitCounter.count + amount),
                    "expires_at": case(
                        (over, fresh.excluded.expires_at), else_=LimitCounter.expires_at
                    ),
                },
            ).returning(LimitCounter.count)
            return session.scalars(counted).one()

    def get(self, key: str) -> int:
        """How many there are in the window that is open now."""
        row = self._row(key)
        return 0 if row is None or row.expires_at <= self._portal().now() else row.count

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970."""
        row = self._row(key)
        return (self._portal().now() if row is None else row.expires_at).timestamp()

    def check(self) -> bool:
        """Whether the database answers."""
        try:
            self._row("")
        except SQLAlchemyError:
            return False
        return True

    def reset(self) -> int | None:
        """Forget every counter; how many there were."""
        with self._portal().database.write() as session:
            return len(session.scalars(delete(LimitCounter).returning(LimitCounter.id)).all())

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._portal().database.write() as session:
            session.execute(delete(LimitCounter).where(LimitCounter.key_hash == _digest(key)))

    def _row(self, key: str) -> LimitCounter | None:
        with self._portal().database.read() as session:
            return session.scalar(select(LimitCounter).where(LimitCounter.key_hash == _digest(key)))


def purge(session: Session, *, now: datetime) -> int:
    """Delete the counters whose window has ended; how many there were."""
    ended = delete(LimitCounter).where(LimitCounter.expires_at <= now).returning(LimitCounter.id)
    return len(session.scalars(ended).all())


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
