"""Keys for the emulated PingOne and Entra, and what of them reaches the emulated Ory as well."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack
from dataclasses import replace

import pytest

from directories import oauth
from directories.base import Refused, RemoteIdentity
from directories.entra import ceremony
from directories.http import DirectorySession
from models import Delivery, DeliveryState, Directory, Person, Placement, PlacementState
from services import directories, proof, room
from services.deliveries import outbox, pauses
from services.directories.records import SEALED_FOR
from services.refusal import Refusal
from tests.authenticator.key import SoftwareKey
from tests.emulators.key import Key
from tests.services.deliveries.vendors import HERE, Vendors, departures

DONE, HELD, WAITING = DeliveryState.DONE, DeliveryState.HELD, DeliveryState.WAITING
NEEDS_TOUCH = DeliveryState.NEEDS_TOUCH
PRESENT, ABSENT = PlacementState.PRESENT, PlacementState.ABSENT
CRESCENDO = uuid.UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")
LONG_AGO = {"not_after": "2020-01-01T00:00:00+00:00"}


@pytest.fixture
def world(any_portal, clock, monkeypatch):
    """The portal; every request is held against its vendor's description."""
    sent = []
    send = DirectorySession.send

    def recorded(self, prepared, **kwargs):
        sent.append(prepared)
        return send(self, prepared, **kwargs)

    monkeypatch.setattr(DirectorySession, "send", recorded)
    monkeypatch.setattr(ceremony, "PAUSES", (0.0,))
    oauth.forget_all()
    with ExitStack() as stack:
        yield Vendors(any_portal, clock, stack)
    oauth.forget_all()
    said = [one for request in sent for one in departures(request)]
    assert not said, said


@pytest.fixture
def key() -> SoftwareKey:
    return SoftwareKey(aaguid=CRESCENDO)


class Shared:
    """Somebody at a PingOne whose relying party ID is ours, and at Ory."""

    def __init__(self, world) -> None:
        self.world = world
        self.pingone, self.ping = world.pingone()
        self.ory, self.kratos = world.ory()
        [found] = world.connector(self.pingone).people("kiosk.one", None).items
        self.user = found.remote_id
        self.person = world.person(self.pingone, self.user)

    def touch(self, key, **more) -> int:
        begun = self.world.begin(self.pingone, self.user)
        return self.world.touch(self.person, self.pingone, begun, key, shared=True, **more)

    def devices(self, status: str = "ACTIVE") -> list[dict]:
        return [one for one in self.ping.control.devices(self.user) if one["status"] == status]

    def other_handle_at_ory(self) -> Key:
        """Somebody gave the person's identity at Ory a key with another handle."""
        with self.world.portal.database.read() as session:
            email = session.get_one(Person, self.person).email
        other = Key(handle=b"\x01\xff" * 8)
        body = {
            "schema_id": "default",
            "traits": {"email": email},
            "credentials": {"webauthn": other.passkey(display_name="Old key")},
        }
        self.kratos.ory.identities.create(body, now=self.kratos.ory.now())
        return other

    def held_at_ory(self) -> Delivery:
        [held] = [one for one in self.world.deliveries() if one.state is HELD]
        assert held.code == room.NO_ROOM
        return held

    def sign_in_at_ory(self, key):
        connector = self.world.connector(self.ory)
        begun = connector.begin_proof()
        return connector.finish_proof(begun.flow, key.get(dict(begun.options), origin=HERE))


@pytest.fixture
def shared(world) -> Shared:
    return Shared(world)


