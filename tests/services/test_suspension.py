"""Suspending people and letting them back in, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import AuditEvent, EnrolmentLink, LinkPurpose, Mail, MailState, Person
from models import Session as SessionRow
from services import links, roles, sessions, sign_up, suspension
from services.refusal import Refusal
from services.role_changes import grant
from tests.records import Records

HOUR = timedelta(hours=1)


@pytest.fixture
def person(any_portal, clock):
    def made(name: str, *held: str) -> Person:
        with any_portal.database.write() as session:
            added = Records(session, clock).person(name, roles=[])
            for role in held:
                grant(session, added, role, now=clock())
            return added

    return made


@pytest.fixture
def boss(person) -> Person:
    return person("boss", roles.ADMINISTRATOR)


@pytest.fixture
def ada(person) -> Person:
    return person("ada")


def act(portal, what, person: Person, actor: Person) -> Person:
    with portal.database.write() as session:
        return what(
            session,
            session.get_one(Person, person.id),
            actor=session.get_one(Person, actor.id),
            now=portal.now(),
        )


def suspend(portal, person, actor):
    return act(portal, suspension.suspend, person, actor)


def let_in(portal, person, actor):
    return act(portal, suspension.let_in, person, actor)


def refused(call, *arguments) -> str:
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.code


def signed_in(portal, person) -> str:
    with portal.database.write() as session:
        passkey = Records(session, portal.now).passkey(session.get_one(Person, person.id))
        token, _ = sessions.open_session(
            session, person_id=person.id, passkey_id=passkey.id, user_agent="", now=portal.now()
        )
        return token


def make_link(portal, person):
    with portal.database.write() as session:
        return links.make(
            session,
            purpose=LinkPurpose.ENROL,
            person=session.get_one(Person, person.id),
            actor=None,
            lifetime=HOUR,
            now=portal.now(),
        )


def test_everything_that_lets_them_in_ends_at_once(any_portal, boss, ada, clock):
    token = signed_in(any_portal, ada)
    made = make_link(any_portal, ada)
    with any_portal.database.write() as session:
        mail = Records(session, clock).mail(session.get_one(Person, ada.id)).id
    suspend(any_portal, ada, boss)
    assert sessions.look_up(any_portal, token) is None
    with any_portal.database.read() as session:
        assert refused(lambda: links.look(session, made.token, None, now=clock())) == "link_revoked"
        assert session.get_one(EnrolmentLink, made.link.id).revoked_at == clock()
        assert session.get_one(Mail, mail).state is MailState.STOPPED
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.tag == "person.suspended")
        ).one()
        assert session.scalars(select(SessionRow.ended_at)).one() == clock()
    assert event.actor_id == boss.id
    assert event.detail == {"sessions_ended": 1, "links_revoked": 1, "mails_stopped": 1}


def test_what_ended_stays_ended_when_they_are_let_in(any_portal, boss, ada):
    token = signed_in(any_portal, ada)
    made = make_link(any_portal, ada)
    suspend(any_portal, ada, boss)
    let_in(any_portal, ada, boss)
    assert sessions.look_up(any_portal, token) is None
    with any_portal.database.read() as session:
        code = refused(lambda: links.look(session, made.token, None, now=any_portal.now()))
    assert code == "link_revoked"
    assert sessions.look_up(any_portal, signed_in(any_portal, ada)) is not None


def test_no_session_is_opened_and_no_link_is_made_for_them(any_portal, boss, ada):
    suspend(any_portal, ada, boss)
    assert refused(signed_in, any_portal, ada) == "person_suspended"
    assert refused(make_link, any_portal, ada) == "person_inactive"


def test_they_do_not_come_back_by_signing_up(any_portal, boss, ada):
    make = LinkPurpose.SIGN_UP
    with any_portal.database.write() as session:
        found = session.get_one(Person, ada.id)
        links.make(
            session, purpose=make, person=found, actor=None, lifetime=HOUR, now=any_portal.now()
        )
        assert sign_up.may_begin_again(session, found)
    suspend(any_portal, ada, boss)
    with any_portal.database.read() as session:
        assert not sign_up.may_begin_again(session, session.get_one(Person, ada.id))


def test_their_own_links_for_others_stop_working(any_portal, boss, person, ada):
    operator = person("operator", roles.USER_ADMINISTRATOR)
    with any_portal.database.write() as session:
        made = links.make(
            session,
            purpose=LinkPurpose.ENROL,
            person=session.get_one(Person, ada.id),
            actor=session.get_one(Person, operator.id),
            lifetime=HOUR,
            now=any_portal.now(),
        )
    suspend(any_portal, operator, boss)
    with any_portal.database.read() as session:
        code = refused(lambda: links.look(session, made.token, None, now=any_portal.now()))
    assert code == "link_revoked"


def test_whoever_holds_more_cannot_be_suspended(any_portal, boss, person):
    operator = person("operator", roles.USER_ADMINISTRATOR)
    person("another", roles.ADMINISTRATOR)
    assert refused(suspend, any_portal, boss, operator) == "person_holds_more"


def test_whoever_holds_more_cannot_be_let_in(any_portal, boss, person):
    operator, another = (
        person("operator", roles.USER_ADMINISTRATOR),
        person("another", roles.ADMINISTRATOR),
    )
    suspend(any_portal, another, boss)
    assert refused(let_in, any_portal, another, operator) == "person_holds_more"


def test_a_suspended_actor_suspends_nobody(any_portal, boss, person, ada):
    another = person("another", roles.ADMINISTRATOR)
    suspend(any_portal, another, boss)
    assert refused(suspend, any_portal, boss, another) == "person_holds_more"


def test_nobody_decides_about_themselves(any_portal, boss, person):
    person("another", roles.ADMINISTRATOR)
    assert refused(suspend, any_portal, boss, boss) == "person_self"


def test_of_two_administrators_who_suspend_each_other_one_stays(any_portal, boss, person):
    another = person("another", roles.ADMINISTRATOR)
    together = threading.Barrier(2)
    said: list[str] = []

    def run(whom, actor) -> None:
        together.wait()
        try:
            suspend(any_portal, whom, actor)
        except Refusal as refusal:
            said.append(refusal.code)

    threads = [
        threading.Thread(target=run, args=pair) for pair in ((boss, another), (another, boss))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said and set(said) <= {"last_administrator", "person_holds_more"}
    with any_portal.database.read() as session:
        active = [one for one in session.scalars(select(Person)) if one.active]
    assert len(active) == 1


def test_suspending_or_letting_in_twice_is_said(any_portal, boss, ada):
    assert refused(let_in, any_portal, ada, boss) == "person_not_suspended"
    suspend(any_portal, ada, boss)
    assert refused(suspend, any_portal, ada, boss) == "person_suspended_already"
