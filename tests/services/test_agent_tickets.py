from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import AgentTicket, AuditEvent, EnrolmentLink, Passkey, Person, Session
from services import agent_tickets, links, sessions
from services.agent_tickets import LIFETIME, REFUSALS, Word
from services.ceremonies import Purpose
from services.links import TIME_TO_FINISH
from services.refusal import Refusal
from tests.records import Records

NONCE = "n" * 43
OTHER = "o" * 43


@pytest.fixture
def ada(portal, clock) -> Person:
    with portal.database.write() as session:
        return Records(session, clock).person("ada", roles=[])


@pytest.fixture
def browser(portal, clock, ada) -> Session:
    """Ada's signed-in browser."""
    with portal.database.write() as session:
        rows = Records(session, clock)
        return rows.browser_session(rows.passkey(session.get_one(Person, ada.id)))


@pytest.fixture
def link(portal, clock, ada) -> EnrolmentLink:
    """A link that a browser of Ada's has exchanged."""
    with portal.database.write() as session:
        made = links.make(
            session,
            purpose=links.LinkPurpose.ENROL,
            person=session.get_one(Person, ada.id),
            actor=None,
            lifetime=timedelta(hours=1),
            now=clock(),
        )
        return links.exchange(session, made.token, "a browser's secret", now=clock())


def make(portal, ada, *, link=None, browser=None, purpose=None):
    with portal.database.write() as session:
        return agent_tickets.make(
            session,
            purpose=purpose or (Purpose.ENROL if link else Purpose.ADD),
            subject="",
            person=session.get_one(Person, ada.id),
            directory=None,
            link=session.get_one(EnrolmentLink, link.id) if link else None,
            session_row=session.get_one(Session, browser.id) if browser else None,
            now=portal.now(),
        )


def look(portal, token):
    with portal.database.read() as session:
        return agent_tickets.look(session, token, now=portal.now())


def exchange(portal, token, nonce=NONCE):
    with portal.database.write() as session:
        return agent_tickets.exchange(session, token, nonce, now=portal.now())


def state(portal, made):
    with portal.database.read() as session:
        return agent_tickets.state(session, made.ticket, now=portal.now())


def change(portal, row, **values):
    with portal.database.write() as session:
        found = session.get_one(type(row), row.id)
        for name, value in values.items():
            setattr(found, name, value)


def code(call, *arguments) -> str:
    with pytest.raises(Refusal) as refused:
        call(*arguments)
    return refused.value.code


def test_a_token_is_traded_for_a_secret_of_which_only_the_hash_is_kept(portal, ada, browser):
    made = make(portal, ada, browser=browser)
    traded = exchange(portal, made.token)
    assert traded.ticket.id == made.ticket.id
    with portal.database.read() as session:
        row = session.get_one(AgentTicket, made.ticket.id)
        kept = repr({name: getattr(row, name) for name in row.__table__.columns.keys()})  # noqa: SIM118
        assert agent_tickets.of_secret(session, traded.secret).id == row.id
    assert made.token not in kept
    assert traded.secret not in kept
    assert row.agent_hash == sessions.digest(traded.secret)


def test_looking_trades_nothing(portal, ada, browser):
    made = make(portal, ada, browser=browser)
    look(portal, made.token)
    assert look(portal, made.token).exchanged_at is None
    exchange(portal, made.token)


def test_a_token_that_was_used_says_so(portal, ada, browser):
    made = make(portal, ada, browser=browser)
    exchange(portal, made.token)
    assert code(exchange, portal, made.token, OTHER) == "agent_token_used"
    assert code(look, portal, made.token) == "agent_token_used"


def test_the_same_trade_asked_for_again_gets_the_same(portal, ada, browser):
    made = make(portal, ada, browser=browser)
    first = exchange(portal, made.token)
    assert exchange(portal, made.token).secret == first.secret
    with portal.database.read() as session:
        begun = session.scalars(select(AuditEvent).where(AuditEvent.tag == "agent.begun")).all()
    assert len(begun) == 1


