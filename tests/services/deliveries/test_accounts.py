"""Accounts in directories follow whether their people are suspended here, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from directories.base import Refused, Transient
from models import Delivery, DeliveryState, Directory, DirectoryType, Identity, Person
from services import roles, suspension
from services.role_changes import grant

DONE, DROPPED, HELD = DeliveryState.DONE, DeliveryState.DROPPED, DeliveryState.HELD


@pytest.fixture
def boss(world) -> Person:
    with world.portal.database.write() as session:
        person = world.records(session).person("boss", roles=[])
        grant(session, person, roles.ADMINISTRATOR, now=world.clock())
        return person


@pytest.fixture
def change(world, boss):
    def made(what, person_id: int) -> None:
        with world.portal.database.write() as session:
            actor = session.get_one(Person, boss.id)
            what(session, session.get_one(Person, person_id), actor=actor, now=world.clock())

    return made


def linked(world, **more) -> tuple[int, str]:
    """A person whose passkey is delivered; their id, and their identity's."""
    if not world.fake.identities:
        world.directory()
    [passkey] = world.enrolled(**more)
    world.work()
    person, _, _ = world.person_of(passkey)
    return person, world.identities()[person]


def enabled(world, remote_id) -> bool | None:
    return world.fake.identities[remote_id].more.get("enabled")


def disabled_at(world, person_id):
    with world.portal.database.read() as session:
        return session.scalars(
            select(Identity.disabled_at).where(Identity.person_id == person_id)
        ).one()


def test_suspending_disables_the_account_and_letting_in_enables_it(world, change):
    person, remote = linked(world)
    change(suspension.suspend, person)
    assert (world.delivery().passkey_id, world.delivery().cause) == (None, "person.suspended")
    world.work()
    assert enabled(world, remote) is False
    assert disabled_at(world, person) == world.clock()
    change(suspension.let_in, person)
    world.work()
    assert enabled(world, remote) is True
    assert disabled_at(world, person) is None
    assert set(world.states()) == {DONE}


def test_what_somebody_disabled_in_the_directory_is_never_enabled(world, change):
    person, remote = linked(world)
    world.fake.identities[remote].more["enabled"] = False
    change(suspension.suspend, person)
    world.work()
    change(suspension.let_in, person)
    world.work()
    assert enabled(world, remote) is False
    assert "set_enabled" not in world.fake.calls


def test_a_run_that_died_after_its_call_is_still_known_as_ours(world, change):
    person, remote = linked(world)
    change(suspension.suspend, person)
    world.fake.after["set_enabled"].append(Transient("Lost.", code="fake.lost"))
    world.work()
    assert enabled(world, remote) is False
    world.clock.forward(hours=1)
    world.work()
    change(suspension.let_in, person)
    world.work()
    assert enabled(world, remote) is True


def test_suspending_and_letting_in_at_once_leaves_the_account_as_it_was(world, change):
    person, remote = linked(world)
    change(suspension.suspend, person)
    change(suspension.let_in, person)
    world.work()
    assert enabled(world, remote) is None
    assert "set_enabled" not in world.fake.calls


def test_letting_in_while_the_account_is_being_disabled_enables_it_afterwards(world, change):
    person, remote = linked(world)
    change(suspension.suspend, person)
    world.fake.after["set_enabled"].append(lambda: change(suspension.let_in, person))
    world.work()
    assert enabled(world, remote) is True


def test_a_key_that_is_owed_meanwhile_waits_until_its_person_is_let_in(world, change):
    world.directory()
    [passkey] = world.enrolled()
    person, _, _ = world.person_of(passkey)
    change(suspension.suspend, person)
    world.work()
    assert world.delivery().code == "delivery.person_suspended"
    assert world.fake.identities == {}
    change(suspension.let_in, person)
    world.work()
    assert len(world.fake.passkeys()) == 1


def test_an_account_made_while_its_person_is_suspended_is_disabled(world, change):
    world.directory()
    [passkey] = world.enrolled()
    person, _, _ = world.person_of(passkey)
    world.fake.before["put_identity"].append(lambda: change(suspension.suspend, person))
    world.work()
    [identity] = world.fake.identities.values()
    assert identity.more["enabled"] is False


def test_a_refusal_is_held_and_can_be_tried_again(world, change):
    person, remote = linked(world)
    change(suspension.suspend, person)
    world.fake.before["set_enabled"].append(Refused("No.", code="fake.no"))
    world.work()
    assert (world.delivery().state, world.delivery().code) == (HELD, "fake.no")
    change(suspension.let_in, person)
    change(suspension.suspend, person)
    world.work()
    assert enabled(world, remote) is False
    with world.portal.database.read() as session:
        held = session.scalars(select(Delivery).where(Delivery.state == HELD)).all()
    assert held == []


def test_a_directory_that_cannot_is_owed_nothing(world, change):
    world.directory(type=DirectoryType.ENTRA)
    with world.portal.database.write() as session:
        records = world.records(session)
        person = records.person()
        records.identity(session.scalars(select(Directory)).one(), person, "there")
    change(suspension.suspend, person.id)
    assert world.deliveries() == []


def test_a_connector_that_cannot_says_so(world, change):
    person, _ = linked(world)
    world.fake.suspends = False
    change(suspension.suspend, person)
    world.work()
    assert (world.delivery().state, world.delivery().code) == (HELD, "account.cannot_suspend")


def test_an_account_that_is_gone_is_let_be(world, change):
    person, _ = linked(world)
    world.fake.identities.clear()
    change(suspension.suspend, person)
    world.work()
    assert (world.delivery().state, world.delivery().code) == (DROPPED, "account.not_linked")
