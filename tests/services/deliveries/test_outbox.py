"""What is owed, to whom, and that it is written with its cause."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import (
    AuditEvent,
    Delivery,
    DeliveryState,
    Directory,
    DirectoryType,
    Passkey,
    Person,
    Placement,
    PlacementState,
    Serves,
)
from services import placements
from services.deliveries import outbox
from services.refusal import Refusal


def owed(world) -> int:
    with world.portal.database.read() as session:
        return session.scalar(select(func.count(Delivery.id)))


def test_a_new_passkey_is_owed_to_every_directory_in_service(world):
    world.directory()
    world.directory()
    [passkey] = world.enrolled()
    assert owed(world) == 2
    with world.portal.database.read() as session:
        rows = session.scalars(select(Placement).where(Placement.passkey_id == passkey)).all()
        assert [row.wanted for row in rows] == [PlacementState.PRESENT] * 2
        assert [row.actual for row in rows] == [PlacementState.ABSENT] * 2
        tags = session.scalars(select(AuditEvent.tag)).all()
        assert tags.count("delivery.owed") == 2


@pytest.mark.parametrize(
    "more",
    [
        {"added_at": None},
        {"verified_at": None},
        {"ended_at": "now"},
        {"serves": Serves.CHOSEN},
        {"type": DirectoryType.ENTRA},
    ],
    ids=["not added", "not verified", "ended", "serves others", "not by import"],
)
def test_nothing_is_owed_to_a_directory_that(world, more):
    more = {name: world.clock() if value == "now" else value for name, value in more.items()}
    world.directory(**more)
    world.enrolled()
    assert owed(world) == 0


def test_a_chosen_person_is_served(world):
    with world.portal.database.write() as session:
        records = world.records(session)
        person = records.person()
        directory = records.directory(serves=Serves.CHOSEN)
        records.chosen(directory, person)
        passkey = records.passkey(person)
        assert outbox.owe(session, passkey, cause="passkey.registered", now=world.clock()) == 1


def test_a_passkey_of_a_foreign_relying_party_is_not_imported_anywhere(world):
    world.directory()
    world.enrolled(maker="5f3e6a52-0000-4000-8000-000000000000")
    assert owed(world) == 0


def test_what_is_owed_disappears_with_a_cause_that_was_rolled_back(world):
    world.directory()
    with pytest.raises(RuntimeError), world.portal.database.write() as session:
        records = world.records(session)
        passkey = records.passkey(records.person())
        outbox.owe(session, passkey, cause="passkey.registered", now=world.clock())
        raise RuntimeError
    assert owed(world) == 0


def test_a_waiting_delivery_covers_the_same_change_asked_for_again(world):
    world.directory()
    [passkey] = world.enrolled()
    world.rename(passkey, "Another name")
    assert world.states() == [DeliveryState.WAITING]


def test_asking_again_does_not_shorten_a_pause_that_a_directory_asked_for(world):
    world.directory()
    [passkey] = world.enrolled()
    later = world.clock.moment.replace(year=world.clock.moment.year + 1)
    with world.portal.database.write() as session:
        session.scalars(select(Delivery)).one().due_at = later
    world.rename(passkey, "Another name")
    assert world.delivery().due_at == later


def test_a_new_change_replaces_one_that_was_held(world):
    world.directory()
    [passkey] = world.enrolled()
    world.fake.stores_passkeys = False
    world.work()
    assert world.states() == [DeliveryState.HELD]
    world.rename(passkey, "Another name")
    assert world.states() == [DeliveryState.DROPPED, DeliveryState.WAITING]
    assert world.deliveries()[0].code == "delivery.replaced"


def test_an_ended_passkey_is_owed_only_where_it_was_meant_for(world):
    world.directory()
    [passkey] = world.enrolled()
    world.work()
    world.directory()  # it came later, and never had the passkey
    world.end(passkey)
    assert world.states() == [DeliveryState.DONE, DeliveryState.WAITING]
    assert world.placement(passkey).wanted is PlacementState.ABSENT


def test_existing_passkeys_are_offered_and_delivered_on_request(world):
    world.enrolled(keys=3)
    world.enrolled(maker="5f3e6a52-0000-4000-8000-000000000000")
    world.enrolled(ended_at=world.clock())
    directory_id = world.directory()
    with world.portal.database.write() as session:
        directory = session.get_one(Directory, directory_id)
        actor = session.scalars(select(Person).limit(1)).one()
        assert outbox.unplaced(session, directory) == 3
        assert outbox.owe_existing(session, directory, now=world.clock(), actor=actor) == 3
        assert outbox.unplaced(session, directory) == 0
    with world.portal.database.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.tag == "delivery.owed")).one()
        assert event.detail["count"] == 3
        assert event.actor_id == actor.id
    assert world.work() == 3
    assert len(world.fake.passkeys()) == 3


def test_more_passkeys_than_one_statement_takes_are_all_owed(world):
    count = outbox.CHUNK + 1
    with world.portal.database.write() as session:
        records = world.records(session)
        person = records.person()
        for number in range(count):
            records.passkey(person, credential_id=number.to_bytes(16, "big"))
    directory_id = world.directory()
    with world.portal.database.write() as session:
        directory = session.get_one(Directory, directory_id)
        assert outbox.owe_existing(session, directory, now=world.clock(), actor=None) == count
    assert owed(world) == count


def test_existing_passkeys_are_not_delivered_to_an_unverified_directory(world):
    directory_id = world.directory(verified_at=None)
    with (
        world.portal.database.write() as session,
        pytest.raises(Refusal, match="directory_not_in_service"),
    ):
        directory = session.get_one(Directory, directory_id)
        outbox.owe_existing(session, directory, now=world.clock(), actor=None)


def test_a_held_delivery_is_retried(world):
    world.directory()
    [passkey] = world.enrolled()
    world.fake.stores_passkeys = False
    world.work()
    world.fake.stores_passkeys = True
    with world.portal.database.write() as session:
        person = session.get_one(Passkey, passkey).person
        placements.retry(session, str(world.delivery().uuid), actor=person, now=world.clock())
    assert world.work() == 1
    assert world.states() == [DeliveryState.DONE]
    with world.portal.database.read() as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.tag == "delivery.retried")
        ).one()
        assert event.detail == {"before": "held", "code": "fake.no_import"}


def test_a_settled_delivery_is_not_retried(world):
    world.directory()
    world.enrolled()
    world.work()
    with (
        world.portal.database.write() as session,
        pytest.raises(Refusal, match="delivery_settled"),
    ):
        placements.retry(session, world.delivery().uuid, actor=None, now=world.clock())


@pytest.mark.parametrize("name", ["nonsense", "5f3e6a52-0000-4000-8000-000000000000"])
def test_an_unknown_delivery_is_refused(world, name):
    with (
        world.portal.database.write() as session,
        pytest.raises(Refusal, match="delivery_unknown") as refused,
    ):
        placements.retry(session, name, actor=None, now=world.clock())
    assert refused.value.status == 404
