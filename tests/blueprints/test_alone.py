"""A key for this portal alone, for somebody who is signed in or at an agent, while the directory
that shares our relying party does not answer.
"""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Misconfigured, Transient
from models import AuditEvent, Directory, DirectoryType, Passkey, Person
from services.audit import Tag
from tests.blueprints.conftest import said
from tests.blueprints.test_agent import Agent
from tests.fake_directory import FakeDirectory
from tests.records import Records
from tests.services.enrolment.test_steps import SHARED

PORTAL = "/passkeys/new?for=portal"


@pytest.fixture
def ping(portal, somebody, monkeypatch) -> FakeDirectory:
    """A PingOne that shares our relying party, in which Grace is known."""
    fake = FakeDirectory()
    monkeypatch.setattr(registry, "build", lambda *_, **__: fake)
    with portal.database.write() as session:
        rows = Records(session, portal.now)
        place = rows.directory("Ping", type=DirectoryType.PINGONE, settings=SHARED)
        grace = session.scalars(select(Person).where(Person.display_name == "Grace Hopper")).one()
        rows.identity(place, grace, fake.add(grace.email).remote_id)
    return fake


@pytest.fixture
def directory(portal, ping) -> str:
    with portal.database.read() as session:
        return str(session.scalars(select(Directory.uuid)).one())


@pytest.fixture
def failed(somebody, ping) -> dict:
    """Ping has begun nothing for Grace; what her page was told."""
    return fail(somebody, ping)


def fail(visitor, ping, subject: str = "", error=None) -> dict:
    down = error or Transient("It answered 503.", code="http.503")
    ping.before["creation_options"].append(down)
    answer = visitor.options("add", subject=subject)
    assert answer.status_code == 502
    return answer.json["error"]


def choices(portal) -> list[AuditEvent]:
    with portal.database.read() as session:
        wanted = select(AuditEvent).where(AuditEvent.tag == Tag.STEP_ALONE.value)
        return list(session.scalars(wanted))


def enrol(visitor, world, subject: str) -> None:
    begun = visitor.options("add", subject=subject).json
    made = world.key().create(begun["options"], origin=visitor.origin)
    fields = {"ceremony": begun["ceremony"], "response": json.dumps(made), "for": subject}
    assert visitor.send("/passkeys/new", fields).status_code == 303


def test_whoever_is_signed_in_adds_a_key_without_the_directory(
    somebody, ping, failed, portal, world
):
    assert failed["message"].endswith("Load this page again to enrol a key without Ping.")
    assert "Go on without Ping" in said(somebody.get("/passkeys/new"))
    assert somebody.send("/passkeys/new/alone", {"for": ""}).location == PORTAL
    page = somebody.get(PORTAL)
    assert "Go on without" not in said(page) and "Enrol a key for Ping" in said(page)
    enrol(somebody, world, "portal")
    with portal.database.read() as session:
        [passkey] = session.scalars(select(Passkey).order_by(Passkey.id.desc()).limit(1))
    assert passkey.own and "put_passkey" not in ping.calls
    [told] = choices(portal)
    assert (told.person_id, told.actor_id) == (passkey.person_id, passkey.person_id)
    assert told.directory_id is not None


def test_it_is_offered_on_the_directorys_own_page_as_well(somebody, ping, directory):
    fail(somebody, ping, directory)
    assert "Go on without Ping" in said(somebody.get(f"/passkeys/new?for={directory}"))
    sent = somebody.send("/passkeys/new/alone", {"for": directory})
    assert sent.location == PORTAL


def test_nobody_goes_on_without_a_directory_that_has_not_failed(somebody, ping, portal, directory):
    assert "Go on without" not in said(somebody.get("/passkeys/new"))
    for subject in ("", directory):
        assert somebody.send("/passkeys/new/alone", {"for": subject}).status_code == 409
    assert choices(portal) == []


def test_nobody_goes_on_without_a_directory_unless_they_chose_to(somebody, failed):
    assert somebody.options("add", subject="portal").json["error"]["code"] == "step_not_alone"
    assert somebody.get(PORTAL).location == "/passkeys/new"


def test_a_choice_counts_for_an_hour(somebody, failed, clock):
    somebody.send("/passkeys/new/alone", {"for": ""})
    assert somebody.options("add", subject="portal").status_code == 200
    clock.forward(minutes=61)
    assert somebody.options("add", subject="portal").json["error"]["code"] == "step_not_alone"


def test_where_no_directory_shares_our_relying_party_the_key_is_for_the_portal_anyway(somebody):
    assert somebody.options("add", subject="portal").status_code == 200
    assert somebody.send("/passkeys/new/alone", {"for": ""}).status_code == 409


def test_whoever_runs_the_agent_is_told_what_to_do_and_the_command_goes_on(
    app, somebody, ping, world, portal
):
    somebody.send("/passkeys/new/agent", {"for": ""})
    page = somebody.get("/passkeys/new").text
    agent = Agent(app)
    agent.trade(re.search(r"/agent/[\w-]{40,}", page)[0])
    ping.before["creation_options"].append(Transient("It answered 503.", code="http.503"))
    told = agent.post("options").json["error"]["message"]
    assert "Try again in a few minutes" in told and "503" not in told
    assert "load the page that this command is from again" in told
    assert "“Go on without Ping”" in told
    assert "Go on without Ping" in said(somebody.get("/passkeys/new"))

    somebody.send("/passkeys/new/alone", {"for": ""})
    somebody.send("/passkeys/new/agent", {"for": "portal"})
    second = Agent(app)
    second.trade(re.search(r"/agent/[\w-]{40,}", somebody.get(PORTAL).text)[0])
    assert second.post("answer", **second.touch(world.key())).status_code == 200
    assert "put_passkey" not in ping.calls


def test_whoever_gave_the_agent_a_link_is_sent_to_the_link(app, invite, somebody, ping):
    agent = Agent(app)
    link = invite()
    agent.trade(link)
    ping.before["creation_options"].append(Transient("It answered 503.", code="http.503"))
    told = agent.post("options").json["error"]["message"]
    assert "open the link in a browser" in told
    agent.post("cancel")
    somebody.open_link(link)
    assert "Go on without Ping" in said(somebody.get("/enrol?step=touch"))


def test_a_foreign_directory_offers_no_way_without_it(app, somebody, ping, portal, directory):
    with portal.database.write() as session:
        place = session.scalars(select(Directory)).one()
        place.settings = SHARED | {"relying_party_id": "pingone.eu"}
    told = fail(somebody, ping, directory)
    assert "without Ping" not in told["message"]
    assert "Go on without" not in said(somebody.get(f"/passkeys/new?for={directory}"))


def test_what_no_waiting_mends_is_told_so(somebody, ping):
    wrong = Misconfigured("The secret is wrong.", code="oauth.invalid_client")
    told = fail(somebody, ping, error=wrong)["message"]
    assert "Trying again does not help before it is put right" in told
    assert "secret" not in told