def test_one_touch_lands_at_pingone_and_at_ory_and_signs_in(world, shared, key):
    shared.ping.control.change_user("kiosk.one", mfaEnabled=False)
    passkey = shared.touch(key)
    world.work()
    assert world.states() == [DONE, DONE]
    at_pingone, at_ory = world.at(passkey, shared.pingone), world.at(passkey, shared.ory)
    [device] = shared.devices()
    assert (at_pingone.actual, at_pingone.remote_id) == (PRESENT, device["id"])
    assert (at_pingone.begun, at_pingone.not_after) == (None, None)
    assert device["nickname"] == "Work key"
    assert at_ory.actual is PRESENT
    assert shared.sign_in_at_ory(key).signed_out
    [user] = world.connector(shared.pingone).people("kiosk.one", None).items
    assert user.detail["mfa_enabled"] is True


def test_the_proof_page_signs_in_at_ory_with_such_a_key(world, shared, key):
    passkey = world.passkey(shared.touch(key))
    world.work()
    with world.portal.database.read() as session:
        directory = session.get_one(Directory, shared.ory).uuid
    about = {
        "person_id": shared.person,
        "session_hash": b"s" * 32,
        "passkey": passkey.uuid,
        "directory": directory,
    }
    begun = proof.begin(world.portal, **about)
    response = json.dumps(key.get(dict(begun.options), origin=HERE))
    result = proof.finish(world.portal, ceremony=str(begun.ceremony), response=response, **about)
    assert (result.reason, result.expected) == ("", True)
    assert result.proof.methods == ("passkey",)


def test_a_new_name_reaches_both_and_an_end_takes_it_out_of_both(world, shared, key):
    passkey = shared.touch(key)
    world.work()
    world.rename(passkey, "Red key")
    world.work()
    assert [one["nickname"] for one in shared.devices()] == ["Red key"]
    world.end(passkey)
    world.work()
    assert set(world.states()) == {DONE}
    assert shared.devices() == []
    with pytest.raises(Refused):
        shared.sign_in_at_ory(key)
    assert world.at(passkey, shared.pingone).actual is ABSENT
    assert world.at(passkey, shared.ory).actual is ABSENT


def test_an_answer_that_was_lost_at_pingone_is_recognised(world, shared, key):
    shared.ping.control.drop(method="POST", path="/devices/", after=True)
    shared.touch(key)
    world.work()
    assert world.states() == [DONE, DONE]
    assert len(shared.devices()) == 1


def test_a_failure_of_pingone_that_passes_is_tried_again_in_time(world, shared, key):
    shared.ping.control.fail(status=503, method="POST", path="/devices/")
    passkey = shared.touch(key)
    world.work()
    assert sorted(world.states()) == [DONE, WAITING]
    world.clock.forward(seconds=pauses.FIRST)
    world.work()
    assert world.at(passkey, shared.pingone).actual is PRESENT


def test_a_key_that_pingone_refuses_is_held_and_stays_ours_and_orys(world, shared, key):
    passkey = shared.touch(key, signature=b"wrong")
    world.work()
    held = next(one for one in world.deliveries() if one.directory_id == shared.pingone)
    assert (held.state, held.code) == (HELD, "pingone.not_accepted")
    assert held.said
    assert shared.devices("ACTIVATION_REQUIRED") == []
    assert world.passkey(passkey).ended_at is None
    assert world.at(passkey, shared.ory).actual is PRESENT


def test_a_touch_that_came_too_late_leaves_nothing_at_pingone(world, shared, key):
    passkey = shared.touch(key, change=LONG_AGO)
    world.work()
    [late] = [one for one in world.deliveries() if one.directory_id == shared.pingone]
    assert (late.state, late.code) == (NEEDS_TOUCH, "pingone.begin_again")
    assert shared.ping.control.devices(shared.user) == []
    assert world.at(passkey, shared.ory).actual is PRESENT


