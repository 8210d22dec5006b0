"""Requests and people of them that are cancelled or expire. On both databases."""

from __future__ import annotations

import threading

import pytest

from models import Challenge, EnrolmentLink, Mail, MailState
from services import agent_tickets, links, mails, provisioning
from services.provisioning import closing
from services.refusal import Refusal
from tests.records import Records
from tests.services.provisioning.conftest import place, token

pytestmark = pytest.mark.usefixtures("house")
BROWSER = "a browser"


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


def test_cancelling_ends_what_an_agent_runs_with_a_link(
    request_for, work, provision, mailed, sent, do, clock, rows
):
    """An agent's ceremonies are bound to a secret of its own, not to that of the link."""
    request_for("Bob", "Cy")
    work()
    provision()
    work()
    mailed()

    def begun(session, found, letter):
        traded = agent_tickets.exchange_link(session, token(letter), "n" * 32, now=clock())
        running = Records(session, clock).challenge()
        running.session_hash = traded.ticket.agent_hash
        running.discard_at = running.expires_at

    for letter in sent:
        do(lambda *of, letter=letter: begun(*of, letter))
    do(
        lambda session, found: closing.cancel_person(
            session, place(session, found, "Bob"), actor=found["Uma"], now=clock()
        )
    )
    ended = [(one.taken_at, one.discard_at == clock()) for one in rows(Challenge)]
    assert sorted(ended, key=str) == [(None, False), (clock(), True)]


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
