"""Where a test's world was after its first steps, to begin there the next time.

What is kept is all that the steps left behind: the database, the time, the browser's cookie and
the key in the hand. Only a test that stands exactly where the steps began is put there, so that
nothing it did before is lost.
"""

from __future__ import annotations

import copy
import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import make_url

from services.portal import Portal
from services.sealing import CANARY
from tests.authenticator import SoftwareKey
from tests.conftest import OF_A_TEST
from tests.visitor import Visitor

HOST = "localhost"
FRESH = timedelta(minutes=2)
"""How far back a test may begin: the servers that it runs live in the time of today.

Tokens and assertions that pass between them and the portal are good for a few minutes.
"""


@dataclass(frozen=True)
class Kept:
    """What the steps left behind."""

    database: sqlite3.Connection
    began: datetime
    moment: datetime
    cookie: str
    token: str
    key: SoftwareKey


class Memory:
    """What was kept, by the name of the steps and by what was there before them."""

    def __init__(self) -> None:
        self._kept: dict[object, Kept] = {}

    def walk(self, steps: str, visitor: Visitor, portal: Portal, take: Callable[[], None]) -> None:
        """Bring a visitor, whose browser is new, to where the steps lead.

        Args:
            steps: their name.
            take: takes them, where nobody has been yet.
        """
        address = make_url(portal.settings.database_url.get_secret_value())
        if address.get_backend_name() != "sqlite":
            take()
            return
        with closing(sqlite3.connect(address.database)) as database:
            settings = portal.settings.model_copy(update=dict.fromkeys(OF_A_TEST))
            start = steps, settings, portal.now.moved, _contents(database)
            kept = self._kept.get(start)
            if kept and portal.now.began - kept.began < FRESH:
                kept.database.backup(database)
                portal.now.began, portal.now.moment = kept.began, kept.moment
                _give(visitor, kept)
                return
            take()
            left = sqlite3.connect(":memory:")
            database.backup(left)
        self._kept[start] = Kept(
            left,
            portal.now.began,
            portal.now.moment,
            _cookie(visitor).value,
            visitor.token,
            _copied(visitor.key),
        )


def _contents(database: sqlite3.Connection) -> bytes:
    """A hash of all rows, but for what a seal of the same words makes different each time."""
    rows = hashlib.sha256()
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in database.execute(f"SELECT * FROM {table}"):
            rows.update(repr((table, *row)).encode() if CANARY not in row else b"")
    return rows.digest()


def _give(visitor: Visitor, kept: Kept) -> None:
    name = visitor.client.application.config["SESSION_COOKIE_NAME"]
    visitor.client.set_cookie(name, kept.cookie, domain=HOST, httponly=True, samesite="Lax")
    visitor.token = kept.token
    visitor.key = _copied(kept.key)


def _cookie(visitor: Visitor):
    return visitor.client.get_cookie(
        visitor.client.application.config["SESSION_COOKIE_NAME"], domain=HOST
    )


def _copied(key: SoftwareKey) -> SoftwareKey:
    made = copy.copy(key)
    made.credentials = list(key.credentials)
    return made
