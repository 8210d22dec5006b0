"""Editing people, on both databases; and the mail to the address that somebody had."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from models import AddressNotice, AuditEvent, LinkPurpose, Mail, MailState, Person
from services import address_mail, links, people, people_changes, roles, suspension
from services.refusal import Refusal
from services.role_changes import grant
from tests.mail_server import mail_server
from tests.records import Records


@pytest.fixture
def portal(any_portal):
    return any_portal


@pytest.fixture
def person(portal, clock):
    def made(name: str, *held: str) -> Person:
        with portal.database.write() as session:
            added = Records(session, clock).person(name, roles=[])
            for role in held:
                grant(session, added, role, now=clock())
            return added

    return made


@pytest.fixture
def operator(person) -> Person:
    return person("operator", roles.USER_ADMINISTRATOR)


@pytest.fixture
def ada(person) -> Person:
    return person("ada")


@pytest.fixture
def mailing(portal):
    with mail_server() as running:
        portal.settings = portal.settings.model_copy(
            update={"smtp_url": SecretStr(running.url), "mail_from": "keys@example.com"}
        )
        yield running


def edit(portal, person, actor, **changes) -> Person:
    known = {
        "given_name": person.given_name,
        "middle_name": person.middle_name,
        "family_name": person.family_name,
        "display_name": person.display_name,
        "email": person.email,
    }
    with portal.database.write() as session:
        return people_changes.edit(
            portal,
            session,
            session.get_one(Person, person.id),
            people.Names(**{**known, **changes}),
            actor=session.get_one(Person, actor.id),
        )


def refused(call, *arguments, **more) -> str:
    with pytest.raises(Refusal) as caught:
        call(*arguments, **more)
    return caught.value.code


def make_link(portal, person):
    with portal.database.write() as session:
        return links.make(
            session,
            purpose=LinkPurpose.ENROL,
            person=session.get_one(Person, person.id),
            actor=None,
            lifetime=timedelta(hours=1),
            now=portal.now(),
        )


def usable(portal, made) -> bool:
    with portal.database.read() as session:
        try:
            links.look(session, made.token, None, now=portal.now())
        except Refusal:
            return False
    return True


def events(portal, tag: str) -> list[AuditEvent]:
    with portal.database.read() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.tag == tag)))


def test_names_are_changed_and_links_go_on(portal, ada, operator):
    made = make_link(portal, ada)
    assert edit(portal, ada, operator, family_name="King").family_name == "King"
    assert usable(portal, made)
    [event] = events(portal, "person.edited")
    assert event.detail == {
        "before": {"family_name": "Example"},
        "after": {"family_name": "King"},
    }


def test_another_address_takes_back_what_is_on_its_way(portal, ada, operator, clock):
    made = make_link(portal, ada)
    with portal.database.write() as session:
        mail = Records(session, clock).mail(session.get_one(Person, ada.id)).id
    assert edit(portal, ada, operator, email="Ada@New.example.com").email == "ada@new.example.com"
    assert not usable(portal, made)
    with portal.database.read() as session:
        assert session.get_one(Mail, mail).state is MailState.STOPPED
    [event] = events(portal, "person.edited")
    assert event.detail["before"] == {"email": "ada@example.com"}
    assert event.detail["after"] == {"email": "ada@new.example.com"}
    assert (event.detail["links_revoked"], event.detail["mails_stopped"]) == (1, 1)


def test_the_old_address_is_told_and_not_the_new_one(portal, ada, operator, mailing):
    edit(portal, ada, operator, email="ada@new.example.com")
    assert address_mail.work(portal, worker="worker") == 1
    [mail] = mailing.mails
    assert "<ada@example.com>" in mail["To"]
    assert "new.example.com" not in mail.as_string()
    assert [event.detail["email"] for event in events(portal, "address.mailed")] == [
        "ada@example.com"
    ]


def test_nobody_is_told_where_there_is_no_mail_or_nothing_changed(
    portal, ada, operator, monkeypatch
):
    monkeypatch.setattr(address_mail, "configured", lambda _: False)
    edit(portal, ada, operator, email="ada@new.example.com")
    edit(portal, ada, operator, email="ADA@new.example.com")
    with portal.database.read() as session:
        assert session.scalars(select(AddressNotice)).all() == []
    assert len(events(portal, "person.edited")) == 1


def test_whoever_holds_more_keeps_their_address(portal, person, operator):
    """An e-mail change, then a link: the way to somebody else's account."""
    boss = person("boss", roles.ADMINISTRATOR)
    assert refused(edit, portal, boss, operator, email="mine@example.com") == "person_holds_more"
    assert refused(edit, portal, boss, operator, family_name="Else") == "person_holds_more"


def test_an_address_that_somebody_has_is_not_given_twice(portal, ada, operator):
    assert refused(edit, portal, ada, operator, email=operator.email) == "person_exists"


def test_what_cannot_be_an_address_is_refused(portal, ada, operator):
    assert refused(edit, portal, ada, operator, email="ada") == "person_email_wrong"
    assert refused(edit, portal, ada, operator, display_name=" ") == "person_name_missing"


def test_somebody_suspended_stays_so(portal, ada, person, operator):
    boss = person("boss", roles.ADMINISTRATOR)
    with portal.database.write() as session:
        suspension.suspend(
            session,
            session.get_one(Person, ada.id),
            actor=session.get_one(Person, boss.id),
            now=portal.now(),
        )
    assert not edit(portal, ada, operator, email="ada@new.example.com").active
