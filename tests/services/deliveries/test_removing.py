"""Passkeys that leave a directory."""

from __future__ import annotations

from sqlalchemy import select

from models import Delivery, DeliveryState, Passkey, PlacementState
from services.deliveries import outbox

DONE = DeliveryState.DONE


def test_an_ended_passkey_is_removed_and_only_that_one(world):
    world.directory()
    first, second = world.enrolled(keys=2)
    world.work()
    world.end(first)
    world.work()
    assert world.placement(first).actual is PlacementState.ABSENT
    with world.portal.database.read() as session:
        kept = session.get_one(Passkey, second).credential_id
    assert [one.credential_id for one in world.fake.passkeys()] == [kept]


def test_a_passkey_that_ended_before_it_was_delivered_is_not_delivered(world):
    world.directory()
    [passkey] = world.enrolled()
    world.end(passkey)
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == []
    assert world.placement(passkey).actual is PlacementState.ABSENT


def test_a_passkey_that_a_dead_worker_left_behind_is_removed_all_the_same(world):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    with world.portal.database.write() as session:
        row = outbox.lock(session, world_pair(session, passkey))
        row.actual, row.remote_id = PlacementState.ABSENT, None
    world.end(passkey)
    world.work()
    assert world.fake.passkeys() == []


def world_pair(session, passkey_id):
    delivery = session.scalars(select(Delivery).where(Delivery.passkey_id == passkey_id)).first()
    return outbox.Pair(delivery.directory_id, delivery.passkey_id, delivery.person_id)


def test_a_passkey_that_ended_is_never_delivered_whoever_asked_for_it_last(world):
    world.directory()
    [passkey] = world.enrolled()
    with world.portal.database.write() as session:
        session.get_one(Passkey, passkey).ended_at = world.clock()
    assert world.placement(passkey).wanted is PlacementState.PRESENT
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == []
    placement = world.placement(passkey)
    assert (placement.wanted, placement.actual) == (PlacementState.ABSENT, PlacementState.ABSENT)
