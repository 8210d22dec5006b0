"""What is tried again, and when."""

from __future__ import annotations

import logging
from datetime import timedelta

from directories.base import Transient
from models import DeliveryState, PlacementState
from services.deliveries import pauses

DONE, WAITING, DROPPED = DeliveryState.DONE, DeliveryState.WAITING, DeliveryState.DROPPED


def test_a_passing_failure_is_tried_again_and_shows_why(world):
    world.directory()
    [passkey] = world.enrolled()
    world.fake.before["find_identity"].append(
        Transient("It answered 503.", code="fake.503", said="upstream", request_id="req-2")
    )
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code, delivery.attempts) == (WAITING, "fake.503", 1)
    assert (delivery.reason, delivery.said) == ("It answered 503.", "upstream")
    assert world.clock() < delivery.due_at <= world.clock() + timedelta(seconds=pauses.FIRST)
    assert world.work() == 0  # not before its time
    world.clock.forward(seconds=pauses.FIRST)
    assert world.work() == 1
    delivery = world.delivery()
    assert (delivery.state, delivery.code, delivery.attempts) == (DONE, None, 2)
    assert world.placement(passkey).actual is PlacementState.PRESENT


def test_a_directory_that_keeps_failing_is_never_given_up(world):
    world.directory()
    world.enrolled()
    for _ in range(30):
        world.fake.before["find_identity"].append(Transient("Down.", code="fake.down"))
        assert world.work() == 1
        delivery = world.delivery()
        assert delivery.state is WAITING
        assert delivery.due_at <= world.clock() + timedelta(seconds=pauses.LONGEST)
        world.clock.forward(seconds=pauses.LONGEST)
    assert world.delivery().attempts == 30
    world.work()
    assert world.states() == [DONE]


def test_retry_after_is_honoured(world):
    world.directory()
    world.enrolled()
    world.fake.before["find_identity"].append(
        Transient("Too many requests.", code="fake.429", retry_after=120.0)
    )
    world.work()
    assert world.delivery().due_at >= world.clock() + timedelta(seconds=120)
    world.clock.forward(seconds=119)
    assert world.work() == 0
    world.clock.forward(seconds=30)
    assert world.work() == 1


def test_too_many_requests_alone_put_nobody_off_for_long(world):
    world.directory()
    world.enrolled()
    for _ in range(12):
        world.fake.before["find_identity"].append(
            Transient("Too many requests.", code="http.rate", status=429)
        )
        assert world.work() == 1
        longest = timedelta(seconds=pauses.LONGEST_IN_TURN)
        assert world.delivery().due_at <= world.clock() + longest
        world.clock.forward(seconds=pauses.LONGEST_IN_TURN)
    assert world.work() == 1
    assert world.states() == [DONE]


def test_something_that_vanished_meanwhile_is_looked_up_again(world):
    world.directory()
    world.enrolled("grace")
    world.fake.add("grace@example.com")
    world.fake.before["put_passkey"].append(world.fake.identities.clear)
    world.work()
    assert world.delivery().code == "fake.gone"
    world.clock.forward(seconds=pauses.FIRST)
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_passkey", "put_identity"]


def test_an_unforeseen_failure_is_tried_again_without_its_words(world, caplog):
    world.directory()
    world.enrolled()
    world.fake.before["find_identity"].append(RuntimeError("it holds ory_pat_secret"))
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (WAITING, "delivery.unexpected")
    assert "RuntimeError" in delivery.reason
    assert "ory_pat_secret" not in f"{delivery.reason}{delivery.said}"
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


def test_a_failure_hands_its_pause_to_a_newer_delivery(world):
    world.directory()
    [passkey] = world.enrolled()

    def rename_and_fail():
        world.rename(passkey, "Renamed meanwhile")
        raise Transient("Wait.", code="fake.429", retry_after=60.0)

    world.fake.before["find_identity"].append(rename_and_fail)
    assert world.work() == 1
    assert world.states() == [DROPPED, WAITING]
    newer = world.delivery()
    assert newer.due_at >= world.clock() + timedelta(seconds=60)
    assert (newer.attempts, newer.code) == (1, "fake.429")
