from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from models import AttestationPolicy, EnrolmentLink, LinkPurpose, Passkey, Person, RoleGrant
from services import links, people, setup
from services.policies import Kind
from services.refusal import Refusal
from tests.records import Records

ADA = people.Names("Ada", "King", "Ada King", "ada@example.com")


def link(portal):
    with portal.database.write() as session:
        return setup.make_link(session, now=portal.now())


def begin(portal, made) -> links.Enrolment:
    with portal.database.write() as session:
        links.exchange(session, made.token, "browser", now=portal.now())
    with portal.database.read() as session:
        return links.enrolment(session, made.link.uuid, "browser", now=portal.now())


def describe(portal, own, names=ADA, kind=Kind.HID_CRESCENDO) -> Person:
    with portal.database.write() as session:
        return setup.describe(session, own, names, kind, now=portal.now())


def finish(portal, own, person) -> None:
    with portal.database.write() as session:
        passkey = Records(session, portal.now).passkey(session.get_one(Person, person.id))
        setup.finish(session, own, passkey, now=portal.now())


def count(portal, entity) -> int:
    with portal.database.read() as session:
        return len(session.scalars(select(entity)).all())


def test_the_administrator_and_the_key_come_together(portal):
    own = begin(portal, link(portal))
    person = describe(portal, own)
    assert count(portal, RoleGrant) == 0
    finish(portal, own, person)
    assert count(portal, RoleGrant) == count(portal, Passkey) == 1
    with portal.database.read() as session:
        assert setup.is_over(session)


def test_a_finish_that_fails_grants_nothing(portal):
    own = begin(portal, link(portal))
    person = describe(portal, own)
    link(portal)  # takes the first one back
    with pytest.raises(Refusal, match="link_revoked"):
        finish(portal, own, person)
    assert count(portal, RoleGrant) == count(portal, Passkey) == 0


def test_it_happens_once(portal):
    own = begin(portal, link(portal))
    person = describe(portal, own)
    finish(portal, own, person)
    for again in (
        lambda: link(portal),
        lambda: describe(portal, own),
        lambda: finish(portal, own, person),
    ):
        with pytest.raises(Refusal, match="setup_over"):
            again()
    assert count(portal, RoleGrant) == 1


def test_of_two_set_ups_that_end_at_once_one_counts(portal):
    """Two commands at the same moment may each leave a link that the other did not take back."""
    first = begin(portal, link(portal))
    person = describe(portal, first)
    with portal.database.write() as session:
        made = links.make(
            session,
            purpose=links.LinkPurpose.SETUP,
            person=session.get_one(Person, person.id),
            actor=None,
            lifetime=setup.LIFETIME,
            now=portal.now(),
        )
    second, codes = begin(portal, made), []

    def end() -> None:
        with pytest.raises(Refusal) as caught:
            finish(portal, second, person)
        codes.append(caught.value.code)

    late = threading.Thread(target=end)
    with portal.database.write() as session:
        passkey = Records(session, portal.now).passkey(session.get_one(Person, person.id))
        setup.finish(session, first, passkey, now=portal.now())
        late.start()
        late.join(0.3)  # it waits for our commit, on either database
        assert codes == []
    late.join(30)
    assert codes == ["setup_over"]
    assert count(portal, RoleGrant) == count(portal, Passkey) == 1


def test_only_the_newest_link_is_open(portal):
    made = [link(portal) for _ in range(3)]
    with portal.database.read() as session:
        states = [
            links.state(session.get_one(EnrolmentLink, one.link.id), now=portal.now())
            for one in made
        ]
    assert states == [links.LinkState.REVOKED, links.LinkState.REVOKED, links.LinkState.OPEN]


def test_the_same_answers_twice_change_nothing(portal):
    own = begin(portal, link(portal))
    assert describe(portal, own).id == describe(portal, own).id
    assert count(portal, AttestationPolicy) == 1
    describe(portal, own, kind=Kind.ANY)
    assert count(portal, AttestationPolicy) == 2


def test_an_ordinary_link_describes_nobody(portal, clock):
    with portal.database.write() as session:
        person = Records(session, clock).person("grace", roles=[])
        made = links.make(
            session,
            purpose=links.LinkPurpose.ENROL,
            person=person,
            actor=None,
            lifetime=setup.LIFETIME,
            now=clock(),
        )
    own = begin(portal, made)
    with pytest.raises(Refusal, match="link_unknown"):
        describe(portal, own)


def test_wrong_answers_are_refused_as_for_anyone(portal):
    own = begin(portal, link(portal))
    describe(portal, own)
    with pytest.raises(Refusal, match="person_email_wrong"):
        describe(portal, own, people.Names("A", "K", "Ada", "nobody"))
    with pytest.raises(Refusal, match="person_name_missing"):
        describe(portal, own, people.Names("A", "K", " ", "ada@example.com"))


def test_of_two_that_are_finished_at_once_one_wins(portal, monkeypatch):
    own = begin(portal, link(portal))
    person = describe(portal, own)
    with portal.database.write() as session:
        raced = links.make(
            session,
            purpose=LinkPurpose.SETUP,
            person=session.get_one(Person, person.id),
            actor=None,
            lifetime=setup.LIFETIME,
            now=portal.now(),
        )
    other = begin(portal, raced)
    finish(portal, own, person)
    monkeypatch.setattr(setup, "is_over", lambda session: False)  # as both saw it beforehand
    with pytest.raises(Refusal, match="setup_over"):
        finish(portal, other, person)
    assert count(portal, RoleGrant) == count(portal, Passkey) == 1
