"""Sessions with the database: `read()` to look, `write()` to change, and nothing else.

SQLite begins every write with ``BEGIN IMMEDIATE``: a read that turns into a write fails at once
when another writer came between (https://www.sqlite.org/lang_transaction.html), so writes take
their place in the queue before they read. PostgreSQL needs no such care.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

BUSY_TIMEOUT_MS = 15_000

_open: ContextVar[int] = ContextVar("open_transactions", default=0)


def in_transaction() -> bool:
    """Whether the current context has a transaction open; no remote call may be made then."""
    return _open.get() > 0


class Database:
    """One database. Make one for each process; it is safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_pre_ping=not url.startswith("sqlite"),
            hide_parameters=True,  # an error that is logged must not carry what was stored
        )
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for looking only: whatever it did is rolled back.

        What was loaded can still be read after it.
        """
        with self._counted(), self._sessions() as session:
            yield session
            session.expunge_all()  # a rollback would expire what was loaded
            session.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back on an exception."""
        with self._counted(), self._sessions() as session:
            session.connection(execution_options={"latchkey_write": True})
            yield session
            session.commit()

    @staticmethod
    @contextmanager
    def _counted() -> Iterator[None]:
        token = _open.set(_open.get() + 1)
        try:
            yield
        finally:
            _open.reset(token)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    write = connection.get_execution_options().get("latchkey_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
