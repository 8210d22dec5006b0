"""The interface for desk agents, by HTTP."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models import AgentTicket, AuditEvent, EnrolmentLink, Passkey, Person, Session
from services import agent_tickets
from services.ceremonies import Purpose
from services.provisioning import desk, desk_steps
from services.refusal import Refusal
from tests.authenticator.key import decoded
from tests.blueprints.conftest import said
from tests.records import Records
from tests.visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
NONCE = "n" * 43


class Agent:
    """An agent, down to its requests: it has no cookies."""

    def __init__(self, app) -> None:
        self.app = app
        self.origin = app.config["LATCHKEY"].base_url
        self.secret = ""

    def post(self, what, **fields):
        return self._ask("post", what, data=fields)

    def get(self, what):
        return self._ask("get", what)

    def trade(self, path: str, nonce: str = NONCE):
        """Trade the token of an address."""
        kind, _, token = path.removeprefix(self.origin).strip("/").partition("/")
        answer = self.post("exchange", kind=kind, token=token, nonce=nonce)
        if answer.status_code == 200:
            self.secret = answer.json["secret"]
        return answer

    def touch(self, key, **twists):
        """Options, answered by a key: the fields of an answer."""
        begun = self.post("options")
        assert begun.status_code == 200, begun.text
        made = key.create(begun.json["options"], origin=begun.json["origin"], **twists)
        return {"ceremony": begun.json["ceremony"], "response": json.dumps(made)}

    def _ask(self, method, what, **more):
        client = self.app.test_client(use_cookies=False)
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        return getattr(client, method)(
            f"/agent/{what}", base_url=self.origin, headers=headers, **more
        )


@pytest.fixture
def agent(app) -> Agent:
    return Agent(app)


@pytest.fixture
def command(portal, somebody):
    """A command for another key of Grace's, made by her signed-in browser; its path."""
    with portal.database.write() as session:
        opened = session.scalars(select(Session).order_by(Session.id.desc())).first()
        made = agent_tickets.make(
            session,
            purpose=Purpose.ADD,
            subject="",
            person=session.get_one(Person, opened.person_id),
            directory=None,
            session_row=opened,
            now=portal.now(),
        )
    return f"/agent/{made.token}"


def code(answer) -> str:
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"code", "message", "detail"}
    return answer.json["error"]["code"]


def count(portal, model) -> int:
    with portal.database.read() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_looking_tells_who_and_what_for(agent, command, world):
    told = agent.post("look", kind="agent", token=command.rpartition("/")[2])
    assert told.status_code == 200
    assert told.json["person"] == "Grace Hopper"
    assert (told.json["way"], told.json["rp_id"]) == ("own", "localhost")
    assert str(world.key().aaguid) in {one["aaguid"] for one in told.json["models"]}
    assert "secret" not in told.json
    assert agent.trade(command).status_code == 200


def test_a_key_is_registered_for_whoever_made_the_command(agent, command, world, portal):
    before = count(portal, Passkey)
    assert agent.trade(command).json["secret"]
    answer = agent.post("answer", **agent.touch(world.key()))
    assert answer.status_code == 200
    assert answer.json["next"] is None
    assert answer.json["nickname"]
    assert count(portal, Passkey) == before + 1
    assert agent.get("state").json == {"places": [], "moving": False}


def test_our_own_origin_is_told_to_the_agent(agent, command):
    agent.trade(command)
    assert agent.post("options").json["origin"] == agent.origin


def test_the_same_answer_again_gets_the_same(agent, command, world, portal):
    agent.trade(command)
    touched = agent.touch(world.key())
    first = agent.post("answer", **touched)
    again = agent.post("answer", **touched)
    assert again.json == first.json
    assert count(portal, Passkey) == 3


def test_one_command_makes_one_passkey(agent, command, world, portal):
    agent.trade(command)
    first, second = agent.touch(world.key()), agent.touch(world.key())
    assert agent.post("answer", **first).status_code == 200
    assert code(agent.post("answer", **second)) == "agent_token_finished"
    assert code(agent.post("options")) == "agent_token_finished"
    assert count(portal, Passkey) == 3


def test_a_refused_key_is_told_and_another_can_be_tried(agent, command, world, portal):
    agent.trade(command)
    assert code(agent.post("answer", **agent.touch(world.other_key()))) == "model_not_allowed"
    with portal.database.read() as session:
        ticket = session.scalars(select(AgentTicket)).one()
        told = agent_tickets.state(session, ticket, now=portal.now())
    assert (told.word, told.code) == (agent_tickets.Word.BEGUN, "model_not_allowed")
    assert agent.post("answer", **agent.touch(world.key())).status_code == 200


