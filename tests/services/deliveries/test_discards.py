"""Taking back what directories began: once, again with pauses, and not for ever."""

from __future__ import annotations

import secrets
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from directories.base import Refused, Transient
from models import AuditEvent, Challenge, Directory, DirectoryType
from services.deliveries import discards, jobs

REMOTE = {"device": "device-1"}


class Left:
    """Registrations that nobody finished."""

    def __init__(self, world, fake) -> None:
        self.world, self.fake, self.portal = world, fake, world.portal
        self.directory = world.directory(type=DirectoryType.PINGONE)

    def add(self, **more) -> int:
        with self.portal.database.write() as session:
            person = self.world.records(session).person()
            row = Challenge(
                **{
                    "challenge": secrets.token_bytes(32),
                    "purpose": "enrol",
                    "person_id": person.id,
                    "session_hash": secrets.token_bytes(32),
                    "rp_id": "example.com",
                    "origins": ["https://example.com"],
                    "directory_id": self.directory,
                    "options": {},
                    "remote": {"identity": "remote-1", "begun": REMOTE, "leaves": "device-1"},
                    "created_at": self.portal.now(),
                    "expires_at": self.portal.now(),
                    "discard_at": self.portal.now(),
                    **more,
                }
            )
            session.add(row)
            session.flush()
            return row.id

    def row(self, key: int) -> Challenge:
        with self.portal.database.read() as session:
            return session.get_one(Challenge, key)

    def work(self, **more) -> int:
        return discards.work(self.portal, worker="worker", **more)

    def next_due(self):
        with self.portal.database.read() as session:
            return discards.next_due(session)

    def told(self) -> list[AuditEvent]:
        with self.portal.database.read() as session:
            wanted = select(AuditEvent).where(AuditEvent.tag == "registration.left")
            return list(session.scalars(wanted))


@pytest.fixture
def left(world, fake) -> Left:
    return Left(world, fake)


def test_a_worker_looks_after_them():
    assert discards.work in [job.work for job in jobs.JOBS]


def test_each_is_taken_back_once(left):
    keys = [left.add(), left.add()]
    left.add(discard_at=None)
    assert left.next_due() == left.portal.now()
    assert left.work() == 2 and left.work() == 0
    assert left.fake.discarded == [("remote-1", REMOTE)] * 2
    assert [left.row(key).discard_at for key in keys] == [None, None]
    assert left.next_due() is None and left.told() == []


def test_what_is_not_due_waits(left):
    left.add(discard_at=left.portal.now() + timedelta(seconds=1))
    assert left.work() == 0
    left.portal.now.forward(seconds=1)
    assert left.work() == 1


def test_a_worker_that_stops_begins_nothing_more(left):
    left.add()
    assert left.work(stopping=lambda: True) == 0


@pytest.mark.parametrize(
    "trouble",
    [
        Transient("Not now.", code="fake.busy"),
        Refused("Never.", code="fake.no"),
        RuntimeError("a bug"),
    ],
)
def test_what_fails_is_tried_again_after_a_pause(left, trouble):
    key = left.add()
    left.fake.before["discard"].append(trouble)
    assert left.work() == 1
    assert left.row(key).discard_at > left.portal.now() and left.told() == []
    left.portal.now.forward(minutes=1)
    assert left.work() == 1 and left.row(key).discard_at is None


def test_a_pause_that_the_directory_names_is_kept(left):
    key = left.add()
    left.fake.before["discard"].append(Transient("Wait.", code="fake.busy", retry_after=600))
    left.work()
    assert left.row(key).discard_at >= left.portal.now() + timedelta(seconds=600)


def test_after_a_day_it_is_given_up_and_told(left):
    key = left.add()
    left.portal.now.forward(days=1)
    left.fake.before["discard"].append(
        Refused("Never.", code="fake.no", said="Forbidden", request_id="req-1")
    )
    assert left.work() == 1 and left.row(key).discard_at is None
    [event] = left.told()
    assert event.directory_id == left.directory and event.person_id == left.row(key).person_id
    assert event.detail == {
        "identity": "remote-1",
        "left": "device-1",
        "code": "fake.no",
        "reason": "Never.",
        "said": "Forbidden",
        "request_id": "req-1",
    }


def test_one_that_works_after_a_day_is_not_told_of(left):
    left.add()
    left.portal.now.forward(days=2)
    assert left.work() == 1 and left.told() == []


def test_a_directory_that_was_deleted_is_not_asked(left):
    key = left.add()
    with left.portal.database.write() as session:
        session.get_one(Directory, left.directory).ended_at = left.portal.now()
    assert left.work() == 1 and left.fake.calls == []
    assert left.row(key).discard_at is None
    assert left.told()[0].detail["code"] == "directory.ended"


def test_a_worker_that_died_costs_a_pause(left):
    key = left.add()

    def die() -> None:
        raise KeyboardInterrupt

    left.fake.before["discard"].append(die)
    with pytest.raises(KeyboardInterrupt):
        left.work()
    assert left.work() == 0
    left.portal.now.forward(seconds=discards.LEASE.total_seconds())
    assert left.work() == 1 and left.row(key).discard_at is None


def test_of_several_workers_each_takes_its_own(left):
    keys = [left.add() for _ in range(6)]
    threads = [threading.Thread(target=left.work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(left.fake.discarded) == 6
    assert [left.row(key).discard_attempts for key in keys] == [1] * 6


def test_a_worker_that_was_too_slow_leaves_it_to_the_next(left):
    key = left.add()

    def another_has_it() -> None:
        left.portal.now.forward(seconds=discards.LEASE.total_seconds())
        left.work()
        with left.portal.database.write() as session:
            session.get_one(Challenge, key).discard_at = left.portal.now() + timedelta(hours=1)

    left.fake.before["discard"].append(another_has_it)
    left.work()
    assert left.row(key).discard_at == left.portal.now() + timedelta(hours=1)
