"""Links of a request: mailed once, reminded of, made anew, and given up. On both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Driver, EnrolmentLink, Mail, MailState, RequestPerson, Role
from services import links, mails, provisioning, role_changes
from services.mail import MailFailed
from services.provisioning import closing, inviting
from services.refusal import Refusal
from tests.records import Records

pytestmark = pytest.mark.usefixtures("house")
BROWSER = "a browser"


@pytest.fixture
def provision(portal, do):
    def run(by="Uma"):
        return do(
            lambda session, found: inviting.provision(
                portal, session, found["Keys"], actor=found[by]
            )
        )

    return run


@pytest.fixture
def mailed(portal, sent):
    """Let the worker send the mails that are owed; the addresses they went to."""

    def run():
        before = len(sent)
        mails.work(portal, worker="test")
        return [letter.address for letter in sent[before:]]

    return run


def place(session, found, name):
    return session.scalar(select(RequestPerson).where(RequestPerson.person_id == found[name].id))


def token(letter):
    return next(word for word in letter.text.split() if "/links/" in word).rpartition("/")[2]


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


def test_cancelling_kills_links_mails_and_what_runs_in_them(
    request_for, work, provision, mailed, sent, do, clock, states, request_state, rows
):
    request_for("Bob", "Cy")
    work()
    provision()
    work()
    mailed()
    browser = do(
        lambda session, found: links.exchange(session, token(sent[0]), BROWSER, now=clock())
    )
    do(
        lambda session, found: closing.cancel(
            session, found["Keys"], actor=found["Uma"], now=clock()
        )
    )
    assert states() == {"Bob": ("cancelled", None), "Cy": ("cancelled", None)}
    assert request_state() == "cancelled"
    for letter in sent:
        with pytest.raises(Refusal):
            do(
                lambda session, found, letter=letter: links.look(
                    session, token(letter), BROWSER, now=clock()
                )
            )

    def late(session, found):
        passkey = Records(session, clock).passkey(found["Bob"])
        provisioning.finished(session, place(session, found, "Bob"), passkey, now=clock())

    with pytest.raises(Refusal) as refused:
        do(late)
    assert refused.value.code == "request_closed"
    assert browser.request_person_id is not None


def test_cancelling_and_provisioning_at_once_leave_no_living_link(
    request_for, work, provision, do, portal, clock, sent, rows, request_state
):
    request_for("Bob", "Cy")
    work()
    provision()
    work()
    start = threading.Barrier(2)

    def cancel():
        start.wait()
        do(
            lambda session, found: closing.cancel(
                session, found["Keys"], actor=found["Ada"], now=clock()
            )
        )

    def mail():
        start.wait()
        mails.work(portal, worker="test")

    both = [threading.Thread(target=one) for one in (cancel, mail)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    mails.work(portal, worker="test")
    assert request_state() == "cancelled"
    assert all(one.revoked_at is not None for one in rows(EnrolmentLink))
    assert all(one.state is not MailState.WAITING for one in rows(Mail))


def test_one_person_is_given_up_and_the_others_go_on(
    request_for, work, provision, do, clock, states, request_state, mailed
):
    request_for("Bob", "Cy")
    work()
    provision()
    work()
    do(
        lambda session, found: closing.cancel_person(
            session, place(session, found, "Bob"), actor=found["Uma"], now=clock()
        )
    )
    assert mailed() == ["cy@example.com"]
    assert states() == {"Bob": ("cancelled", None), "Cy": ("pending", None)}
    assert request_state() == "started"


def test_a_request_expires_with_its_last_day_and_its_links_die(
    request_for, work, provision, mailed, sent, do, clock, states, request_state, rows
):
    request_for("Bob")
    work()
    provision()
    work()
    mailed()
    work(days=12)
    assert states()["Bob"] == ("expired", None)
    assert request_state() == "expired"
    assert rows(EnrolmentLink)[0].revoked_at is not None
    assert work(days=1) == 0


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
