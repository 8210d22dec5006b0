"""Claims, leases, fences and locks: who may do what, when several workers want the same."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Delivery, DeliveryState, Lock
from services.deliveries import locks
from services.deliveries.claims import AT_ONCE, LEASE, LostLease, claim, next_due, renew
from services.deliveries.outcomes import Done, Later, Why
from services.deliveries.settlement import settle
from services.deliveries.worker import _claim as claim_until_won

DONE, RUNNING, WAITING = DeliveryState.DONE, DeliveryState.RUNNING, DeliveryState.WAITING


def claimed(world):
    with world.portal.database.write() as session:
        return claim(session, now=world.clock())


def settled(world, held, outcome=None) -> bool:
    outcome = outcome or Done("present")
    with world.portal.database.write() as session:
        return settle(session, held, outcome, facts=None, now=world.clock())


def test_the_delivery_that_is_due_longest_is_claimed_first(world):
    world.directory()
    [first] = world.enrolled()
    world.clock.forward(seconds=1)
    [second] = world.enrolled()
    assert claimed(world).pair.passkey_id == first
    assert claimed(world).pair.passkey_id == second
    assert claimed(world) is None


def test_what_is_not_due_is_not_claimed(world):
    world.directory()
    world.enrolled()
    with world.portal.database.write() as session:
        session.scalars(select(Delivery)).one().due_at = world.clock() + timedelta(seconds=1)
    assert claimed(world) is None
    world.clock.forward(seconds=1)
    assert claimed(world) is not None


def test_a_person_has_one_running_delivery_in_a_directory(world):
    world.directory()
    first, second = world.enrolled(keys=2)
    held = claimed(world)
    assert held.pair.passkey_id == first
    assert claimed(world) is None
    settled(world, held)
    assert claimed(world).pair.passkey_id == second


def test_a_person_may_run_in_two_directories_at_once(world):
    world.directory()
    world.directory()
    world.enrolled()
    assert claimed(world).pair.directory_id != claimed(world).pair.directory_id


def test_two_claims_that_race_for_one_person_leave_one_winner(world):
    world.directory()
    world.enrolled(keys=2)
    found = []
    loser = threading.Thread(target=lambda: found.append(claim_until_won(world.portal)))
    with world.portal.database.write() as session:
        assert claim(session, now=world.clock()) is not None
        loser.start()
        loser.join(0.3)  # it waits for our commit, on either database
        assert found == []
    loser.join(30)
    assert found == [None]
    assert sorted(world.states()) == [RUNNING, WAITING]


def test_a_directory_that_hangs_does_not_take_every_worker(world):
    slow, fine = world.directory(), world.directory()
    for _ in range(AT_ONCE + 1):
        world.enrolled()
    directories = []
    while (held := claimed(world)) is not None:
        directories.append(held.pair.directory_id)
    assert directories.count(slow) == directories.count(fine) == AT_ONCE


def test_many_workers_run_every_delivery_once(world):
    world.directory()
    world.directory()
    for _ in range(6):
        world.enrolled(keys=2)
    counts: list[int] = []
    failures: list[BaseException] = []

    def run(name: str) -> None:
        try:
            counts.append(world.work(name))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    for _ in range(20):  # what gave way to a lock, or to the same person's other delivery
        world.clock.forward(seconds=5)
        world.work()
    assert set(world.states()) == {DONE}
    assert world.fake.most_at_once["put_identity"] == 1
    assert len(world.identities()) == 6
    assert sum(counts) >= 1


def test_an_expired_lease_is_reclaimed_behind_a_new_fence(world):
    world.directory()
    world.enrolled()
    first = claimed(world)
    world.clock.forward(seconds=LEASE.total_seconds() - 1)
    assert claimed(world) is None
    world.clock.forward(seconds=1)
    second = claimed(world)
    assert second.delivery_id == first.delivery_id
    assert second.fence == first.fence + 1
    assert second.attempts == 2


def test_a_worker_that_lost_its_lease_settles_nothing(world):
    world.directory()
    [passkey] = world.enrolled()
    first = claimed(world)
    world.clock.forward(minutes=10)
    second = claimed(world)
    assert settled(world, first) is False
    assert world.states() == [RUNNING]
    assert world.placement(passkey).actual == "absent"
    assert settled(world, second) is True
    assert world.states() == [DONE]
    assert settled(world, second, Later(Why("x", "twice"))) is False
    assert world.states() == [DONE]


def test_a_worker_that_lost_its_lease_writes_nothing_to_the_directory(world):
    world.directory()
    world.enrolled()

    def another_worker_takes_over():
        world.clock.forward(minutes=10)
        assert world.work("another worker") == 1

    world.fake.before["find_identity"].append(another_worker_takes_over)
    world.work()
    assert world.fake.writes() == ["put_identity"]
    assert world.states() == [DONE]
    assert world.delivery().fence == 2


def test_a_worker_that_lost_its_lease_creates_nothing(world):
    world.directory()
    world.enrolled()

    def another_worker_takes_over():
        world.clock.forward(minutes=10)
        assert world.work("another worker") == 1

    world.fake.after["find_identity"].append(another_worker_takes_over)  # nobody was found
    world.work()
    assert world.fake.writes() == ["put_identity"]
    assert world.states() == [DONE]


def test_a_worker_that_lost_its_lease_removes_nothing(world):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    world.end(passkey)

    def another_worker_takes_over():
        world.clock.forward(minutes=10)
        assert world.work("another worker") == 1

    world.fake.after["list_passkeys"].append(another_worker_takes_over)  # it was listed
    world.work()
    assert world.fake.writes() == ["put_identity", "remove_passkey"]
    assert world.delivery().fence == 2


def test_renewing_extends_the_lease_and_fails_once_it_is_lost(world):
    world.directory()
    world.enrolled()
    held = claimed(world)
    most = LEASE.total_seconds() - 1
    world.clock.forward(seconds=most)
    with world.portal.database.write() as session:
        renew(session, held, now=world.clock())
    world.clock.forward(seconds=most)
    assert claimed(world) is None
    world.clock.forward(seconds=1)
    assert claimed(world) is not None
    with world.portal.database.write() as session, pytest.raises(LostLease):
        renew(session, held, now=world.clock())


def test_next_due_is_the_earliest_turn_in_a_directory_in_service(world):
    with world.portal.database.read() as session:
        assert next_due(session) is None
    world.directory()
    world.enrolled()
    with world.portal.database.read() as session:
        assert next_due(session) == world.clock()
    with world.portal.database.write() as session:
        session.scalars(select(Delivery)).one().directory.verified_at = None
    with world.portal.database.read() as session:
        assert next_due(session) is None


# Locks


def acquired(world, name: str, holder: str) -> bool:
    with world.portal.database.write() as session:
        return locks.acquire(session, name, holder=holder, now=world.clock())


def test_a_lock_has_one_holder(world):
    assert acquired(world, "ory", "a")
    assert not acquired(world, "ory", "b")
    assert acquired(world, "another", "b")
    with world.portal.database.write() as session:
        locks.release(session, "ory", holder="b")  # not theirs to give back
    assert not acquired(world, "ory", "b")
    with world.portal.database.write() as session:
        locks.release(session, "ory", holder="a")
    assert acquired(world, "ory", "b")


def test_a_dead_holder_loses_the_lock_when_its_lease_ends(world):
    assert acquired(world, "ory", "a")
    world.clock.forward(seconds=LEASE.total_seconds())
    assert acquired(world, "ory", "b")
    assert not acquired(world, "ory", "a")


def test_locks_with_long_names_do_not_meet(world):
    assert acquired(world, "x" * 300 + "1", "a")
    assert acquired(world, "x" * 300 + "2", "b")
    assert not acquired(world, "x" * 300 + "1", "b")


def test_two_people_of_one_project_are_created_one_after_the_other(world):
    world.directory()
    world.enrolled()
    world.enrolled()

    def meanwhile():
        assert world.work("another worker") == 1

    world.fake.before["put_identity"].append(meanwhile)
    assert world.work() == 1
    assert sorted(world.states()) == [DONE, WAITING]
    [waiting] = [one for one in world.deliveries() if one.state is WAITING]
    assert (waiting.attempts, waiting.code) == (0, None)
    assert world.clock() < waiting.due_at <= world.clock() + timedelta(seconds=3)
    world.clock.forward(seconds=3)
    assert world.work() == 1
    assert world.states() == [DONE, DONE]
    assert world.fake.most_at_once["put_identity"] == 1
    with world.portal.database.read() as session:
        assert session.scalars(select(Lock)).all() == []


def test_a_create_that_fails_gives_the_lock_back(world):
    world.directory()
    world.enrolled()
    world.fake.before["put_identity"].append(RuntimeError("broken"))
    world.work()
    with world.portal.database.read() as session:
        assert session.scalars(select(Lock)).all() == []


def test_changes_that_race_with_workers_are_never_lost(world):
    world.directory()
    passkeys = [one for _ in range(3) for one in world.enrolled(keys=2)]
    failures: list[BaseException] = []
    changing = threading.Event()
    changing.set()

    def guarded(action) -> threading.Thread:
        def run() -> None:
            try:
                action()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def deliver() -> None:
        while changing.is_set():
            world.work()

    def rename() -> None:
        for number in range(8):
            for passkey in passkeys:
                world.rename(passkey, f"Name {number}")

    workers = [guarded(deliver) for _ in range(3)]
    guarded(rename).join(120)
    changing.clear()
    for worker in workers:
        worker.join(120)
    assert failures == []
    for _ in range(20):
        world.clock.forward(seconds=5)
        world.work()
    assert set(world.states()) <= {DONE, DeliveryState.DROPPED}
    assert [one.nickname for one in world.fake.passkeys()] == ["Name 7"] * 6
    assert world.fake.most_at_once["put_identity"] == 1
