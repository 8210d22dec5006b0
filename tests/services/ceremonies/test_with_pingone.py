"""One touch for PingOne and for us, at a running emulated PingOne."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest
from sqlalchemy import select

from directories import oauth
from emulators.pingone.running import Running, running
from models import Challenge, Passkey, Person
from services.ceremonies import CeremonyRefusal, DirectoryTrouble, Purpose, cancel
from tests.authenticator.key import decoded
from tests.services.ceremonies import vendors
from tests.services.ceremonies.conftest import SESSION
from tests.services.ceremonies.issuing import begin, touch


class Scene:
    """A person whose record at PingOne is known, and what is there of it."""

    def __init__(self, bench, world, ping: Running, rp_id: str) -> None:
        self.bench, self.world, self.ping = bench, world, ping
        bench.choose("hid_crescendo")
        self.person = bench.person()
        self.remote = ping.control.user("kiosk.one")["id"]
        self.directory = vendors.connect_ping(bench.portal, ping, rp_id)
        vendors.link(bench.portal, self.directory, self.person, self.remote)

    def begin(self, **more):
        return begin(self.bench, self.person, self.directory, **more)

    def touched(self, begun, key=None, **twists) -> str:
        return json.dumps(touch(self.bench, key or self.world.key(), begun, **twists))

    def finish(self, begun, answer: str):
        return self.bench.finish(self.person, begun.ceremony, answer)

    def work(self) -> None:
        vendors.work(self.bench.portal)

    def statuses(self) -> list[str]:
        """Of the devices there, those aside that no registration made."""
        held = self.ping.control.devices(self.remote)
        return [one["status"] for one in held if one["type"] == "FIDO2"]

    def activations(self) -> int:
        """How many answers were sent there."""
        seen = self.ping.control.requests(method="POST", path=f"/users/{self.remote}/devices/")
        return len(seen)


@pytest.fixture
def start(bench, world):
    oauth.forget_all()
    with ExitStack() as stack:

        def started(rp_id: str = "localhost") -> Scene:
            ping = stack.enter_context(running(people=10, rp_id=rp_id))
            return Scene(bench, world, ping, rp_id)

        yield started
    oauth.forget_all()


@pytest.fixture
def scene(start) -> Scene:
    return start()


def test_one_touch_makes_our_passkey_and_pingones_device(scene):
    key = scene.world.key()
    begun = scene.begin()
    assert begun.origin == "" and scene.statuses() == ["ACTIVATION_REQUIRED"]
    passkey = scene.finish(begun, scene.touched(begun, key))
    assert scene.statuses() == ["ACTIVATION_REQUIRED"], "nothing is sent before it is stored"
    assert passkey.own and passkey.user_handle == decoded(begun.options["user"]["id"])
    with pytest.raises(UnicodeDecodeError):
        passkey.user_handle.decode()
    scene.work()
    assert scene.statuses() == ["ACTIVE"]
    assert vendors.placed(scene.bench.portal, passkey, scene.directory)
    sign_in = scene.bench.begin_sign_in()
    answer = json.dumps(key.get(sign_in.options, origin=scene.bench.origin))
    assert scene.bench.finish_sign_in(sign_in.ceremony, answer).passkey_id == passkey.id


def test_a_second_key_goes_beside_the_first(scene):
    for expected in (1, 2):
        begun = scene.begin()
        assert len(begun.options["excludeCredentials"]) == expected - 1
        scene.finish(begun, scene.touched(begun))
        scene.work()
        assert scene.statuses() == ["ACTIVE"] * expected


def test_a_model_that_is_refused_is_never_activated_and_its_device_goes(scene):
    begun = scene.begin()
    with pytest.raises(CeremonyRefusal, match="model_not_allowed"):
        scene.finish(begun, scene.touched(begun, scene.world.other_key()))
    scene.work()
    assert scene.statuses() == [] and scene.activations() == 0


@pytest.mark.parametrize("ending", ["cancelled", "late", "never answered"])
def test_what_comes_to_nothing_leaves_no_device(scene, ending):
    begun = scene.begin()
    answer = scene.touched(begun)
    if ending == "cancelled":
        cancel(
            scene.bench.portal,
            purpose=Purpose.ENROL,
            ceremony=str(begun.ceremony),
            session_hash=SESSION,
            person_id=scene.person,
        )
    else:
        scene.bench.portal.now.forward(minutes=10)
    if ending != "never answered":
        with pytest.raises(CeremonyRefusal, match=r"cancelled|challenge_expired"):
            scene.finish(begun, answer)
    scene.work()
    assert scene.statuses() == [] and scene.activations() == 0


def test_what_was_activated_is_never_discarded(scene):
    begun = scene.begin()
    passkey = scene.finish(begun, scene.touched(begun))
    scene.work()
    with scene.bench.portal.database.write() as session:  # as a bug would have it
        row = session.scalars(select(Challenge)).one()
        row.discard_at = scene.bench.portal.now()
    scene.work()
    assert scene.statuses() == ["ACTIVE"]
    assert vendors.placed(scene.bench.portal, passkey, scene.directory)


def test_what_cannot_be_discarded_is_tried_again(scene):
    begun = scene.begin()
    with pytest.raises(CeremonyRefusal, match="user_not_verified"):
        scene.finish(begun, scene.touched(begun, user_verified=False))
    scene.ping.control.fail(times=20, status=503)
    scene.work()
    scene.ping.control.clear_faults()
    assert scene.statuses() == ["ACTIVATION_REQUIRED"]
    scene.bench.portal.now.forward(minutes=5)
    scene.work()
    assert scene.statuses() == []


def test_pingones_own_relying_party_needs_a_client_that_claims_its_origin(start):
    scene = start("pingone.com")
    begun = scene.begin()
    assert begun.origin == "https://auth.pingone.com"
    passkey = scene.finish(begun, scene.touched(begun))
    assert not passkey.own and passkey.rp_id == "pingone.com"
    scene.work()
    assert scene.statuses() == ["ACTIVE"]


def test_a_relying_party_that_was_changed_there_begins_nothing(scene):
    scene.ping.control.fido_policy(relyingPartyId="example.com")
    with pytest.raises(DirectoryTrouble) as refused:
        scene.begin()
    assert refused.value.cause == "pingone.relying_party" and scene.statuses() == []


def test_a_policy_there_without_attestation_is_told_before_the_touch(scene):
    scene.ping.control.fido_policy(attestationRequirements="NONE")
    with pytest.raises(DirectoryTrouble) as refused:
        scene.begin()
    assert refused.value.cause == "ceremony.no_attestation" and scene.statuses() == []


def test_too_many_devices_there_are_told_with_what_was_found(scene):
    scene.ping.control.mfa_settings(devices=1)
    scene.ping.control.add_device(scene.remote, "TOTP")
    with pytest.raises(DirectoryTrouble) as refused:
        scene.begin()
    assert refused.value.cause == "pingone.too_many_devices"
    assert refused.value.said and refused.value.findings
    with scene.bench.portal.database.read() as session:
        assert session.scalars(select(Passkey)).all() == []
        assert session.get_one(Person, scene.person).active