def test_a_touch_that_is_cancelled_ends_the_command(agent, command, world):
    agent.trade(command)
    touched = agent.touch(world.key())
    assert agent.post("cancel", ceremony=touched["ceremony"]).json == {}
    assert code(agent.post("answer", **touched)) == "cancelled"
    assert code(agent.post("options")) == "agent_token_revoked"
    assert agent.post("cancel", ceremony=touched["ceremony"]).json == {}


def test_cancelling_what_was_registered_changes_nothing(agent, command, world):
    agent.trade(command)
    touched = agent.touch(world.key())
    first = agent.post("answer", **touched)
    agent.post("cancel", ceremony=touched["ceremony"])
    assert agent.post("answer", **touched).json == first.json


def test_a_command_dies_when_its_browser_signs_out(agent, command, somebody, world):
    agent.trade(command)
    touched = agent.touch(world.key())
    somebody.send("/sign-out")
    assert code(agent.post("answer", **touched)) == "agent_page_closed"
    assert code(agent.post("options")) == "agent_page_closed"


def test_another_agents_ceremony_is_not_answered(app, agent, invite, world):
    agent.trade(invite())
    theirs = agent.touch(world.key())
    other = Agent(app)
    other.trade(invite("Radia Perlman"))
    assert code(other.post("answer", **theirs)).startswith("challenge_other_")
    assert other.post("cancel", ceremony=theirs["ceremony"]).json == {}
    assert agent.post("answer", **theirs).status_code == 200


@pytest.mark.parametrize("what", ["options", "answer", "cancel"])
@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer nobodys", "Basic nobodys"])
def test_nothing_happens_without_the_secret(app, agent, what, header):
    answer = app.test_client(use_cookies=False).post(
        f"/agent/{what}",
        base_url=agent.origin,
        headers={"Authorization": header},
        data={"ceremony": "one", "response": "{}"},
    )
    assert (answer.status_code, code(answer)) == (401, "agent_secret_unknown")


def test_a_browsers_cookies_count_for_nothing(somebody, agent):
    for what in ("options", "answer", "cancel"):
        answer = somebody.client.post(
            f"/agent/{what}", base_url=agent.origin, data={"ceremony": "x", "response": "{}"}
        )
        assert code(answer) == "agent_secret_unknown"
    assert code(somebody.client.get("/agent/state", base_url=agent.origin)) == (
        "agent_secret_unknown"
    )


@pytest.mark.parametrize("missing", ["token", "nonce"])
def test_an_agent_that_sends_less_is_told(agent, command, missing):
    fields = {"kind": "agent", "token": command.rpartition("/")[2], "nonce": NONCE}
    del fields[missing]
    assert code(agent.post("exchange", **fields)) == "agent_field_missing"


def test_an_answer_that_is_no_ceremonys_is_told(agent, command):
    agent.trade(command)
    assert code(agent.post("answer", ceremony="nothing", response="{}")) == "challenge_unknown"


class TestALink:
    def test_is_enrolled_with(self, agent, invite, world, portal):
        path = invite("Radia Perlman")
        about = agent.post("look", kind="links", token=path.rpartition("/")[2]).json
        assert about["person"] == "Radia Perlman"
        assert about["models"]
        traded = agent.trade(path)
        assert traded.json["rp_id"] == "localhost"
        answer = agent.post("answer", **agent.touch(world.key()))
        assert answer.json["next"] is None
        with portal.database.read() as session:
            link = session.scalars(select(EnrolmentLink).order_by(EnrolmentLink.id.desc())).first()
        assert link.finished_at is not None
        assert link.passkey_id is not None

    def test_looked_at_can_still_be_opened_in_a_browser(self, agent, invite, app, world):
        path = invite("Radia Perlman")
        agent.post("look", kind="links", token=path.rpartition("/")[2])
        visitor = Visitor(app, world.key())
        assert visitor.open_link(path).location == "/enrol"

    def test_can_be_opened_again_once_the_agent_gave_up(self, agent, invite, app, world):
        path = invite("Radia Perlman")
        agent.trade(path)
        touched = agent.touch(world.key())
        agent.post("cancel", ceremony=touched["ceremony"])
        visitor = Visitor(app, world.key())
        assert visitor.open_link(path).location == "/enrol"
        assert visitor.enrol().location == "/enrol/done"
        assert code(agent.post("options")) == "agent_token_revoked"

    def test_that_is_used_says_so(self, app, agent, invite, world):
        path = invite("Radia Perlman")
        agent.trade(path)
        assert code(Agent(app).trade(path, "o" * 43)) == "link_elsewhere"
        agent.post("answer", **agent.touch(world.key()))
        assert code(Agent(app).trade(path, "o" * 43)) == "link_finished"

    def test_for_setting_up_is_for_a_browser_first(self, agent, setup_link):
        token = setup_link.rpartition("/")[2]
        assert code(agent.post("look", kind="links", token=token)) == "setup_unfinished"
        assert code(agent.trade(setup_link)) == "setup_unfinished"

    def test_that_is_finished_meanwhile_ends_the_command_of_its_page(
        self, app, portal, agent, invite, world
    ):
        visitor = Visitor(app, world.key())
        visitor.open_link(invite("Radia Perlman"))
        with portal.database.write() as session:
            link = session.scalars(select(EnrolmentLink).order_by(EnrolmentLink.id.desc())).first()
            made = agent_tickets.make(
                session,
                purpose=Purpose.ENROL,
                subject="",
                person=link.person,
                directory=None,
                link=link,
                now=portal.now(),
            )
        agent.trade(f"/agent/{made.token}")
        touched = agent.touch(world.key())
        assert visitor.enrol().location == "/enrol/done"
        assert code(agent.post("answer", **touched)) == "link_finished"
        assert code(agent.post("options")) == "link_finished"


