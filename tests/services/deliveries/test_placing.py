"""Passkeys that reach a directory, and whose identity they reach."""

from __future__ import annotations

from sqlalchemy import select

from directories.base import Refused
from models import AuditEvent, DeliveryState, Passkey, PlacementState

DONE = DeliveryState.DONE


def test_a_person_whom_the_directory_does_not_know_is_created_with_the_passkey(world):
    world.directory()
    [passkey] = world.enrolled("grace")
    assert world.work() == 1
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_identity"]
    placement = world.placement(passkey)
    assert placement.actual is PlacementState.PRESENT
    assert placement.confirmed_at == world.clock()
    assert placement.remote_id == world.fake.passkeys()[0].credential_id.hex()
    person_id, _, _ = world.person_of(passkey)
    assert world.identities() == {person_id: "remote-1"}


def test_a_person_whom_the_directory_knows_is_linked_and_gets_the_passkey(world):
    world.directory()
    [passkey] = world.enrolled("grace")
    known = world.fake.add("grace@example.com")
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_passkey"]
    assert list(known.passkeys) == [world.fake.passkeys()[0].credential_id]
    with world.portal.database.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.tag == "identity.linked")).one()
        assert event.detail["after"] == known.remote_id
    assert world.placement(passkey).actual is PlacementState.PRESENT


def test_the_directory_learns_of_a_passkey_what_its_own_row_says(world):
    world.directory()
    [passkey_id] = world.enrolled(
        sign_count=7, transports=["usb", "nfc"], backup_eligible=True, backup_state=True
    )
    world.work()
    [learnt] = world.fake.passkeys()
    with world.portal.database.read() as session:
        passkey = session.get_one(Passkey, passkey_id)
        for name in ("credential_id", "public_key", "rp_id", "user_handle", "aaguid", "nickname"):
            assert getattr(learnt, name) == getattr(passkey, name)
    assert (learnt.sign_count, learnt.transports) == (7, ("usb", "nfc"))
    assert learnt.backup_eligible and learnt.backup_state and learnt.user_verified


def test_a_directory_that_takes_one_thing_at_a_time_gets_both(world):
    world.directory()
    world.enrolled()
    world.fake.one_at_a_time = True
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_identity", "put_passkey"]


def test_an_identity_that_was_deleted_there_is_made_anew_and_linked_anew(world):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    world.fake.identities.clear()
    world.rename(passkey, "Another name")
    world.work()
    assert world.states() == [DONE, DONE]
    assert list(world.identities().values()) == ["remote-2"]
    assert world.fake.passkeys()[0].nickname == "Another name"


def test_an_identity_that_somebody_made_at_this_moment_is_linked(world):
    world.directory()
    world.enrolled("grace")
    world.fake.before["put_identity"].append(lambda: world.fake.add("grace@example.com"))
    world.work()
    assert world.states() == [DONE]
    assert len(world.fake.identities) == 1


def test_an_identity_that_the_directory_hands_back_is_linked_before_it_is_written(world):
    world.directory()
    world.enrolled("grace")
    world.fake.hands_back = True
    world.fake.before["put_identity"].append(lambda: world.fake.add("grace@example.com"))
    world.work()
    assert world.states() == [DONE]
    assert world.fake.writes() == ["put_identity", "put_passkey"]


def test_the_twin_finds_an_identity_as_connectors_do(world):
    """By the directory's id, then by our own, then by address (Ory contract section 3.3)."""
    world.directory()
    [passkey] = world.enrolled("grace")
    _, uuid, email = world.person_of(passkey)
    by_address = world.fake.add(email)
    ours = world.fake.add("moved@example.com", uuid)
    world.work()
    assert (len(ours.passkeys), len(by_address.passkeys)) == (1, 0)


def test_a_warning_beside_a_placed_passkey_is_kept_for_the_operator(world):
    world.directory()
    world.enrolled()
    world.fake.warning = Refused("It signs in by SSO only.", code="fake.organisation")
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (DONE, "fake.organisation")
