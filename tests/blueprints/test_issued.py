"""Registrations that a directory begins, over HTTP, at running emulated directories."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from directories import oauth
from directories.entra import ceremony as entra_ceremony
from emulators.entra.running import running as running_entra
from emulators.pingone.running import running as running_ping
from models import Directory, Passkey, Person
from tests.services.ceremonies import vendors

GRACE = "grace@example.com"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Tokens are kept for the whole process: each test begins and ends without any."""
    monkeypatch.setattr(entra_ceremony, "PAUSES", (0.0, 0.0))
    oauth.forget_all()
    yield
    oauth.forget_all()


@pytest.fixture
def linked(portal):
    """Link somebody to a record of a directory; the directory's UUID."""

    def link(directory_id: int, remote_id: str, email: str = GRACE) -> str:
        with portal.database.read() as session:
            person = session.scalars(select(Person.id).where(Person.email == email)).one()
            name = session.get_one(Directory, directory_id).uuid
        vendors.link(portal, directory_id, person, remote_id)
        return str(name)

    return link


@pytest.fixture
def tenant(portal):
    with running_entra(people=5) as started:
        started.control.lag(0)
        yield started


@pytest.fixture
def ping(portal):
    with running_ping(people=10) as started:
        yield started


def newest(portal) -> Passkey:
    with portal.database.read() as session:
        return session.scalars(select(Passkey).order_by(Passkey.id.desc())).first()


def test_a_key_for_entra_with_its_long_challenge_goes_through_a_form(
    portal, somebody, tenant, linked
):
    remote = tenant.control.add_user(displayName="Grace Hopper")["id"]
    directory = vendors.connect_entra(portal, tenant)
    name = linked(directory, remote)
    begun = somebody.options("add", subject=name)
    assert begun.json["origin"] == "https://login.microsoft.com"
    answer = somebody.key.create(begun.json["options"], origin=begun.json["origin"])
    assert len(answer["response"]["clientDataJSON"]) > 9000
    fields = {"ceremony": begun.json["ceremony"], "response": json.dumps(answer), "for": name}
    sent = somebody.send("/passkeys/new", fields)
    passkey = newest(portal)
    assert (sent.status_code, passkey.rp_id) == (303, "login.microsoft.com")
    vendors.work(portal)
    assert vendors.placed(portal, passkey, directory)
    assert len(tenant.control.passkeys(remote)) == 1


def test_a_shared_key_is_made_on_the_page_and_no_origin_is_claimed(portal, somebody, ping, linked):
    directory = vendors.connect_ping(portal, ping)
    name = linked(directory, ping.control.user("kiosk.one")["id"])
    begun = somebody.options("add", subject=name).json
    assert "origin" not in begun
    answer = somebody.key.create(begun["options"], origin=somebody.origin)
    fields = {"ceremony": begun["ceremony"], "response": json.dumps(answer), "for": name}
    assert somebody.send("/passkeys/new", fields).status_code == 303
    passkey = newest(portal)
    assert passkey.own
    vendors.work(portal)
    assert vendors.placed(portal, passkey, directory)


def test_what_the_page_gives_back_is_discarded_there(portal, somebody, ping, linked):
    user = ping.control.user("kiosk.one")["id"]
    name = linked(vendors.connect_ping(portal, ping), user)
    begun = somebody.options("add", subject=name).json
    assert [one["status"] for one in ping.control.devices(user)] == ["ACTIVATION_REQUIRED"]
    fields = {"ceremony": begun["ceremony"], "subject": name}
    assert somebody.send("/ceremonies/add/cancel", fields).json == {}
    vendors.work(portal)
    assert ping.control.devices(user) == []


def test_nobody_gives_back_what_somebody_else_began(portal, somebody, administrator, ping, linked):
    name = linked(vendors.connect_ping(portal, ping), ping.control.user("kiosk.one")["id"])
    begun = somebody.options("add", subject=name).json
    fields = {"ceremony": begun["ceremony"], "subject": name}
    answer = administrator.send("/ceremonies/add/cancel", fields)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "challenge_other_session")


@pytest.mark.parametrize("purpose", ["sign-in", "confirm", "proof", "nothing"])
def test_only_registrations_of_pages_are_given_back(somebody, purpose):
    assert somebody.send(f"/ceremonies/{purpose}/cancel", {"ceremony": "x"}).status_code == 404


def test_only_who_looks_after_deliveries_reads_what_the_directory_said(
    portal, somebody, administrator, ping, linked
):
    directory = vendors.connect_ping(portal, ping)
    for email, username in ((GRACE, "kiosk.one"), ("ada@example.com", "kiosk.two")):
        name = linked(directory, ping.control.user(username)["id"], email)
    ping.control.mfa_policy(pairingDisabled=True)
    told = {}
    for visitor in (somebody, administrator):
        answer = visitor.options("add", subject=name)
        assert (answer.status_code, answer.json["error"]["code"]) == (502, "directory_trouble")
        message = answer.json["error"]["message"]
        assert message.startswith("Pingone could not begin this now.")
        assert "Registering keys is switched off there. Trying again does not help" in message
        told[visitor] = answer.json["error"]["detail"]
    assert told[somebody] == "" and "takes no new FIDO2 devices" in told[administrator]


def test_a_directory_that_is_not_for_somebody_begins_nothing_for_them(portal, somebody, ping):
    directory = vendors.connect_ping(portal, ping)
    with portal.database.read() as session:
        name = str(session.get_one(Directory, directory).uuid)
    for subject in (name, "nothing of the kind"):
        answer = somebody.options("add", subject=subject)
        assert answer.json["error"]["code"] == "directory_not_offered"
