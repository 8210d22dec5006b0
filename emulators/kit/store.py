"""What an emulator keeps: JSON documents and unique claims, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
    kind TEXT NOT NULL, value TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS claims_by_owner ON claims (owner);
"""

Claim = tuple[str, str]


class Taken(Exception):
    """A unique value belongs to another owner."""


class Store:
    """Documents by kind and id, and values that only one owner may hold.

    Values are JSON text in ASCII, so that identifiers which are not UTF-8 (carried as lone
    surrogates) survive.

    Args:
        path: the file, made readable by its owner only; None keeps everything in memory.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(
            ":memory:" if path is None else path, check_same_thread=False, isolation_level=None
        )
        self._connection.executescript(TABLES)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one at a time; one within another undoes only itself."""
        with self._lock:
            name = f"depth_{self._depth}"
            self._connection.execute(f"SAVEPOINT {name}" if self._depth else "BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth:
                    self._connection.execute(f"ROLLBACK TO {name}")
                    self._connection.execute(f"RELEASE {name}")
                else:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            self._connection.execute(f"RELEASE {name}" if self._depth else "COMMIT")

    def get(self, kind: str, document_id: str) -> dict[str, Any] | None:
        """A document, freshly parsed, or None."""
        with self._lock:
            row = self._connection.execute(
                "SELECT body FROM documents WHERE kind = ? AND id = ?", (kind, document_id)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, document_id: str, body: dict[str, Any]) -> None:
        """Write a document whole."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)",
                (kind, document_id, json.dumps(body)),
            )

    def delete(self, kind: str, document_id: str) -> None:
        """Remove a document and every claim of its id."""
        with self.transaction():
            self._connection.execute(
                "DELETE FROM documents WHERE kind = ? AND id = ?", (kind, document_id)
            )
            self._connection.execute("DELETE FROM claims WHERE owner = ?", (document_id,))

    def clear(self) -> None:
        """Remove everything."""
        with self.transaction():
            self._connection.execute("DELETE FROM documents")
            self._connection.execute("DELETE FROM claims")

    def all(self, kind: str, *, after: str = "") -> Iterable[dict[str, Any]]:
        """Every document of a kind in the order of ids, from behind `after`."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT body FROM documents WHERE kind = ? AND id > ? ORDER BY id", (kind, after)
            ).fetchall()
        return (json.loads(row[0]) for row in rows)

    def items(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Every document of a kind with its id."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, body FROM documents WHERE kind = ? ORDER BY id", (kind,)
            ).fetchall()
        return [(row[0], json.loads(row[1])) for row in rows]

    def claim(self, owner: str, claims: Iterable[Claim]) -> None:
        """Make these the owner's claims, and only these.

        Raises:
            Taken: when another owner holds one; nothing is changed then.
        """
        with self.transaction():
            self._connection.execute("DELETE FROM claims WHERE owner = ?", (owner,))
            for kind, value in sorted(set(claims)):
                try:
                    self._connection.execute(
                        "INSERT INTO claims VALUES (?, ?, ?)", (kind, json.dumps(value), owner)
                    )
                except sqlite3.IntegrityError as error:
                    raise Taken(kind) from error

    def owner(self, kind: str, value: str) -> str | None:
        """Who holds a unique value."""
        with self._lock:
            row = self._connection.execute(
                "SELECT owner FROM claims WHERE kind = ? AND value = ?", (kind, json.dumps(value))
            ).fetchone()
        return row[0] if row else None
