"""`flask database upgrade`, as a newcomer runs it: on nothing, and again on what is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect

from models import Base, Person
from models.db import Database

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_url(request, tmp_path):
    """A database without any table; on SQLite not even a file or its folder."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'instance' / 'latchkey.db'}"
        return
    cluster = request.getfixturevalue("postgresql")
    url = cluster.create("empty")
    yield url
    cluster.drop(url)


def upgrade(tmp_path, url) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "database", "upgrade"],
        cwd=ROOT,
        env={
            **os.environ,
            "LATCHKEY_DATA_DIR": str(tmp_path / "instance"),
            "LATCHKEY_DATABASE_URL": url,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_empty_database_is_filled_and_a_second_start_keeps_the_data(tmp_path, empty_url, clock):
    first = upgrade(tmp_path, empty_url)
    assert first.returncode == 0, first.stderr
    assert "up to date" in first.stdout
    database = Database(empty_url)
    try:
        assert set(inspect(database.engine).get_table_names()) >= set(Base.metadata.tables)
        with database.write() as session:
            session.add(
                Person(
                    email="ada@example.com",
                    display_name="Ada",
                    user_handle=b"handle",
                    created_at=clock(),
                )
            )
        again = upgrade(tmp_path, empty_url)
        assert again.returncode == 0, again.stderr
        with database.read() as session:
            assert session.query(Person).count() == 1
    finally:
        database.close()
