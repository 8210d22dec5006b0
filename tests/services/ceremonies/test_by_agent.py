"""The ceremonies of a desk agent, on both databases."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from models import AgentTicket, Directory, LinkPurpose, Person
from services import agent_ceremonies, agent_tickets, links
from services.ceremonies import Purpose
from services.refusal import Refusal
from tests.records import Records
from tests.services.ceremonies.issuing import Scene

NONCE = "n" * 43


@pytest.fixture
def secret(bench) -> str:
    """Of an agent that has a link of Ada's."""
    bench.choose("hid_crescendo")
    portal, person = bench.portal, bench.person()
    with portal.database.write() as session:
        made = links.make(
            session,
            purpose=LinkPurpose.ENROL,
            person=session.get_one(Person, person),
            actor=None,
            lifetime=timedelta(hours=1),
            now=portal.now(),
        )
        traded = agent_tickets.exchange_link(session, made.token, NONCE, now=portal.now())
    return traded.secret


def touch(bench, world, secret) -> dict[str, str]:
    begun = agent_ceremonies.begin(bench.portal, secret)
    made = world.key().create(begun.options, origin=begun.origin)
    return {"ceremony": str(begun.ceremony), "response": json.dumps(made)}


def ticket(bench) -> AgentTicket:
    with bench.portal.database.read() as session:
        return session.get_one(AgentTicket, 1)


def test_a_link_is_finished_with_its_passkey(bench, world, secret):
    answered = agent_ceremonies.answer(bench.portal, secret, **touch(bench, world, secret))
    assert answered.following is None
    assert ticket(bench).passkey_id == ticket(bench).link.passkey_id == answered.passkey.id
    assert agent_ceremonies.places(bench.portal, secret) == ([], False)


def test_of_two_answers_at_once_one_is_taken(bench, world, secret):
    answers = [touch(bench, world, secret) for _ in range(2)]
    together = threading.Barrier(2)

    def race(answer):
        together.wait()
        try:
            return agent_ceremonies.answer(bench.portal, secret, **answer).passkey.id
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(race, answers))
    assert [one for one in outcomes if isinstance(one, str)] in (
        ["agent_token_finished"],
        ["link_finished"],
        ["step_done"],
    )
    assert ticket(bench).passkey_id in outcomes


def test_one_answer_sent_twice_at_once_gets_one_passkey(bench, world, secret):
    answer = touch(bench, world, secret)
    together = threading.Barrier(2)

    def race(_):
        together.wait()
        return agent_ceremonies.answer(bench.portal, secret, **answer).passkey.id

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(race, range(2))
    assert first == second


def test_giving_up_gives_the_link_back(bench, world, secret):
    answer = touch(bench, world, secret)
    agent_ceremonies.cancel(bench.portal, secret, ceremony=answer["ceremony"])
    assert ticket(bench).link.session_hash is None
    assert ticket(bench).outcome["code"] == "cancelled"
    with pytest.raises(Refusal, match="cancelled"):
        agent_ceremonies.answer(bench.portal, secret, **answer)


def test_of_several_pages_the_agent_stands_for_one_that_the_ceremony_may_run_on(bench, fake, world):
    host = "keys.corp.example.com"
    bench.portal.settings = bench.portal.settings.model_copy(
        update={"origins": ("https://keys.example.net", f"https://{host}"), "rp_id": host}
    )
    scene = Scene(bench, fake, world)
    scene.offers("example.com")
    with bench.portal.database.write() as session:
        made = agent_tickets.make(
            session,
            purpose=Purpose.ADD,
            subject="",
            person=session.get_one(Person, scene.person),
            directory=session.get_one(Directory, scene.directory),
            session_row=(rows := Records(session, bench.portal.now)).browser_session(
                rows.passkey(session.get_one(Person, scene.person))
            ),
            now=bench.portal.now(),
        )
        secret = agent_tickets.exchange(session, made.token, NONCE, now=bench.portal.now()).secret
    begun = agent_ceremonies.begin(bench.portal, secret)
    assert begun.origin == f"https://{host}"
    response = json.dumps(world.key().create(begun.options, origin=begun.origin))
    answered = agent_ceremonies.answer(
        bench.portal, secret, ceremony=str(begun.ceremony), response=response
    )
    assert answered.passkey.rp_id == "example.com"
