"""Fixtures that every test may use: settings, a migrated database, the portal, the app."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import config
from config import Settings
from models.db import Database, in_transaction
from services.portal import Portal, open_portal


class Clock:
    """Time that tests move by hand."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> datetime:
        self.moment += timedelta(**span)
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def no_remote_call_inside_a_transaction(monkeypatch):
    """Fail any outgoing HTTP request that is made while a transaction is open."""
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def guarded(self, request, *args, **kwargs):
        assert not in_transaction(), f"{request.method} {request.url} inside a transaction"
        return send(self, request, *args, **kwargs)

    monkeypatch.setattr(HTTPAdapter, "send", guarded)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory) -> Path:
    """A SQLite file with every migration applied, copied for each test."""
    from models.migrate import upgrade

    path = tmp_path_factory.mktemp("database") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()  # the last connection to close moves the write-ahead log into the file
    return path


@pytest.fixture
def database_url(tmp_path, migrated_sqlite) -> str:
    path = tmp_path / "latchkey.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def settings(tmp_path, database_url) -> Settings:
    return config.load({}, data_dir=tmp_path / "instance", database_url=database_url)


@pytest.fixture
def portal(settings, clock) -> Portal:
    opened = open_portal(settings)
    opened.now = clock
    yield opened
    opened.close()