def test_a_connection_that_is_mended_too_late_leaves_nothing_at_pingone(world, shared, key):
    passkey = shared.touch(key)
    new = shared.ping.control.rotate_secret()
    shared.ping.control.revoke_tokens()
    oauth.forget_all()
    world.work()
    [held] = [one for one in world.deliveries() if one.directory_id == shared.pingone]
    assert held.state is HELD
    assert len(shared.devices("ACTIVATION_REQUIRED")) == 1

    world.clock.forward(hours=1)
    with world.portal.database.write() as session:
        row = session.get_one(Directory, shared.pingone)
        row.sealed_secret = world.portal.sealer.seal(SEALED_FOR, new)
        placement = session.get_one(Placement, world.at(passkey, shared.pingone).id)
        placement.begun = {**placement.begun, **LONG_AGO}  # the connector has a clock of its own
        name = row.uuid
    assert directories.run_test(world.portal, name, probe=False, actor=None).report.verified
    world.work()
    late = [one for one in world.deliveries() if one.directory_id == shared.pingone][-1]
    assert (late.state, late.code) == (NEEDS_TOUCH, "pingone.begin_again")
    assert shared.ping.control.devices(shared.user) == []
    assert world.at(passkey, shared.pingone).begun is None


@pytest.fixture
def administrator(world) -> int:
    with world.portal.database.write() as session:
        return world.records(session).person().id


def look(world, delivery, actor: int) -> room.Crowded:
    with world.portal.database.read() as session:
        somebody = session.get_one(Person, actor)
    return room.look(world.portal, delivery.uuid, actor=somebody)


def test_another_handle_at_ory_holds_that_delivery_alone(world, shared, key, administrator):
    shared.other_handle_at_ory()
    passkey = shared.touch(key)
    world.work()
    held = shared.held_at_ory()
    assert held.directory_id == shared.ory
    assert world.at(passkey, shared.pingone).actual is PRESENT
    assert [one.name for one in look(world, held, administrator).keys] == ["Old key"]


def test_who_keeps_what_is_there_has_the_key_not_delivered(world, shared, key, administrator):
    shared.other_handle_at_ory()
    passkey = shared.touch(key)
    world.work()
    held = shared.held_at_ory()
    with world.portal.database.write() as session:
        actor = session.get_one(Person, administrator)
        room.keep(session, held.uuid, actor=actor, now=world.clock())
    assert world.at(passkey, shared.ory).wanted is ABSENT
    assert world.work() == 0
    with world.portal.database.write() as session, pytest.raises(Refusal) as caught:
        actor = session.get_one(Person, administrator)
        room.keep(session, held.uuid, actor=actor, now=world.clock())
    assert caught.value.code == "delivery_settled"


def test_who_replaces_it_has_the_key_sign_in_instead(world, shared, key, administrator):
    other = shared.other_handle_at_ory()
    passkey = shared.touch(key)
    world.work()
    crowded = look(world, shared.held_at_ory(), administrator)
    shared.kratos.control.fail(status=503, method="PATCH")
    with world.portal.database.write() as session:
        actor = session.get_one(Person, administrator)
        room.replace(session, crowded, actor=actor, now=world.clock())
    world.work()
    world.clock.forward(seconds=pauses.FIRST)
    world.work()
    assert world.at(passkey, shared.ory).actual is PRESENT
    assert shared.sign_in_at_ory(key).signed_out
    connector = world.connector(shared.ory)
    begun = connector.begin_proof()
    with pytest.raises(Refused):
        connector.finish_proof(begun.flow, other.sign(begun.options["challenge"]))


def test_what_came_there_since_the_decision_is_not_removed_unseen(
    world, shared, key, administrator
):
    shared.other_handle_at_ory()
    shared.touch(key)
    world.work()
    crowded = replace(look(world, shared.held_at_ory(), administrator), keys=())
    with world.portal.database.write() as session:
        actor = session.get_one(Person, administrator)
        room.replace(session, crowded, actor=actor, now=world.clock())
    world.work()
    again = look(world, shared.held_at_ory(), administrator)
    assert [one.name for one in again.keys] == ["Old key"]
    assert again.delivery.uuid != crowded.delivery.uuid