def test_of_two_agents_at_once_one_wins(portal, ada, browser):
    made = make(portal, ada, browser=browser)
    together = threading.Barrier(2)

    def race(nonce):
        together.wait()
        try:
            return exchange(portal, made.token, nonce).secret
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(race, [NONCE, OTHER]))
    assert outcomes.count("agent_token_used") == 1


def test_a_token_that_never_was_says_so(portal):
    assert code(exchange, portal, "t" * 43) == "agent_token_unknown"


def test_an_agent_must_be_able_to_be_told_apart(portal, ada, browser):
    made = make(portal, ada, browser=browser)
    assert code(exchange, portal, made.token, "short") == "agent_nonce_short"
    exchange(portal, made.token)


def test_a_secret_that_never_was_says_so(portal):
    with portal.database.read() as session:
        assert code(agent_tickets.of_secret, session, "s" * 43) == "agent_secret_unknown"


def test_a_token_expires(portal, ada, browser, clock):
    made = make(portal, ada, browser=browser)
    clock.moment += LIFETIME
    assert code(exchange, portal, made.token) == "agent_token_expired"
    assert state(portal, made).word is Word.EXPIRED


def test_the_trade_gives_the_touch_time_of_its_own(portal, ada, browser, clock):
    made = make(portal, ada, browser=browser)
    clock.forward(minutes=14)
    traded = exchange(portal, made.token)
    clock.forward(minutes=14)
    assert exchange(portal, made.token).secret == traded.secret
    clock.forward(minutes=1)
    assert code(exchange, portal, made.token) == "agent_token_expired"


def test_a_ticket_that_is_taken_back_says_so(portal, ada, browser):
    made = make(portal, ada, browser=browser)
    with portal.database.write() as session:
        agent_tickets.revoke(session, made.ticket, now=portal.now())
    assert code(exchange, portal, made.token) == "agent_token_revoked"
    assert (state(portal, made).word, state(portal, made).code) == (
        Word.ENDED,
        "agent_token_revoked",
    )


def test_a_ticket_dies_with_its_person(portal, ada, browser, clock):
    made = make(portal, ada, browser=browser)
    exchange(portal, made.token)
    change(portal, ada, suspended_at=clock())
    assert code(exchange, portal, made.token) == "person_suspended"


def test_nobody_suspended_gets_a_ticket(portal, ada, browser, clock):
    change(portal, ada, suspended_at=clock())
    with pytest.raises(Refusal) as refused:
        make(portal, ada, browser=browser)
    assert refused.value.code == "person_suspended"


def test_a_ticket_dies_with_the_browser_that_made_it(portal, ada, browser, clock):
    made = make(portal, ada, browser=browser)
    change(portal, browser, ended_at=clock())
    assert code(exchange, portal, made.token) == "agent_page_closed"
    assert not state(portal, made).waits


def test_a_ticket_dies_with_the_passkey_that_its_browser_signed_in_with(
    portal, ada, browser, clock
):
    made = make(portal, ada, browser=browser)
    with portal.database.write() as session:
        session.get_one(Passkey, browser.passkey_id).ended_at = clock()
    assert code(exchange, portal, made.token) == "agent_page_closed"


def test_a_ticket_dies_with_its_link(portal, ada, link, clock):
    made = make(portal, ada, link=link)
    exchange(portal, made.token)
    change(portal, link, revoked_at=clock())
    assert code(exchange, portal, made.token) == "link_revoked"


def test_a_ticket_of_a_link_that_was_finished_meanwhile_says_so(portal, ada, link, clock):
    made = make(portal, ada, link=link)
    change(portal, link, finished_at=clock())
    assert code(exchange, portal, made.token) == "link_finished"
    assert state(portal, made).word is Word.ENDED


def test_a_ticket_of_a_link_that_expired_says_so(portal, ada, link, clock):
    clock.forward(hours=2)
    made = make(portal, ada, link=link)
    assert code(exchange, portal, made.token) == "link_expired"


