"""Keys that are in the directory which began their registration: named, looked for, removed."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from directories.base import Refused
from models import DeliveryState, Identity, Passkey, PlacementState
from services import placements

DONE, HELD, NEEDS_TOUCH = DeliveryState.DONE, DeliveryState.HELD, DeliveryState.NEEDS_TOUCH
PRESENT, ABSENT = PlacementState.PRESENT, PlacementState.ABSENT


@pytest.fixture
def placed(world, vendor) -> int:
    passkey = world.began(vendor, name="grace")
    world.work()
    return passkey


def test_a_new_name_reaches_a_directory_that_takes_names(world, placed):
    world.fake.renames = True
    world.rename(placed, "Red key")
    world.work()
    assert (world.states(), world.delivery().code) == ([DONE, DONE], None)
    assert [one.nickname for one in world.fake.passkeys()] == ["Red key"]
    assert len(world.fake.answers) == 1


def test_a_directory_that_takes_no_names_is_not_written_to_and_it_is_said(world, placed):
    world.rename(placed, "Red key")
    world.work()
    assert (world.delivery().state, world.delivery().code) == (DONE, "passkey.keeps_name")
    assert world.fake.calls[-1] == "list_passkeys"
    with world.portal.database.read() as session:
        [view] = placements.of_passkey(session, session.get_one(Passkey, placed))
    assert view.state is placements.Standing.READY
    assert "may not accept" not in view.sentence


def test_a_name_that_is_refused_spoils_nothing(world, placed):
    world.fake.renames = True
    world.fake.before["rename_passkey"].append(Refused("No.", code="fake.name"))
    world.rename(placed, "Red key")
    world.work()
    assert (world.delivery().state, world.delivery().code) == (DONE, "passkey.keeps_name")


def test_a_key_that_somebody_removed_there_needs_a_new_touch(world, placed):
    for identity in world.fake.identities.values():
        identity.passkeys.clear()
    world.rename(placed, "Red key")
    world.work()
    assert (world.delivery().state, world.delivery().code) == (NEEDS_TOUCH, "passkey.gone")
    assert world.placement(placed).actual is ABSENT


def test_a_key_that_ended_is_removed_there(world, placed):
    world.end(placed)
    world.work()
    assert (world.states(), world.fake.passkeys()) == ([DONE, DONE], [])


def test_a_key_of_somebody_whom_nobody_is_linked_to_is_not_called_removed(world, placed):
    with world.portal.database.write() as session:
        session.execute(delete(Identity))
    world.fake.identities.clear()
    world.end(placed)
    world.work()
    assert (world.delivery().state, world.delivery().code) == (HELD, "identity.not_linked")
    assert world.placement(placed).actual is PRESENT


def test_an_identity_that_is_gone_took_its_keys_along(world, placed):
    world.fake.identities.clear()
    world.end(placed)
    world.work()
    assert world.states() == [DONE, DONE]
    assert world.placement(placed).actual is ABSENT


def test_a_foreign_key_is_imported_nowhere_and_a_shared_one_everywhere(world, vendor):
    importing = world.directory()
    foreign = world.began(vendor)
    shared = world.began(vendor, own=True)
    owed = {(one.passkey_id, one.directory_id) for one in world.deliveries()}
    assert owed == {(foreign, vendor), (shared, vendor), (shared, importing)}
