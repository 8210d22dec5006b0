"""When somebody leaves and comes back, with a directory, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Refused
from models import AuditEvent, Delivery, DeliveryState, Directory, Identity, Passkey, Person
from services import leaving, people, roles, suspension
from services.refusal import Refusal
from services.role_changes import grant
from tests.fake_directory import FakeDirectory
from tests.services.deliveries.conftest import World


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    directory = FakeDirectory()
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


@pytest.fixture
def world(any_portal, clock, fake) -> World:
    return World(any_portal, clock, fake)


@pytest.fixture
def boss(world) -> Person:
    with world.portal.database.write() as session:
        person = world.records(session).person("boss", roles=[])
        grant(session, person, roles.ADMINISTRATOR, now=world.clock())
        return person


@pytest.fixture
def ada(world) -> int:
    """Somebody with a role and two passkeys in a directory; their key."""
    world.directory()
    passkey, _ = world.enrolled("ada", keys=2)
    world.work()
    person, _, _ = world.person_of(passkey)
    with world.portal.database.write() as session:
        grant(session, session.get_one(Person, person), roles.VIEW_ONLY, now=world.clock())
    return person


@pytest.fixture
def act(world, boss):
    def made(what, person_id: int, actor: Person = boss) -> Person:
        with world.portal.database.write() as session:
            return what(
                session,
                session.get_one(Person, person_id),
                actor=session.get_one(Person, actor.id),
                now=world.clock(),
            )

    return made


def refused(call, *arguments) -> str:
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.code


def person(world, person_id) -> Person:
    with world.portal.database.read() as session:
        return session.get_one(Person, person_id)


def tags(world) -> list[str]:
    with world.portal.database.read() as session:
        return list(session.scalars(select(AuditEvent.tag).order_by(AuditEvent.id)))


def test_keys_end_roles_are_taken_and_the_identity_is_unlinked_after_removal(world, act, ada):
    act(leaving.end, ada)
    assert ada in world.identities()
    left = person(world, ada)
    assert (left.active, left.roles, left.ended_at) == (False, [], world.clock())
    with world.portal.database.read() as session:
        because = set(session.scalars(select(Passkey.ended_because)))
    assert because == {"left"}
    world.work()
    assert world.fake.passkeys() == []
    assert len(world.fake.identities) == 1
    assert ada not in world.identities()
    assert tags(world).count("identity.unlinked") == 1
    assert tags(world).count("passkey.ended") == 2


def test_an_identity_stays_linked_while_its_removal_is_held(world, act, ada):
    act(leaving.end, ada)
    world.fake.before["remove_passkey"].append(Refused("No.", code="fake.no"))
    world.work()
    assert ada in world.identities()
    with world.portal.database.write() as session:
        held = session.scalars(select(Delivery).where(Delivery.state == DeliveryState.HELD)).one()
        held.state, held.settled_at = DeliveryState.WAITING, None
    world.work()
    assert ada not in world.identities()


def test_an_identity_without_a_passkey_is_unlinked_at_once(world, act):
    directory = world.directory()
    with world.portal.database.write() as session:
        records = world.records(session)
        someone = records.person("grace", roles=[])
        records.identity(session.get_one(Directory, directory), someone, "there")
    act(leaving.end, someone.id)
    assert world.identities() == {}


def test_whoever_comes_back_has_neither_roles_nor_keys(world, act, ada):
    act(suspension.suspend, ada)
    act(leaving.end, ada)
    world.work()
    back = act(leaving.bring_back, ada)
    assert (back.active, back.roles) == (True, [])
    assert tags(world)[-1] == "person.brought_back"
    with world.portal.database.read() as session:
        assert session.scalars(select(Passkey).where(Passkey.ended_at.is_(None))).all() == []
        assert session.scalars(select(Identity)).all() == []
    assert refused(act, leaving.bring_back, ada) == "person_not_left"


def test_their_address_leads_back_to_them(world, act, ada):
    act(leaving.end, ada)

    def add() -> None:
        with world.portal.database.write() as session:
            names = people.Names("Ada", "Else", "Ada Else", "ada@example.com")
            people.add(session, names, actor=None, now=world.clock())

    assert refused(add) == "person_was_here"


def test_nobody_ends_themselves_or_who_holds_more_or_twice(world, act, ada, boss):
    with world.portal.database.write() as session:
        operator = world.records(session).person("operator", roles=[])
        grant(session, operator, roles.USER_ADMINISTRATOR, now=world.clock())
    assert refused(act, leaving.end, boss.id) == "person_self"
    assert refused(act, leaving.end, boss.id, operator) == "person_holds_more"
    act(leaving.end, ada)
    assert refused(act, leaving.end, ada) == "person_left"
    assert refused(act, suspension.suspend, ada) == "person_left"
    assert refused(act, suspension.let_in, ada) == "person_not_suspended"


def test_whoever_has_left_is_given_no_role(world, act, ada, boss):
    act(leaving.end, ada)

    def give() -> None:
        with world.portal.database.write() as session:
            actor, left = session.get_one(Person, boss.id), session.get_one(Person, ada)
            grant(session, left, roles.VIEW_ONLY, actor=actor, now=world.clock())

    assert refused(give) == "person_left"
