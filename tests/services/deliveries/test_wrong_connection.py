"""Registrations that a directory began, and whose connection is wrong when they are delivered."""

from __future__ import annotations

import pytest

from directories.base import Misconfigured, NotAccepted, Refused, TouchAgain
from models import DeliveryState, Directory, Passkey
from services import placements
from services.deliveries import again, retrying
from services.refusal import Refusal
from tests.services.deliveries.conftest import refuse, retry, view

DONE, HELD = DeliveryState.DONE, DeliveryState.HELD
DROPPED, NEEDS_TOUCH = DeliveryState.DROPPED, DeliveryState.NEEDS_TOUCH


def test_a_connection_that_is_wrong_waits_for_a_human_and_can_be_tried_in_time(world, vendor):
    passkey = world.began(vendor)
    refuse(world, Refused("Not now.", code="fake.no"))
    world.work()
    assert world.states() == [HELD]
    assert world.passkey(passkey).ended_at is None
    retry(world)
    world.work()
    assert world.states() == [DONE]


def test_a_connection_that_is_mended_too_late_needs_a_new_touch_and_nothing_is_left_there(
    world, vendor
):
    passkey = world.began(vendor)
    refuse(world, Misconfigured("No permission.", code="fake.permission"))
    refuse(world, TouchAgain("Over.", code="fake.begin_again"))
    world.work()
    world.clock.forward(seconds=120)
    assert view(world, passkey, vendor).state is placements.Standing.HELD
    with world.portal.database.read() as session:
        assert not retrying.hopeless(session, [world.delivery()])
    retry(world)
    world.work()
    assert (world.states(), len(world.fake.discarded)) == ([NEEDS_TOUCH], 1)
    assert world.placement(passkey).begun is None
    with pytest.raises(Refusal) as caught:
        retry(world)
    assert caught.value.code == "touch_needed"
    assert view(world, passkey, vendor).touch_again


def test_while_a_connection_stays_wrong_what_was_begun_is_not_forgotten(world, vendor):
    passkey = world.began(vendor)
    refuse(world, Misconfigured("No permission.", code="fake.permission"), times=3)
    for _ in range(2):
        world.work()
        assert world.states() == [HELD] and world.placement(passkey).begun
        world.clock.forward(seconds=120)
        retry(world)
    refuse(world, TouchAgain("Over.", code="fake.begin_again"))
    world.work()
    assert world.states() == [HELD]
    retry(world)
    world.work()
    assert (world.states(), len(world.fake.discarded)) == ([NEEDS_TOUCH], 1)


def test_what_cannot_be_taken_back_while_the_connection_is_wrong_stays_known(world, vendor):
    passkey = world.began(vendor)
    refuse(world, TouchAgain("Over.", code="fake.begin_again"), times=2)
    world.fake.before["discard"].append(Misconfigured("No permission.", code="fake.permission"))
    world.work()
    assert world.states() == [HELD] and world.placement(passkey).begun
    world.clock.forward(seconds=120)
    retry(world)
    world.work()
    assert (world.states(), len(world.fake.discarded)) == ([NEEDS_TOUCH], 1)


def test_a_new_touch_takes_the_place_of_one_that_a_wrong_connection_held_too_long(world, vendor):
    passkey = world.began(vendor)
    refuse(world, Misconfigured("No permission.", code="fake.permission"))
    world.work()
    world.clock.forward(seconds=120)
    with world.portal.database.write() as session:
        person = session.get_one(Passkey, passkey).person
        world.touched(session, person, session.get_one(Directory, vendor))
    world.work()
    assert world.states() == [DROPPED, DONE]
    assert world.passkey(passkey).ended_because == "unfinished"


def test_what_an_operator_can_mend_asks_nobody_for_a_touch(world, vendor):
    passkey = world.began(vendor)
    refuse(world, Misconfigured("No permission.", code="fake.permission"))
    world.work()
    seen = view(world, passkey, vendor)
    assert (seen.state, seen.touch_again) == (placements.Standing.HELD, False)


@pytest.mark.parametrize("own", [True, False], ids=["ours", "theirs alone"])
def test_a_mended_connection_tries_only_what_can_still_be_put(world, vendor, own):
    world.began(vendor, own=own)
    refuse(world, NotAccepted("No.", code="fake.not_accepted", said="AAGUID"))
    world.work()
    world.began(vendor, own=own)
    refuse(world, Misconfigured("No permission.", code="fake.permission"))
    world.work()
    with world.portal.database.write() as session:
        directory = session.get_one(Directory, vendor)
        assert again.owe_held(session, directory, now=world.clock(), actor=None) == 1
    world.work()
    assert world.states() == [HELD, DROPPED, DONE]
    assert world.deliveries()[0].said == "AAGUID"
