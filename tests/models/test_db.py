"""`read()` and `write()`: what commits, what does not, and how writers wait for each other."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from models import Person
from models.db import Database, in_transaction

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def person(name: str, **more) -> Person:
    return Person(
        **{
            "email": f"{name}@example.com",
            "display_name": name,
            "user_handle": name.encode(),
            "created_at": NOW,
            **more,
        }
    )


@pytest.fixture
def database(database_url):
    opened = Database(database_url)
    yield opened
    opened.close()


def names(database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Person.display_name).order_by(Person.id)))


def test_a_write_commits_and_a_read_does_not(database):
    with database.write() as session:
        session.add(person("kept"))
    with database.read() as session:
        session.add(person("lost"))
        session.flush()
    assert names(database) == ["kept"]


def test_an_exception_rolls_the_write_back(database):
    with pytest.raises(RuntimeError), database.write() as session:
        session.add(person("lost"))
        session.flush()
        raise RuntimeError
    assert names(database) == []


def test_a_moment_comes_back_in_utc_and_a_naive_one_is_refused(database):
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
    with database.write() as session:
        session.add(person("a", created_at=elsewhere))
    with database.read() as session:
        assert session.scalar(select(Person.created_at)) == NOW
    with pytest.raises(StatementError, match="time zone"), database.write() as session:
        session.add(person("b", created_at=NOW.replace(tzinfo=None)))


def test_writers_that_read_first_take_turns_instead_of_failing(database):
    """Without BEGIN IMMEDIATE the second of two would fail with "database is locked"."""
    start = threading.Barrier(4)
    failures = []

    def count_and_add(number: int) -> None:
        try:
            start.wait(timeout=10)
            with database.write() as session:
                seen = len(list(session.scalars(select(Person.id))))
                session.add(person(f"{seen}"))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=count_and_add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failures == []
    assert names(database) == ["0", "1", "2", "3"]


def test_an_open_transaction_is_known_in_its_own_context_only(database):
    seen_elsewhere = []
    assert not in_transaction()
    with database.read():
        assert in_transaction()
        thread = threading.Thread(target=lambda: seen_elsewhere.append(in_transaction()))
        thread.start()
        thread.join(timeout=10)
    assert not in_transaction()
    assert seen_elsewhere == [False]