def test_a_ticket_needs_something_to_die_with(portal, ada, browser, link):
    with pytest.raises(ValueError, match="add"):
        make(portal, ada)
    with pytest.raises(ValueError, match="enrol"):
        make(portal, ada, link=link, browser=browser)
    with pytest.raises(ValueError, match="sign-in"):
        make(portal, ada, browser=browser, purpose=Purpose.SIGN_IN)


def test_the_page_that_waits_sees_how_far_it_is(portal, ada, browser, clock):
    made = make(portal, ada, browser=browser)
    assert state(portal, made).word is Word.WAITING
    exchange(portal, made.token)
    assert state(portal, made).word is Word.BEGUN
    change(portal, made.ticket, outcome={"code": "origin_wrong", "sentence": "No."})
    assert (state(portal, made).word, state(portal, made).sentence) == (Word.BEGUN, "No.")
    change(portal, made.ticket, outcome=None, finished_at=clock())
    assert state(portal, made).word is Word.FINISHED
    assert not state(portal, made).waits


def test_an_operator_who_makes_it_for_somebody_else_is_known(portal, ada, browser, clock):
    with portal.database.write() as session:
        other = Records(session, clock).person("other", roles=[])
    own, theirs = make(portal, ada, browser=browser), make(portal, other, browser=browser)
    with portal.database.read() as session:
        assert agent_tickets.actor_id(session, own.ticket) is None
        assert agent_tickets.actor_id(session, theirs.ticket) == ada.id


class TestALink:
    @pytest.fixture
    def made(self, portal, ada, clock):
        with portal.database.write() as session:
            return links.make(
                session,
                purpose=links.LinkPurpose.ENROL,
                person=session.get_one(Person, ada.id),
                actor=None,
                lifetime=timedelta(hours=1),
                now=clock(),
            )

    def trade(self, portal, token, nonce=NONCE):
        with portal.database.write() as session:
            return agent_tickets.exchange_link(session, token, nonce, now=portal.now())

    def test_is_the_agents_from_then_on(self, portal, made):
        traded = self.trade(portal, made.token)
        assert traded.ticket.link_id == made.link.id
        assert code(self.trade, portal, made.token, OTHER) == "link_elsewhere"
        with portal.database.write() as session:
            assert (
                code(lambda: links.exchange(session, made.token, "a browser", now=portal.now()))
                == "link_elsewhere"
            )

    def test_is_traded_again_for_an_answer_that_was_lost(self, portal, made):
        assert self.trade(portal, made.token).secret == self.trade(portal, made.token).secret

    def test_can_be_used_as_long_as_in_a_browser(self, portal, made, clock):
        traded = self.trade(portal, made.token)
        assert traded.ticket.expires_at == clock() + TIME_TO_FINISH

    def test_without_a_person_is_for_a_browser_first(self, portal, clock):
        with portal.database.write() as session:
            setup = links.make(
                session,
                purpose=links.LinkPurpose.SETUP,
                person=None,
                actor=None,
                lifetime=timedelta(hours=1),
                now=clock(),
            )
        assert code(self.trade, portal, setup.token) == "setup_unfinished"
        with portal.database.write() as session:
            links.exchange(session, setup.token, "a browser", now=clock())

    def test_that_never_was_says_so(self, portal):
        assert code(self.trade, portal, "t" * 43) == "link_unknown"


def test_what_was_over_long_ago_is_deleted(portal, ada, browser, clock):
    old = make(portal, ada, browser=browser)
    clock.moment += agent_tickets.KEPT + LIFETIME + timedelta(seconds=1)
    with portal.database.write() as session:
        assert agent_tickets.purge(session, now=clock()) == 1
        assert agent_tickets.get(session, old.ticket.uuid) is None


def test_what_is_not_over_long_is_kept(portal, ada, browser, clock):
    kept = make(portal, ada, browser=browser)
    clock.moment += LIFETIME
    with portal.database.write() as session:
        assert agent_tickets.purge(session, now=clock()) == 0
        assert agent_tickets.get(session, kept.ticket.uuid) is not None


def test_no_two_refusals_say_the_same():
    assert len({sentence for _, sentence in REFUSALS.values()}) == len(REFUSALS)