def test_a_key_of_ours_that_is_replaced_is_not_meant_to_be_there_any_more(
    world, shared, key, administrator
):
    with world.portal.database.write() as session:
        person = session.get_one(Person, shared.person)
        first = world.records(session).passkey(person, user_handle=b"\x02\xff" * 8)
        outbox.owe(session, first, cause="passkey.registered", now=world.clock())
        first = first.id
    world.work()
    passkey = shared.touch(key)
    world.work()
    crowded = look(world, shared.held_at_ory(), administrator)
    with world.portal.database.write() as session:
        actor = session.get_one(Person, administrator)
        room.replace(session, crowded, actor=actor, now=world.clock())
    world.work()
    assert world.at(passkey, shared.ory).actual is PRESENT
    replaced = world.at(first, shared.ory)
    assert (replaced.wanted, replaced.actual) == (ABSENT, ABSENT)


def test_a_directory_that_does_not_answer_lets_nobody_decide(world, shared, key, administrator):
    shared.other_handle_at_ory()
    shared.touch(key)
    world.work()
    shared.kratos.control.fail(status=503)
    with pytest.raises(Refusal) as caught:
        look(world, shared.held_at_ory(), administrator)
    assert caught.value.code == "room_unread"


# -- Entra --------------------------------------------------------------------------------------


class Foreign:
    """Somebody in an Entra tenant, and at an Ory that none of their keys for it reaches."""

    def __init__(self, world) -> None:
        self.world = world
        self.entra, self.tenant = world.entra()
        world.ory()
        self.user = self.tenant.control.add_user(displayName="Key Holder")["id"]
        self.person = world.person(self.entra, self.user)

    def touch(self, key, **more) -> int:
        begun = self.world.begin(self.entra, self.user)
        return self.world.touch(self.person, self.entra, begun, key, shared=False, **more)

    def listed(self) -> list:
        there = self.world.connector(self.entra)
        return list(there.list_passkeys(RemoteIdentity(self.user, "")))


@pytest.fixture
def foreign(world) -> Foreign:
    return Foreign(world)


def test_a_key_for_entra_is_registered_kept_under_its_name_and_removed(world, foreign, key):
    passkey = foreign.touch(key)
    world.work()
    assert world.states() == [DONE]
    [there] = foreign.listed()
    assert world.placement(passkey).remote_id == there.remote_id
    world.rename(passkey, "Red key")
    world.work()
    assert world.delivery().code == "passkey.keeps_name"
    assert [one.name for one in foreign.listed()] == [there.name]
    world.end(passkey)
    world.work()
    assert (set(world.states()), foreign.listed()) == ({DONE}, [])


def test_an_answer_that_was_lost_at_entra_is_recognised(world, foreign, key):
    passkey = foreign.touch(key)
    foreign.tenant.control.drop(method="POST", path="fido2Methods", after=True)
    world.work()
    world.clock.forward(seconds=pauses.FIRST)
    world.work()
    assert world.states() == [DONE]
    assert world.placement(passkey).actual is PRESENT
    assert len(foreign.listed()) == 1


def test_a_key_that_entra_refuses_is_held_with_its_words_and_ended(world, foreign, key):
    passkey = foreign.touch(key, signature=b"wrong")
    world.work()
    delivery = world.delivery()
    assert (delivery.state, delivery.code) == (HELD, "entra.key_refused")
    assert delivery.said
    assert world.passkey(passkey).ended_because == "refused"


def test_a_touch_that_came_too_late_for_entra_is_asked_for_again(world, foreign, key):
    passkey = foreign.touch(key, change=LONG_AGO)
    world.work()
    assert (world.delivery().state, world.delivery().code) == (NEEDS_TOUCH, "entra.too_late")
    assert foreign.listed() == []
    assert world.passkey(passkey).ended_at is None
    foreign.touch(key)
    world.work()
    assert world.states() == [DeliveryState.DROPPED, DONE]
    assert world.passkey(passkey).ended_because == "unfinished"
    assert len(foreign.listed()) == 1
