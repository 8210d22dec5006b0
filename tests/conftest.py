"""Fixtures that every test may use: settings, a migrated database, the portal, the app."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_urlsafe

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import create_engine
from sqlalchemy.engine.default import DefaultDialect

import config
from config import Settings
from models.db import Database, in_transaction
from services.portal import Portal, open_portal
from tests import postgresql as postgresql_server

OF_A_TEST = ("data_dir", "database_url", "smtp_url")
"""Settings that say where a test has its own files and servers: an app asks for them when used."""


class Clock:
    """Time that tests move by hand."""

    def __init__(self) -> None:
        self.began = self.moment = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.moment

    @property
    def moved(self) -> timedelta:
        return self.moment - self.began

    def forward(self, **span: float) -> datetime:
        self.moment += timedelta(**span)
        return self.moment


def pytest_collection_modifyitems(items):
    """What takes longest begins first: at the end there is something short for each process."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


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


@pytest.fixture(scope="session", autouse=True)
def compiled_statements():
    """Statements are compiled once for a run, though each test has an engine of its own.

    SQLAlchemy keeps what it compiled by dialect; any two of a class count as the same one here.
    """
    shared = partial(create_engine, execution_options={"compiled_cache": {}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.db.create_engine", shared)
        patch.setattr(DefaultDialect, "__hash__", lambda self: hash(type(self)))
        patch.setattr(DefaultDialect, "__eq__", lambda self, other: type(self) is type(other))
        yield


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


@pytest.fixture(scope="session")
def secrets_of_the_run() -> dict[str, str]:
    """The portal's keys, which a trial would make for each folder of data."""
    return {"secret_keys": token_urlsafe(32), "sealing_keys": Fernet.generate_key().decode()}


@pytest.fixture
def settings(tmp_path, database_url, secrets_of_the_run) -> Settings:
    data_dir = tmp_path / "instance"
    return config.load({}, data_dir=data_dir, database_url=database_url, **secrets_of_the_run)


@pytest.fixture
def portal(settings, clock) -> Portal:
    opened = open_portal(settings)
    opened.now = clock
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server for the whole run; whoever asks is skipped where there is none."""
    from models.migrate import upgrade

    programs = postgresql_server.binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: initdb was not found")
    cluster = postgresql_server.Cluster(programs)
    try:
        try:
            cluster.start()
        except postgresql_server.Unavailable as reason:
            pytest.skip(str(reason))
        database = Database(cluster.create(cluster.TEMPLATE))
        upgrade(database)
        database.close()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def any_database_url(request) -> str:
    """A migrated database of the test's own, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database_url")
        return
    cluster = request.getfixturevalue("postgresql")
    url = cluster.lend()
    yield url
    cluster.take_back(url)


@pytest.fixture
def any_portal(tmp_path, any_database_url, clock) -> Portal:
    """The portal, once on SQLite and once on PostgreSQL."""
    settings = config.load({}, data_dir=tmp_path / "instance", database_url=any_database_url)
    opened = open_portal(settings)
    opened.now = clock
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory) -> FileSystemBytecodeCache:
    """Templates are compiled once for a run, though each test has an app of its own."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session")
def apps() -> dict[Settings, Flask]:
    """Every app that was made, by its settings, without where each test keeps its own data."""
    return {}


@pytest.fixture
def app(settings, portal, apps, compiled_templates) -> Flask:
    """The portal's app, on the test's own portal and clock.

    Tests with the same settings have the same app, one after the other: it keeps nothing itself.
    """
    from app import create_app

    alike = settings.model_copy(update=dict.fromkeys(OF_A_TEST))
    if alike not in apps:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("blueprints.context.open_now", lambda app: None)
            apps[alike] = create_app(settings)
        apps[alike].jinja_env.bytecode_cache = compiled_templates
    made = apps[alike]
    made.testing = True
    made.config["LATCHKEY"] = settings
    made.extensions["portal"] = portal
    yield made
    del made.extensions["portal"]


@pytest.fixture
def client(app) -> FlaskClient:
    """A browser without script, at the configured origin."""
    return app.test_client()
