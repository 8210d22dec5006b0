"""Bring a database to the newest schema.

SQLite changes a table by making a new one and dropping the old; where others refer to it, that
works only without the enforcement of foreign keys, which can be left out only outside a transaction
(https://www.sqlite.org/lang_altertable.html#otheralter). What then refers to nothing is found
before anything is committed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from models.db import Database

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply every migration up to `revision`."""
    with _changing(database) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take migrations back, down to `revision`."""
    with _changing(database) as connection:
        command.downgrade(_config(connection), revision)


class Dangling(RuntimeError):
    """A migration left rows that refer to nothing. It was taken back."""


@contextmanager
def _changing(database: Database) -> Iterator[Connection]:
    """One transaction that may change every table."""
    sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.connect() as connection:
        if sqlite:
            _enforce(connection, "OFF")
        try:
            with connection.begin():
                yield connection
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise Dangling("rows refer to what is not there")
        finally:
            if sqlite:
                _enforce(connection, "ON")


def _enforce(connection: Connection, word: str) -> None:
    cursor = connection.connection.cursor()  # past SQLAlchemy, which would begin a transaction
    cursor.execute(f"PRAGMA foreign_keys = {word}")
    cursor.close()


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
