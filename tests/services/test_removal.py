"""Ending passkeys, on both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from models import AuditEvent, Delivery, Passkey, Person, Placement, PlacementState, RoleGrant
from models import Session as SessionRow
from services import removal, roles
from services.refusal import Refusal
from services.removal import Because
from tests.records import RP_ID, Records


@pytest.fixture
def records(portal, clock):
    """Make rows in a transaction of their own."""

    def made(make):
        with portal.database.write() as session:
            return make(Records(session, clock))

    return made


def person(records, name: str, *, administrator: bool = False) -> Person:
    def make(rows: Records) -> Person:
        held = [RoleGrant(role=roles.ADMINISTRATOR, granted_at=rows.clock())]
        return rows.person(name, roles=held if administrator else [])

    return records(make)


def passkeys(records, owner: Person, count: int = 1, **more) -> list[Passkey]:
    def make(rows: Records) -> list[Passkey]:
        found = rows.session.get_one(Person, owner.id)
        return [rows.passkey(found, **more) for _ in range(count)]

    return records(make)


def end(portal, passkey: Passkey, actor: Person, because: Because = Because.REMOVED) -> Passkey:
    with portal.database.write() as session:
        return removal.end(
            session,
            session.get_one(Passkey, passkey.id),
            because=because,
            actor=session.get_one(Person, actor.id),
            rp_id=RP_ID,
            now=portal.now(),
        )


def live(portal, owner: Person) -> int:
    with portal.database.read() as session:
        query = select(Passkey).where(Passkey.person_id == owner.id, Passkey.ended_at.is_(None))
        return len(session.scalars(query).all())


def test_a_removed_passkey_is_ended_with_its_sessions_and_stays_in_the_records(portal, records):
    grace = person(records, "grace")
    lost, kept = passkeys(records, grace, 2)
    records(lambda rows: [rows.browser_session(rows.session.get_one(Passkey, lost.id))])
    records(lambda rows: [rows.browser_session(rows.session.get_one(Passkey, kept.id))])
    ended = end(portal, lost, grace)
    assert (ended.ended_at, ended.ended_because) == (portal.now(), "removed")
    with portal.database.read() as session:
        ends = {row.passkey_id: row.ended_at for row in session.scalars(select(SessionRow))}
        event = session.scalars(select(AuditEvent)).one()
    assert ends == {lost.id: portal.now(), kept.id: None}
    assert (event.tag, event.actor_id, event.passkey_id) == ("passkey.ended", grace.id, lost.id)
    assert event.detail == {"nickname": "Work key", "because": "removed", "sessions_ended": 1}


def test_each_directory_that_was_to_hold_it_is_owed_its_removal(portal, records):
    grace = person(records, "grace")
    lost, kept = passkeys(records, grace, 2)

    def place(rows: Records) -> None:
        directory = rows.directory()
        for one in (lost, kept):
            rows.placement(rows.session.get_one(Passkey, one.id), directory)

    records(place)
    end(portal, lost, grace)
    with portal.database.read() as session:
        wanted = {row.passkey_id: row.wanted for row in session.scalars(select(Placement))}
        owed = session.scalars(select(Delivery)).one()
    assert wanted == {lost.id: PlacementState.ABSENT, kept.id: PlacementState.PRESENT}
    assert (owed.passkey_id, owed.cause) == (lost.id, "passkey.ended")


def test_what_is_ended_is_not_ended_again(portal, records):
    grace = person(records, "grace")
    [passkey] = passkeys(records, grace)
    end(portal, passkey, grace)
    with pytest.raises(Refusal, match="passkey_ended"):
        end(portal, passkey, grace, Because.LOST)
    with portal.database.read() as session:
        assert session.get_one(Passkey, passkey.id).ended_because == "removed"


def test_anybody_but_an_administrator_may_remove_their_last_passkey(portal, records):
    grace = person(records, "grace")
    [passkey] = passkeys(records, grace)
    with portal.database.read() as session:
        assert removal.is_last(session, passkey, rp_id=RP_ID)
    end(portal, passkey, grace)
    assert live(portal, grace) == 0


@pytest.mark.parametrize("useless", [{"maker": "a directory"}, {"rp_id": "example.net"}])
def test_an_administrator_keeps_a_passkey_that_signs_in_here(portal, records, useless):
    ada = person(records, "ada", administrator=True)
    [passkey] = passkeys(records, ada)
    [foreign] = passkeys(records, ada, **useless)
    with pytest.raises(Refusal, match="passkey_last"):
        end(portal, passkey, ada)
    assert live(portal, ada) == 2
    end(portal, foreign, ada)
    passkeys(records, ada)
    end(portal, passkey, ada)
    assert live(portal, ada) == 1


def test_another_administrator_cannot_end_the_last_passkey_of_one_either(portal, records):
    ada = person(records, "ada", administrator=True)
    [passkey] = passkeys(records, ada)
    bea = person(records, "bea", administrator=True)
    with pytest.raises(Refusal, match="passkey_last"):
        end(portal, passkey, bea, Because.LOST)


def test_nobody_ends_the_keys_of_somebody_who_holds_more(portal, records, monkeypatch):
    ada = person(records, "ada", administrator=True)
    passkey, _ = passkeys(records, ada, 2)
    grace = person(records, "grace")
    with pytest.raises(Refusal, match="person_holds_more"):
        end(portal, passkey, grace, Because.LOST)
    assert live(portal, ada) == 2
    [hers] = passkeys(records, grace)
    assert end(portal, hers, ada, Because.LOST).ended_because == "lost"


def test_of_two_who_remove_the_last_two_keys_of_an_administrator_one_is_refused(portal, records):
    ada = person(records, "ada", administrator=True)
    both = passkeys(records, ada, 2)
    together = threading.Barrier(2)
    codes: list[str] = []

    def remove(passkey: Passkey) -> None:
        together.wait(10)
        try:
            end(portal, passkey, ada)
        except Refusal as refusal:
            codes.append(refusal.code)

    threads = [threading.Thread(target=remove, args=(passkey,)) for passkey in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert codes == ["passkey_last"]
    assert live(portal, ada) == 1


def test_one_passkey_is_ended_once_however_often_at_once(portal, records):
    grace = person(records, "grace")
    passkey, _ = passkeys(records, grace, 2)
    together = threading.Barrier(2)
    codes: list[str] = []

    def remove() -> None:
        together.wait(10)
        try:
            end(portal, passkey, grace)
        except Refusal as refusal:
            codes.append(refusal.code)

    threads = [threading.Thread(target=remove) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert codes == ["passkey_ended"]
    with portal.database.read() as session:
        assert len(session.scalars(select(AuditEvent)).all()) == 1
