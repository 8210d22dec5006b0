"""Counters that processes share, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from models import LimitCounter
from services.limits import DatabaseCounters, purge


@pytest.fixture
def counters(any_portal):
    return DatabaseCounters("latchkey://", portal=lambda: any_portal)


def test_counting_says_how_many_there_are(counters, clock):
    assert [counters.incr("a key", 60) for _ in range(3)] == [1, 2, 3]
    assert counters.incr("another", 60, amount=5) == 5
    assert counters.get("a key") == 3 and counters.get("nobody's") == 0
    assert counters.get_expiry("a key") == clock().timestamp() + 60


def test_a_window_does_not_move_and_ends(counters, clock):
    counters.incr("a key", 60)
    clock.forward(seconds=59)
    assert counters.incr("a key", 60) == 2
    clock.forward(seconds=1)
    assert counters.get("a key") == 0
    assert counters.incr("a key", 60) == 1
    assert counters.get_expiry("a key") == clock().timestamp() + 60


def test_many_at_once_are_all_counted(counters):
    with ThreadPoolExecutor(8) as pool:
        counted = list(pool.map(lambda _: counters.incr("a key", 60), range(24)))
    assert sorted(counted) == list(range(1, 25))


def test_two_processes_count_together(counters, any_portal):
    other = DatabaseCounters("latchkey://", portal=lambda: any_portal)
    assert [counters.incr("a key", 60), other.incr("a key", 60)] == [1, 2]


def test_no_key_is_kept_in_words(counters, any_portal):
    counters.incr("address 192.0.2.7", 60)
    with any_portal.database.read() as session:
        row = session.scalars(select(LimitCounter)).one()
    assert len(row.key_hash) == 32 and b"192" not in row.key_hash


def test_only_what_has_ended_is_purged(counters, any_portal, clock):
    counters.incr("short", 60)
    counters.incr("long", 3600)
    clock.forward(seconds=60)
    with any_portal.database.write() as session:
        assert purge(session, now=clock()) == 1
    assert counters.get("long") == 1


def test_counters_can_be_forgotten(counters):
    for key in ("one", "two"):
        counters.incr(key, 60)
    counters.clear("one")
    assert counters.get("one") == 0 and counters.get("two") == 1
    assert counters.reset() == 1
    assert counters.get("two") == 0


def test_it_says_whether_the_database_answers(counters, any_portal):
    assert counters.check()
    any_portal.close()
    with any_portal.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE limit_counters")
    assert not counters.check()