class TestADesk:
    """An operator, Ada, has Grace before her and hands the touch to an agent."""

    @pytest.fixture
    def handed(self, portal, administrator, clock):
        """The path of the command, and where Grace stands in the request."""
        with portal.database.write() as session:
            rows = Records(session, clock)
            opened = session.scalars(select(Session)).one()
            operator = opened.person
            place = rows.request_person(rows.request(operator), rows.person("grace", roles=[]))
            assert desk.claim(session, place, operator=operator, now=clock())
            made = agent_tickets.make(
                session,
                purpose=Purpose.DESK,
                subject=desk_steps.steps(session, portal, place)[0].subject,
                person=place.person,
                directory=None,
                session_row=opened,
                now=clock(),
            )
        return f"/agent/{made.token}", place

    def test_registers_for_the_person_before_it(self, agent, handed, world, portal):
        path, place = handed
        traded = agent.trade(path)
        assert traded.json["person"] == place.person.display_name
        answer = agent.post("answer", **agent.touch(world.key()))
        assert answer.status_code == 200, answer.text
        with portal.database.read() as session:
            passkey = session.scalars(select(Passkey).order_by(Passkey.id.desc())).first()
            noted = session.scalars(
                select(AuditEvent).where(AuditEvent.tag == "passkey.registered")
            ).all()[-1]
            assert passkey.person_id == place.person_id
            assert desk_steps.made_for(session, place) == (passkey,)
        assert noted.actor_id != noted.person_id == place.person_id

    def test_asks_the_keys_of_the_people_before_to_refuse(
        self, agent, handed, world, portal, clock
    ):
        path, place = handed
        with portal.database.write() as session:
            rows = Records(session, clock)
            before = rows.person("before", roles=[])
            request = session.get_one(type(place.request), place.request_id)
            passkey = rows.passkey(before)
            passkey.rp_id = portal.settings.rp_id
            rows.request_passkey(rows.request_person(request, before), passkey)
        agent.trade(path)
        (excluded,) = agent.post("options").json["options"]["excludeCredentials"]
        assert decoded(excluded["id"]) == passkey.credential_id

    def test_does_nothing_for_whom_another_page_of_theirs_took(self, agent, handed, world, portal):
        path, place = handed
        agent.trade(path)
        touched = agent.touch(world.key())
        with portal.database.write() as session:
            row = session.get_one(type(place), place.id)
            assert desk.claim(session, row, operator=row.claimed_by, now=portal.now())
        assert code(agent.post("answer", **touched)) == "desk_lost"
        assert code(agent.post("options")) == "desk_lost"
        assert count(portal, Passkey) == 1

    def test_dies_when_the_operator_signs_out(self, agent, handed, administrator):
        agent.trade(handed[0])
        administrator.send("/sign-out")
        assert code(agent.post("options")) == "agent_page_closed"


def test_no_secret_in_the_log(agent, command, world, caplog):
    caplog.set_level(logging.DEBUG)
    agent.trade(command)
    touched = agent.touch(world.key())
    agent.post("answer", **touched)
    agent.get("state")
    agent.trade(command, "o" * 43)
    for secret in (command.rpartition("/")[2], agent.secret, NONCE, touched["response"]):
        assert secret not in caplog.text


def test_a_browser_is_told_what_the_address_is_for(somebody, command):
    page = somebody.get(command)
    assert page.status_code == 200
    assert f"latchkey-agent enrol {somebody.origin}{command}" in said(page)
    assert re.search(r"works once", said(page))


def test_a_short_address_is_nothing(somebody):
    assert somebody.get("/agent/short").status_code == 404


def test_every_code_of_the_interface_is_documented_with_its_sentence():
    page = (ROOT / "docs" / "refusals.md").read_text()
    for name, (_, sentence) in agent_tickets.REFUSALS.items():
        assert f"| `{name}` | {sentence} |" in page
        assert isinstance(agent_tickets.refusal(name), Refusal)
