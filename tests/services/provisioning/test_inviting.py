"""Links of a request: mailed once, reminded of, made anew, and given up. On both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Driver, EnrolmentLink, Mail, Role
from services import links, mails, role_changes
from services.mail import MailFailed
from services.provisioning import inviting
from services.refusal import Refusal
from tests.records import Records
from tests.services.provisioning.conftest import place, token

pytestmark = pytest.mark.usefixtures("house")
BROWSER = "a browser"


def test_everybody_is_sent_one_link_and_the_request_has_started(
    request_for, work, provision, mailed, states, request_state, sent
):
    request_for("Bob", "Cy")
    work()
    assert request_state() == "pending"
    assert provision()
    work()
    assert mailed() == ["bob@example.com", "cy@example.com"]
    assert request_state() == "started"
    assert states() == {"Bob": ("pending", None), "Cy": ("pending", None)}
    work(hours=1)
    assert mailed() == []


def test_provisioning_that_is_asked_for_while_people_are_still_taken_in_reaches_all_of_them(
    request_for, work, provision, mailed
):
    request_for("Bob", "Cy")
    assert provision()
    work()
    assert mailed() == ["bob@example.com", "cy@example.com"]


def test_two_operators_who_press_at_once_send_one_mail_each(request_for, work, provision, rows):
    request_for("Bob", "Cy")
    work()
    start = threading.Barrier(2)
    said = []

    def press(by):
        start.wait()
        said.append(provision(by))

    both = [threading.Thread(target=press, args=(by,)) for by in ("Uma", "Ada")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    work()
    assert sorted(said) == [False, True]
    assert len(rows(Mail)) == 2


def test_whoever_gets_another_mail_already_is_sent_theirs_after_it(
    request_for, work, provision, mailed, do, portal
):
    request_for("Bob")
    work()
    do(
        lambda session, found: mails.owe_link(
            portal,
            session,
            purpose=mails.LinkPurpose.RECOVER,
            person=found["Bob"],
            actor=found["Uma"],
            lifetime=timedelta(hours=1),
        )
    )
    provision()
    work()
    assert mailed() == ["bob@example.com"]
    work(minutes=1)
    assert mailed() == ["bob@example.com"]


def test_the_mail_says_what_the_key_opens_and_until_when_in_text_and_in_html(
    request_for, work, provision, mailed, sent, ory, do, clock
):
    request_for("Bob", directories=[ory])
    work()
    provision()
    work()
    mailed()
    (letter,) = sent
    for part in (letter.text, letter.html):
        assert "It will open Ory." in part
        assert f"{(clock() + timedelta(days=10)).date():%B %Y}" in part
    assert token(letter) in letter.html


def test_the_link_of_a_mail_is_the_persons_and_starts_them_when_it_is_begun_with(
    request_for, work, provision, mailed, sent, do, clock, states
):
    request_for("Bob")
    work()
    provision()
    work()
    mailed()
    link = do(lambda session, found: links.exchange(session, token(sent[0]), BROWSER, now=clock()))
    assert link.person.given_name == "Bob"
    assert states()["Bob"] == ("started", None)


def test_nobody_is_reminded_within_a_day_nor_when_done_nor_in_the_middle_of_it(
    request_for, work, provision, mailed, sent, do, portal, clock
):
    request_for("Bob", "Cy")
    work()
    provision()
    work()
    mailed()

    def remind():
        return do(
            lambda session, found: inviting.remind(
                portal, session, found["Keys"], actor=found["Uma"]
            )
        )

    with pytest.raises(Refusal) as refused:
        remind()
    assert refused.value.code == "reminded_already"
    clock.forward(days=1, minutes=1)
    do(lambda session, found: links.exchange(session, token(sent[0]), BROWSER, now=clock()))
    assert remind() == 1
    work()
    assert mailed() == ["cy@example.com"]
    assert "Reminder" in sent[-1].subject or "reminder" in sent[-1].subject
    with pytest.raises(Refusal):
        remind()


def test_a_reminder_and_a_new_link_kill_the_one_before(
    request_for, work, provision, mailed, sent, do, portal, clock
):
    request_for("Bob")
    work()
    provision()
    work()
    mailed()
    old = token(sent[0])
    do(
        lambda session, found: inviting.send(
            portal, session, place(session, found, "Bob"), actor=found["Uma"]
        )
    )
    with pytest.raises(Refusal) as refused:
        do(lambda session, found: links.look(session, old, None, now=clock()))
    assert refused.value.code == "link_revoked"
    assert mailed() == ["bob@example.com"]
    do(lambda session, found: links.look(session, token(sent[-1]), None, now=clock()))


def test_a_link_that_is_shown_kills_the_one_before(request_for, work, do, clock, rows):
    request_for("Bob")
    work()
    for _ in range(2):
        do(
            lambda session, found: inviting.show(
                session, place(session, found, "Bob"), actor=found["Uma"], now=clock()
            )
        )
    assert [one.revoked_at is None for one in rows(EnrolmentLink)] == [False, True]


def test_a_request_at_a_desk_mails_nobody_by_itself(request_for, work, provision):
    request_for("Bob", driver=Driver.DESK)
    work()
    with pytest.raises(Refusal) as refused:
        provision()
    assert refused.value.code == "request_at_desk"


def test_a_mail_that_is_given_up_fails_the_person_and_another_one_leads_on(
    request_for, work, provision, do, portal, states, request_state, monkeypatch, sent, mailed
):
    request_for("Bob")
    work()
    provision()
    work()

    def fail(settings, letter, now):
        raise MailFailed("The mail server answered 550: no such user", again=False)

    with monkeypatch.context() as broken:
        broken.setattr("services.mails.send", fail)
        mails.work(portal, worker="test")
    work()
    assert states()["Bob"] == ("failed", "mail_failed")
    assert request_state() == "failed"
    do(
        lambda session, found: inviting.send(
            portal, session, place(session, found, "Bob"), actor=found["Uma"]
        )
    )
    assert states()["Bob"] == ("pending", None)
    assert mailed() == ["bob@example.com"]
    assert request_state() == "started"


def test_a_link_dies_with_the_right_of_whoever_had_it_sent(
    request_for, work, provision, mailed, sent, do, clock
):
    request_for("Bob")
    work()
    provision()
    work()
    mailed()
    do(
        lambda session, found: role_changes.revoke(
            session, found["Uma"], "user_administrator", actor=found["Ada"], now=clock()
        )
    )
    with pytest.raises(Refusal) as refused:
        do(lambda session, found: links.look(session, token(sent[0]), None, now=clock()))
    assert refused.value.code == "link_revoked"


def test_whoever_may_run_requests_needs_no_right_to_make_other_links(
    request_for, work, provision, mailed, sent, do, clock
):
    def give(session, found):
        role = Records(session, clock).role(privileges=["requests.run"])
        role_changes.grant(session, found["Cy"], str(role.uuid), actor=None, now=clock())

    request_for("Bob")
    work()
    do(give)
    assert provision("Cy")
    work()
    assert mailed() == ["bob@example.com"]
    do(lambda session, found: links.look(session, token(sent[0]), None, now=clock()))
    assert do(lambda session, found: session.scalar(select(Role.name))) is not None


def test_whoever_may_do_more_than_the_sender_gets_no_link_until_somebody_who_may_sends_it(
    request_for, work, provision, mailed, do, portal, states
):
    request_for("Uma", "Bob", by="Ada")
    work()

    def limit(session, found):
        role = Records(session, portal.now).role(privileges=["requests.run"])
        role_changes.grant(session, found["Cy"], str(role.uuid), actor=None, now=portal.now())

    do(limit)
    provision("Cy")
    work()
    assert states() == {"Uma": ("failed", "not_sent"), "Bob": ("pending", None)}
    assert mailed() == ["bob@example.com"]
    with pytest.raises(Refusal) as refused:
        do(
            lambda session, found: inviting.send(
                portal, session, place(session, found, "Uma"), actor=found["Cy"]
            )
        )
    assert refused.value.code == "person_holds_more"
    do(
        lambda session, found: inviting.send(
            portal, session, place(session, found, "Uma"), actor=found["Ada"]
        )
    )
    assert mailed() == ["uma@example.com"]
    assert states()["Uma"] == ("pending", None)
