"""What nobody is owed any more, or not yet."""

from __future__ import annotations

from models import DeliveryState, Directory, PlacementState, Serves
from services.deliveries import worker

DONE, WAITING, DROPPED = DeliveryState.DONE, DeliveryState.WAITING, DeliveryState.DROPPED


def test_a_directory_that_lost_its_verification_is_left_alone_until_it_passes_again(world):
    directory = world.directory()
    world.enrolled()
    verify(world, directory, None)
    assert world.work() == 0
    assert world.states() == [WAITING]
    verify(world, directory, world.clock())
    assert world.work() == 1
    assert world.states() == [DONE]


def verify(world, directory_id, moment):
    with world.portal.database.write() as session:
        session.get_one(Directory, directory_id).verified_at = moment


def test_what_an_ended_directory_was_owed_is_dropped_without_asking_it(world):
    directory = world.directory()
    world.enrolled()
    with world.portal.database.write() as session:
        session.get_one(Directory, directory).ended_at = world.clock()
    world.work()
    assert world.states() == [DROPPED]
    assert world.delivery().code == "directory.ended"
    assert world.fake.calls == []


def test_whoever_is_served_again_at_the_moment_a_delivery_is_dropped_gets_it(world, monkeypatch):
    directory = world.directory()
    [passkey] = world.enrolled()
    serve(world, directory, Serves.CHOSEN)
    real = worker.moot

    def moot_and_served_again(facts):
        found = real(facts)
        if found is not None:
            monkeypatch.setattr(worker, "moot", real)
            serve(world, directory, Serves.EVERYONE)
            world.rename(passkey, "Asked for anew")
        return found

    monkeypatch.setattr(worker, "moot", moot_and_served_again)
    assert world.work() == 2
    assert world.states() == [DROPPED, DONE]
    assert [one.nickname for one in world.fake.passkeys()] == ["Asked for anew"]
    assert world.placement(passkey).wanted is PlacementState.PRESENT


def serve(world, directory_id, serves):
    with world.portal.database.write() as session:
        session.get_one(Directory, directory_id).serves = serves
