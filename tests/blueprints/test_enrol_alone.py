"""An enrolment whose shared directory is down: the person is not kept out of the portal."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Transient
from models import Directory, DirectoryType, Passkey, Person
from tests.blueprints.conftest import said
from tests.fake_directory import FakeDirectory
from tests.records import Records
from tests.services.enrolment.test_steps import SHARED
from tests.visitor import Visitor


@pytest.fixture
def ping(portal, administrator, monkeypatch) -> FakeDirectory:
    """A PingOne that shares our relying party and does not answer."""
    fake = FakeDirectory()
    monkeypatch.setattr(registry, "build", lambda *_, **__: fake)
    with portal.database.write() as session:
        Records(session, portal.now).directory("Ping", type=DirectoryType.PINGONE, settings=SHARED)
    return fake


@pytest.fixture
def grace(app, world, invite, portal, ping) -> Visitor:
    visitor = Visitor(app, world.key())
    link = invite()
    with portal.database.write() as session:
        person = session.scalars(select(Person).where(Person.display_name == "Grace Hopper")).one()
        place = session.scalars(select(Directory)).one()
        there = ping.add(person.email)
        Records(session, portal.now).identity(place, person, there.remote_id)
    visitor.open_link(link)
    return visitor


def step(visitor) -> str:
    page = visitor.get("/enrol?step=touch").text
    return re.search(r'name="step" value="([0-9a-f-]+)"', page)[1]


def test_whoever_cannot_begin_at_the_directory_enrols_a_key_for_the_portal(grace, ping, portal):
    assert "/enrol/alone" not in grace.get("/enrol?step=touch").text
    subject = step(grace)
    assert grace.send("/enrol/alone", {"step": subject}).status_code == 409
    ping.before["creation_options"].append(Transient("It answered 503.", code="http.503"))
    answer = grace.options("enrol", subject=subject)
    assert answer.status_code == 502
    assert answer.json["error"]["message"].endswith("to enrol a key without Ping.")
    assert "only, without Ping" in said(grace.get("/enrol?step=touch"))
    assert grace.send("/enrol/alone", {"step": subject}).location == "/enrol?step=touch"
    page = grace.get("/enrol?step=touch")
    assert "/enrol/alone" not in page.text and step(grace) == subject
    begun = grace.options("enrol", subject=subject)
    assert begun.status_code == 200 and "origin" not in begun.json
    made = grace.key.create(begun.json["options"], origin=grace.origin)
    sent = {"step": subject, "ceremony": begun.json["ceremony"], "response": json.dumps(made)}
    assert grace.send("/enrol", sent).location == "/enrol?step=touch"
    assert step(grace) != subject and "Leave it for later" in grace.get("/enrol?step=touch").text
    with portal.database.read() as session:
        [passkey] = session.scalars(select(Passkey).order_by(Passkey.id.desc()).limit(1))
    assert passkey.own and passkey.person.display_name == "Grace Hopper"
    assert "put_passkey" not in ping.calls
