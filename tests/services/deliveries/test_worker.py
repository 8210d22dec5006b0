"""The loop: it goes on where one fails, stops when told to, and survives a death."""

from __future__ import annotations

import pytest

from directories import registry
from directories.base import Transient
from models import DeliveryState, PlacementState
from services.deliveries.worker import work
from tests.fake_directory import FakeDirectory

DONE, WAITING = DeliveryState.DONE, DeliveryState.WAITING


def test_one_directory_that_fails_does_not_keep_the_passkey_from_another(world, monkeypatch):
    broken = FakeDirectory()
    broken.before["find_identity"].append(Transient("Down.", code="fake.down"))
    world.directory(name="broken", settings={"endpoint": "https://broken.example.com"})
    world.directory(name="fine")
    monkeypatch.setattr(
        registry,
        "build",
        lambda _type, settings, *_, **__: (
            broken if "broken" in settings["endpoint"] else world.fake
        ),
    )
    world.enrolled()
    world.work()
    assert sorted(world.states()) == [DONE, WAITING]
    assert len(world.fake.passkeys()) == 1


def test_work_stops_between_two_deliveries_when_it_is_told_to(world):
    world.directory()
    world.enrolled(keys=3)
    answers = iter([False, True])
    assert work(world.portal, worker="worker", stopping=lambda: next(answers)) == 1


def test_a_crash_between_the_write_and_the_settlement_writes_nothing_twice(world):
    world.directory()
    [passkey] = world.enrolled()

    class Crash(BaseException):
        """A process that dies catches nothing."""

    def die():
        raise Crash

    world.fake.after["put_identity"].append(die)
    with pytest.raises(Crash):
        world.work()
    assert world.states() == [DeliveryState.RUNNING]
    assert world.work() == 0  # its lease still runs
    world.clock.forward(minutes=10)
    assert world.work() == 1
    assert world.states() == [DONE]
    assert len(world.fake.identities) == len(world.fake.passkeys()) == 1
    assert world.placement(passkey).actual is PlacementState.PRESENT
