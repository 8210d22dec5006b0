"""A desk while the directory that shares our relying party does not answer."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Transient
from models import (
    AgentTicket,
    AuditEvent,
    DirectoryType,
    Passkey,
    Person,
    RequestDirectory,
    RequestState,
)
from services.audit import Tag
from tests.blueprints.admin.desk.conftest import called, of
from tests.blueprints.conftest import said
from tests.blueprints.test_agent import Agent
from tests.fake_directory import FakeDirectory
from tests.records import Records
from tests.services.enrolment.test_steps import SHARED

GO_ON = "Go on without Ping"


@pytest.fixture
def ping(portal, made, clock, monkeypatch) -> FakeDirectory:
    """A PingOne that shares our relying party, in which everybody of the request is known."""
    fake = FakeDirectory()
    monkeypatch.setattr(registry, "build", lambda *_, **__: fake)
    with portal.database.write() as session:
        rows = Records(session, clock)
        place = rows.directory("Ping", type=DirectoryType.PINGONE, settings=SHARED)
        session.add(RequestDirectory(request_id=made.id, directory_id=place.id))
        for one in session.scalars(select(Person).where(Person.email != "ada@example.com")):
            rows.identity(place, one, fake.add(one.email).remote_id)
    return fake


@pytest.fixture
def desk(at_desk, ping):
    """Bob is at the desk, and Ping has begun nothing for him."""
    desk = at_desk()
    desk.next()
    desk.ready()
    assert GO_ON not in desk.page
    down(ping)
    told = desk.visitor.options("desk", subject=desk.subject).json["error"]
    assert told["message"].endswith("Load this page again to enrol a key without Ping.")
    fence = desk.subject.split(":")[2]
    desk.ready_again = lambda: desk.open(f"{desk.path}?ready={fence}")
    desk.ready_again()
    return desk


def down(ping) -> None:
    ping.before["creation_options"].append(Transient("It answered 503.", code="http.503"))


def go_on(desk, subject: str = ""):
    return desk.visitor.send(f"{desk.path}/alone", {"step": subject or desk.subject})


def test_somebody_at_a_desk_gets_a_key_for_the_portal_and_the_directorys_touch_is_left(
    desk, ping, rows, made
):
    assert GO_ON in desk.page
    desk.open(go_on(desk).location)
    assert GO_ON not in desk.page
    assert re.search(r"Key for .*? now .*? and Ping", said(desk.ready_again()))
    desk.open(desk.send(desk.touch()).location)
    bob = of(rows, "bob")
    [passkey] = [one for one in rows(Passkey) if one.person_id == bob.person_id]
    assert passkey.own and "put_passkey" not in ping.calls
    assert desk.who == called("bob", rows) and GO_ON not in desk.page
    assert bob.state is not RequestState.COMPLETED and bob.claimed_by_id is not None
    [told] = [one for one in rows(AuditEvent) if one.tag == Tag.STEP_ALONE.value]
    assert told.person_id == bob.person_id != told.actor_id
    asked = list(ping.calls).count("creation_options")
    desk.visitor.options("desk", subject=desk.subject)
    assert list(ping.calls).count("creation_options") == asked + 1

    # He can be put back, and comes again when the directory may answer.
    desk.next(place=str(bob.uuid), later="1")
    assert desk.who == called("cy", rows)
    assert GO_ON not in desk.ready().text


def test_a_desk_goes_on_without_a_directory_only_where_it_failed_for_this_person(
    desk, ping, rows, other, at_desk
):
    uma = at_desk(other())
    uma.next()
    uma.ready()
    assert uma.who == called("cy", rows)
    assert "There is no need for this" in said(uma.open(go_on(uma).location))
    assert "not at your desk" in said(uma.open(go_on(uma, desk.subject).location))
    assert [one for one in rows(AuditEvent) if one.tag == Tag.STEP_ALONE.value] == []


def test_whoever_runs_the_agent_at_a_desk_is_sent_to_the_desk(app, desk, ping, rows, world):
    answer = desk.visitor.send(f"{desk.path}/agent", {"step": desk.subject})
    page = desk.open(answer.location).text
    agent = Agent(app)
    agent.trade(re.search(r"/agent/[\w-]{40,}", page)[0])
    down(ping)
    told = agent.post("options").json["error"]["message"]
    assert "load the page that this command is from again" in told and f"“{GO_ON}”" in told

    desk.open(go_on(desk).location)
    answer = desk.visitor.send(f"{desk.path}/agent", {"step": desk.subject})
    second = Agent(app)
    second.trade(re.search(r"/agent/[\w-]{40,}", desk.open(answer.location).text)[0])
    assert second.post("answer", **second.touch(world.key())).status_code == 200
    assert rows(AgentTicket)[-1].directory_id is None
    assert "put_passkey" not in ping.calls
