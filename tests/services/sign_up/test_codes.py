"""A code proves a mailbox, once, in the browser that asked; it opens no account."""

from __future__ import annotations

import threading

import pytest

from models import AuditEvent, EnrolmentLink, MailState, Person, SignUpCode
from services import (
    links,
    role_changes,
    roles,
    sign_up,
    sign_up_mail,
)
from services.refusal import Refusal
from services.sign_up import TRIES, Step
from tests.records import Records
from tests.services.sign_up.conftest import (
    GRACE,
    OTHER,
    ask,
    begin,
    enter,
    mailed,
    rows,
    wrong,
)


def test_nothing_secret_waits_and_nobody_is_made_before_the_code_was_right(portal, server):
    row = ask(portal)
    assert (row.code_hash, row.open_until) == (None, None)
    assert rows(portal, Person) == rows(portal, EnrolmentLink) == []


def test_the_code_comes_by_mail_and_leads_on(portal, server):
    code = mailed(portal, server)
    assert server.recipients == ["rcpt TO:<grace@example.com>"]
    assert code in server.mails[0].get_body(("html",)).get_content()
    assert code not in server.mails[0]["Subject"]
    assert enter(portal, code)
    [row] = rows(portal, SignUpCode)
    assert (row.state, sign_up.step(row)) == (MailState.SENT, Step.NAME)


def test_a_right_code_begins_an_enrolment_of_a_new_person(portal, server, clock):
    enter(portal, mailed(portal, server))
    link = begin(portal)
    [person] = rows(portal, Person)
    assert (person.email, person.display_name, person.roles) == (GRACE, "Grace Hopper", [])
    assert link.person_id == person.id
    with portal.database.read() as session:
        own = links.enrolment(session, link.uuid, "her browser", now=clock())
        with pytest.raises(Refusal, match="link_unknown"):
            links.enrolment(session, link.uuid, "another browser", now=clock())
    assert not own.finished


def test_sent_twice_the_name_begins_one_enrolment(portal, server):
    enter(portal, mailed(portal, server))
    assert begin(portal).id == begin(portal, given="Else").id
    assert len(rows(portal, Person)) == 1


def test_a_code_is_used_once(portal, server):
    code = mailed(portal, server)
    assert enter(portal, code)
    assert not enter(portal, code)


def test_five_wrong_tries_kill_it(portal, server):
    code = mailed(portal, server)
    assert [enter(portal, wrong(code)) for _ in range(TRIES)] == [False] * TRIES
    assert not enter(portal, code)
    assert rows(portal, SignUpCode)[0].tries == TRIES
    assert [event.tag for event in rows(portal, AuditEvent)][-1] == "sign_up.code_dead"


def test_the_fifth_try_may_be_right(portal, server):
    code = mailed(portal, server)
    for _ in range(TRIES - 1):
        enter(portal, wrong(code))
    assert enter(portal, code)


def test_tries_at_the_same_moment_are_all_counted(portal, server):
    code = mailed(portal, server)
    answers = []
    tries = [
        threading.Thread(target=lambda: answers.append(enter(portal, wrong(code))))
        for _ in range(2 * TRIES)
    ]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert answers == [False] * (2 * TRIES)
    assert rows(portal, SignUpCode)[0].tries == TRIES


def test_a_code_entered_twice_at_the_same_moment_leads_on_once(portal, server):
    code = mailed(portal, server)
    answers = []
    tries = [threading.Thread(target=lambda: answers.append(enter(portal, code))) for _ in range(4)]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert sorted(answers) == [False, False, False, True]


def test_ten_minutes_after_it_was_sent_it_is_dead(portal, server, clock):
    ask(portal)
    clock.forward(minutes=9)
    sign_up_mail.work(portal, worker="w")
    [code] = server.codes()
    clock.forward(minutes=10)
    assert not enter(portal, code)


def test_just_before_that_it_lives(portal, server, clock):
    code = mailed(portal, server)
    clock.forward(minutes=9, seconds=59)
    assert enter(portal, code)


def test_another_browser_cannot_use_it(portal, server):
    code = mailed(portal, server)
    ask(portal, browser=OTHER, email="else@example.com")
    assert not enter(portal, code, browser=OTHER)
    assert not enter(portal, code, browser=b"?" * 32)
    assert enter(portal, code)


def test_a_new_request_replaces_the_older_code_of_its_browser(portal, server):
    older = mailed(portal, server)
    newer = mailed(portal, server)
    assert older == newer or not enter(portal, older)
    assert enter(portal, newer)


def test_a_request_that_was_replaced_before_it_was_sent_sends_nothing(portal, server):
    ask(portal)
    ask(portal, email="ada@example.com")
    sign_up_mail.work(portal, worker="w")
    assert server.recipients == ["rcpt TO:<ada@example.com>"]


def test_an_account_gets_other_mail_and_no_digits_open_it(portal, server, clock):
    with portal.database.write() as session:
        records = Records(session, clock)
        records.passkey(records.person("grace"))
    ask(portal)
    sign_up_mail.work(portal, worker="w")
    [text] = server.texts()
    assert "You have an account there already" in text
    assert "http://localhost:5000/sign-in" in text
    assert "one to recover" in text
    assert server.codes() == []
    [row] = rows(portal, SignUpCode)
    assert row.code_hash is None
    for _ in range(TRIES):
        assert not enter(portal, "000000")
    assert rows(portal, SignUpCode)[0].tries == TRIES, "counted just as for a stranger"


def account(portal, clock, kind: str) -> None:
    with portal.database.write() as session:
        records = Records(session, clock)
        grace = records.person("grace")
        if kind == "a key that was ended":
            records.passkey(grace, ended_at=clock())
        elif kind == "a role":
            role_changes.grant(session, grace, roles.ADMINISTRATOR, now=clock())


@pytest.mark.parametrize("kind", ["an operator's record", "a key that was ended", "a role"])
def test_whatever_has_a_record_gets_no_code(portal, server, clock, kind):
    account(portal, clock, kind)
    ask(portal)
    sign_up_mail.work(portal, worker="w")
    assert len(server.mails) == 1
    assert server.codes() == []


@pytest.mark.parametrize("kind", ["an operator's record", "a key that was ended", "a role"])
def test_an_account_that_came_after_the_code_is_left_alone(portal, server, clock, kind):
    enter(portal, mailed(portal, server))
    account(portal, clock, kind)
    with pytest.raises(Refusal, match="sign_up_known"):
        begin(portal)
    assert rows(portal, EnrolmentLink) == []
