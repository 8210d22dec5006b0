"""What waits for a human."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from directories.base import AlreadyThere, Misconfigured, Refused
from models import AuditEvent, DeliveryState, Directory, Passkey, PlacementState

DONE, HELD, DROPPED = DeliveryState.DONE, DeliveryState.HELD, DeliveryState.DROPPED


def test_an_identity_that_belongs_to_somebody_else_is_never_written_into(world):
    world.directory()
    with world.portal.database.write() as session:
        records = world.records(session)
        taken = world.fake.add("shared@example.com")
        directory = session.scalars(select(Directory)).one()
        records.identity(directory, records.person("first"), taken.remote_id)
    world.enrolled("second", keys=1)
    taken.email = "second@example.com"
    world.work()
    assert world.states() == [HELD]
    assert world.delivery().code == "identity.linked_to_another"
    assert world.fake.writes() == []
    assert taken.passkeys == {}


def test_nothing_is_removed_from_an_identity_that_belongs_to_somebody_else(world):
    world.directory()
    with world.portal.database.write() as session:
        records = world.records(session)
        taken = world.fake.add("second@example.com")
        directory = session.scalars(select(Directory)).one()
        records.identity(directory, records.person("first"), taken.remote_id)
    [passkey] = world.enrolled("second")
    with world.portal.database.read() as session:
        credential_id = session.get_one(Passkey, passkey).credential_id
    taken.passkeys[credential_id] = "put there by hand"
    world.end(passkey)
    world.work()
    assert (world.delivery().state, world.delivery().code) == (HELD, "identity.linked_to_another")
    assert list(taken.passkeys) == [credential_id]


def test_a_directory_that_takes_no_identities_waits_for_a_human(world):
    world.directory()
    world.enrolled()
    world.fake.takes_identities = False
    world.work()
    assert world.states() == [HELD]
    assert world.delivery().code == "identity.not_found"


def test_an_identity_handed_back_that_is_somebody_elses_gets_nothing(world):
    directory = world.directory()
    world.enrolled("grace")
    world.fake.hands_back = True

    def somebody_elses():
        made = world.fake.add("grace@example.com")
        with world.portal.database.write() as session:
            records = world.records(session)
            row = session.get_one(Directory, directory)
            records.identity(row, records.person("ada"), made.remote_id)

    world.fake.before["put_identity"].append(somebody_elses)
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (HELD, "identity.linked_to_another")
    assert world.fake.writes() == ["put_identity"]


def test_a_conflict_that_nobody_can_explain_waits_for_a_human(world):
    world.directory()
    world.enrolled()
    world.fake.before["put_identity"].append(
        AlreadyThere("Taken.", code="fake.there", said="conflict", request_id="req-7")
    )
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (HELD, "fake.there")
    assert (delivery.said, delivery.request_id) == ("conflict", "req-7")


@pytest.mark.parametrize("kind", [Refused, Misconfigured])
def test_a_refusal_waits_for_a_human_with_the_directorys_own_words(world, kind):
    world.directory()
    [passkey] = world.enrolled()
    world.fake.before["find_identity"].append(
        kind("Our sentence.", code="fake.no", said="Their words", request_id="req-9")
    )
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code, delivery.reason) == (HELD, "fake.no", "Our sentence.")
    assert (delivery.said, delivery.request_id) == ("Their words", "req-9")
    assert delivery.settled_at == world.clock()
    assert world.placement(passkey).actual is PlacementState.ABSENT
    assert world.work() == 0


def test_words_longer_than_their_columns_are_cut_not_lost(world):
    world.directory()
    world.enrolled()
    world.fake.before["find_identity"].append(
        Refused("r" * 2000, code="c" * 99, said="s" * 9000, request_id="i" * 999)
    )
    world.work()
    delivery = world.delivery()
    assert delivery.state is HELD
    lengths = [len(text) for text in (delivery.reason, delivery.code, delivery.said)]
    assert lengths == [1000, 64, 4000]


def test_what_was_not_read_back_is_not_called_placed(world):
    world.directory()
    [passkey] = world.enrolled()
    world.fake.stores_passkeys = False
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (HELD, "fake.no_import")
    placement = world.placement(passkey)
    assert placement.actual is PlacementState.ABSENT
    assert placement.confirmed_at == world.clock()
    assert len(world.identities()) == 1  # the identity is there, and stays linked


def test_a_directory_whose_secret_does_not_open_waits_for_a_human(world):
    directory = world.directory()
    world.enrolled()
    with world.portal.database.write() as session:
        session.get_one(Directory, directory).sealed_secret = b"sealed with another key"
    world.work()
    assert world.states() == [HELD]
    assert world.delivery().code == "directory.secret_sealed"


def test_a_refusal_gives_way_to_a_newer_delivery(world):
    world.directory()
    [passkey] = world.enrolled()

    def rename_and_refuse():
        world.rename(passkey, "Renamed meanwhile")
        raise Refused("No.", code="fake.no")

    world.fake.before["find_identity"].append(rename_and_refuse)
    assert world.work() == 2
    assert world.states() == [DROPPED, DONE]


def test_the_trail_says_what_happened_without_the_directorys_words(world):
    world.directory()
    world.enrolled()
    world.fake.stores_passkeys = False
    world.work()
    with world.portal.database.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.tag == "delivery.held")).one()
    assert event.detail == {
        "cause": "passkey.registered",
        "state": "held",
        "attempts": 1,
        "code": "fake.no_import",
    }
