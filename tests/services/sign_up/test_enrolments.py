"""What a right code begins, and what keeps it from ending in an account of somebody else."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from models import EnrolmentLink, Passkey, Person
from services import (
    people,
    people_changes,
    role_changes,
    roles,
)
from services.refusal import Refusal
from tests.records import Records
from tests.services.sign_up.conftest import (
    BROWSER,
    GRACE,
    OTHER,
    begin,
    enter,
    finish,
    mailed,
    rows,
)


def test_of_two_browsers_with_codes_the_first_key_wins(portal, server):
    enter(portal, mailed(portal, server))
    enter(portal, mailed(portal, server, browser=OTHER), browser=OTHER)
    finish(portal, begin(portal))
    with pytest.raises(Refusal, match="sign_up_known"):
        begin(portal, browser=OTHER, enrolment="the other")
    assert len(rows(portal, Person)) == 1


def test_the_newer_of_two_enrolments_goes_on(portal, server):
    enter(portal, mailed(portal, server))
    enter(portal, mailed(portal, server, browser=OTHER), browser=OTHER)
    older = begin(portal)
    newer = begin(portal, browser=OTHER, enrolment="the other")
    assert older.person_id == newer.person_id
    with pytest.raises(Refusal, match="link_revoked") as refused:
        finish(portal, older)
    assert "newer code" in refused.value.sentence
    finish(portal, newer, "the other")
    [passkey] = rows(portal, Passkey)
    assert passkey.person_id == newer.person_id


def test_two_browsers_that_give_their_name_at_the_same_moment_make_one_person(portal, server):
    enter(portal, mailed(portal, server))
    enter(portal, mailed(portal, server, browser=OTHER), browser=OTHER)
    outcomes = []

    def go(browser, enrolment):
        try:
            outcomes.append(begin(portal, browser, enrolment).uuid)
        except Refusal as refusal:
            outcomes.append(refusal.code)

    both = [
        threading.Thread(target=go, args=args)
        for args in ((BROWSER, "her browser"), (OTHER, "the other"))
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(rows(portal, Person)) == 1
    living = [link for link in rows(portal, EnrolmentLink) if link.revoked_at is None]
    assert len(living) == 1
    assert len(outcomes) == 2


def test_a_sign_up_that_was_left_is_begun_again_by_a_new_code(portal, server, clock):
    enter(portal, mailed(portal, server))
    begin(portal)
    clock.forward(hours=2)
    enter(portal, mailed(portal, server, browser=OTHER), browser=OTHER)
    link = begin(portal, browser=OTHER, enrolment="the other", given="Amazing Grace")
    finish(portal, link, "the other")
    [person] = rows(portal, Person)
    assert person.display_name == "Amazing Grace Hopper"


def test_an_address_that_is_changed_meanwhile_is_not_taken_over(portal, server, clock):
    enter(portal, mailed(portal, server))
    left = begin(portal)
    enter(portal, mailed(portal, server))
    with portal.database.write() as session:
        ada = Records(session, clock).person("ada")
        role_changes.grant(session, ada, roles.ADMINISTRATOR, now=clock())
    begun = []
    late = threading.Thread(target=lambda: begun.append(begin(portal)))
    with portal.database.write() as session:
        people_changes.edit(
            portal,
            session,
            session.get_one(Person, left.person_id),
            people.Names("Mary", "Jackson", "Mary Jackson", "mary@example.com"),
            actor=session.get_one(Person, ada.id),
        )
        late.start()
        late.join(timeout=2)  # it waits here for what is not committed yet
    late.join(timeout=30)
    with portal.database.read() as session:
        names = {one.email: one.display_name for one in session.scalars(select(Person))}
        whose = session.get_one(Person, begun[0].person_id).email
    assert (whose, names["mary@example.com"]) == (GRACE, "Mary Jackson")


def test_a_key_that_the_person_got_meanwhile_ends_the_sign_up(portal, server, clock):
    enter(portal, mailed(portal, server))
    link = begin(portal)
    with portal.database.write() as session:
        Records(session, clock).passkey(session.get_one(Person, link.person_id))
    with pytest.raises(Refusal, match="sign_up_known"):
        finish(portal, link)
    assert len(rows(portal, Passkey)) == 1
    assert rows(portal, EnrolmentLink)[0].finished_at is None


def test_a_role_that_the_person_got_meanwhile_ends_the_sign_up(portal, server, clock):
    enter(portal, mailed(portal, server))
    link = begin(portal)
    with portal.database.write() as session:
        grace = session.get_one(Person, link.person_id)
        role_changes.grant(session, grace, roles.ADMINISTRATOR, now=clock())
    with pytest.raises(Refusal, match="sign_up_known"):
        finish(portal, link)
    assert rows(portal, Passkey) == []


def test_no_name_without_a_right_code(portal, server):
    for prepare in (lambda: None, lambda: mailed(portal, server)):
        prepare()
        with pytest.raises(Refusal, match="sign_up_over"):
            begin(portal)
    assert rows(portal, Person) == []


def test_an_hour_after_the_request_nothing_of_it_goes_on(portal, server, clock):
    enter(portal, mailed(portal, server))
    clock.forward(hours=1)
    with pytest.raises(Refusal, match="sign_up_over"):
        begin(portal)
