from __future__ import annotations

import base64
import json
from uuid import UUID

import pytest
from sqlalchemy import select

from models import AuditEvent, Passkey, Person
from services import passkeys
from services.ceremonies import Purpose
from services.refusal import Refusal
from tests.authenticator import BrowserError, SoftwareKey
from tests.authenticator.key import EDDSA, RS256, decoded
from tests.authenticator.world import CRESCENDO_KEY

ZERO = UUID(int=0)


def enrol(bench, key, person, purpose=Purpose.ENROL, **twists):
    begun = bench.begin(person, purpose=purpose)
    answer = json.dumps(key.create(begun.options, origin=bench.origin, **twists))
    return bench.finish(person, begun.ceremony, answer, purpose=purpose)


def test_options_where_hardware_is_demanded(bench):
    bench.choose("hid_crescendo")
    options = bench.begin(bench.person()).options
    assert options["attestation"] == "direct"
    assert options["hints"] == ["security-key"]
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
        "authenticatorAttachment": "cross-platform",
    }
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert options["rp"] == {"id": "localhost", "name": "Latchkey"}
    assert len(decoded(options["challenge"])) == 32


def test_options_where_anything_goes(bench):
    bench.choose("any")
    options = bench.begin(bench.person()).options
    assert options["attestation"] == "none"
    assert "hints" not in options
    assert "authenticatorAttachment" not in options["authenticatorSelection"]


def test_a_hid_style_key_is_enrolled_with_its_evidence(bench, world):
    bench.choose("hid_crescendo")
    person, key = bench.person(), world.key()
    passkey = enrol(bench, key, person, extensions={"credProtect": 2})
    made = key.credentials[0]
    assert passkey.credential_id == made.id and passkey.user_handle == made.user_handle
    assert passkey.aaguid == CRESCENDO_KEY and passkey.nickname == "HID Crescendo Key"
    assert (passkey.rp_id, passkey.origin) == ("localhost", bench.origin)
    assert passkey.own and passkey.transports == ["usb"] and passkey.sign_count == 1
    evidence = passkey.evidence
    assert (evidence.format, evidence.trust, evidence.trust_reason) == ("packed", "trusted", None)
    assert [base64.b64decode(der) for der in evidence.trust_path] == [
        key.leaf.der,
        world.maker.intermediate.der,
    ]
    assert evidence.verdict == "accepted" and evidence.policy["name"] == "HID Crescendo only"
    assert evidence.user_present and evidence.user_verified
    assert evidence.extensions == {"credProtect": 2, "credProps": {"rk": True}}
    assert evidence.metadata_number is None  # its anchor came from a file
    with bench.portal.database.read() as session:
        event = session.scalar(select(AuditEvent).where(AuditEvent.tag == "passkey.registered"))
    assert event.passkey_id == passkey.id and event.person_id == event.actor_id == person
    assert bench.woken == [True]


def test_the_public_key_is_kept_as_the_authenticator_sent_it(bench, world):
    bench.choose("hid_crescendo")
    passkey = enrol(bench, world.key(), bench.person())
    assert passkey.public_key in passkey.evidence.attestation_object


@pytest.mark.parametrize("algorithm", [EDDSA, RS256])
def test_every_algorithm_that_is_asked_for_works(bench, world, algorithm):
    bench.choose("hid_crescendo")
    key = world.key()
    passkey = enrol(bench, key, bench.person(), algorithm=algorithm)
    assert passkey.algorithm == algorithm
    begun = bench.begin_sign_in()
    answer = json.dumps(key.get(begun.options, origin=bench.origin))
    assert bench.finish_sign_in(begun.ceremony, answer).passkey_id == passkey.id


def test_an_unattested_passkey_is_stored_as_such(bench, world):
    bench.choose("any")
    passkey = enrol(bench, world.phone(), bench.person(), backup_eligible=True, backup_state=True)
    assert passkey.aaguid == ZERO and passkey.nickname == "Passkey"
    assert passkey.evidence.trust == "none" and passkey.evidence.trust_path == []
    assert passkey.backup_eligible and passkey.backup_state


def test_the_persons_keys_are_excluded_and_share_a_handle(bench, world):
    bench.choose("hid_crescendo")
    person, key = bench.person(), world.key()
    first = enrol(bench, key, person)
    begun = bench.begin(person, purpose=Purpose.ADD)
    assert [decoded(one["id"]) for one in begun.options["excludeCredentials"]] == [
        first.credential_id
    ]
    assert begun.options["excludeCredentials"][0]["transports"] == ["usb"]
    with pytest.raises(BrowserError, match="InvalidStateError"):
        key.create(begun.options, origin=bench.origin)
    second = enrol(bench, world.key(), person, purpose=Purpose.ADD)
    assert second.user_handle == first.user_handle
    assert second.nickname == "HID Crescendo Key 2"


@pytest.mark.parametrize(
    "change", [{"maker": "a directory"}, {"rp_id": "example.net"}, {"ended_because": "removed"}]
)
def test_only_live_passkeys_of_our_own_count(bench, world, change):
    bench.choose("hid_crescendo")
    person = bench.person()
    passkey = enrol(bench, world.key(), person)
    with bench.portal.database.write() as session:
        row = session.get_one(Passkey, passkey.id)
        row.user_handle = b"of another relying party"
        for name, value in change.items():
            setattr(row, name, value)
        if "ended_because" in change:
            row.ended_at = bench.portal.now()
    options = bench.begin(person).options
    assert options["excludeCredentials"] == []
    assert decoded(options["user"]["id"]) == handle_of(bench, person)


def handle_of(bench, person) -> bytes:
    with bench.portal.database.read() as session:
        return session.get_one(Person, person).user_handle


def test_an_existing_passkey_gives_its_handle_to_the_next(bench, world):
    bench.choose("hid_crescendo")
    person = bench.person()
    passkey = enrol(bench, world.key(), person)
    with bench.portal.database.write() as session:
        session.get_one(Passkey, passkey.id).user_handle = b"made before"
    options = bench.begin(person).options
    assert decoded(options["user"]["id"]) == b"made before"


def test_the_answer_is_judged_by_the_policy_it_was_begun_under(bench, world):
    bench.choose("any")
    person, key = bench.person(), world.other_key()
    begun = bench.begin(person)
    answer = json.dumps(key.create(begun.options, origin=bench.origin))
    bench.choose("hid_crescendo")
    passkey = bench.finish(person, begun.ceremony, answer)
    assert passkey.evidence.policy["name"].startswith("Any")


def test_a_credential_that_arrives_in_the_same_moment_is_known(bench, world, monkeypatch):
    bench.choose("hid_crescendo")
    enrol(bench, world.key(), bench.person(), credential_id=b"the same one")
    monkeypatch.setattr(passkeys, "_taken", lambda *_: False)
    with pytest.raises(Refusal) as refused:
        enrol(bench, world.key(), bench.person("grace"), credential_id=b"the same one")
    assert refused.value.code == "credential_known"


def test_a_failing_wake_is_outside_the_transaction(bench, world):
    bench.choose("hid_crescendo")
    stored = []

    def wake():
        with bench.portal.database.read() as session:
            stored.extend(session.scalars(select(Passkey.id)))

    bench.portal.wake = wake
    passkey = enrol(bench, world.key(), bench.person())
    assert stored == [passkey.id]


def test_another_manufacturers_key_is_refused_with_its_model(bench, world):
    bench.choose("hid_crescendo")
    with pytest.raises(Refusal) as refused:
        enrol(bench, world.other_key(), bench.person())
    assert refused.value.code == "model_not_allowed"
    assert refused.value.facts["model"] == "Example Key"


def test_a_u2f_key_is_not_trusted_for_want_of_a_model(bench, world):
    bench.choose("hid_crescendo")
    key = SoftwareKey(world.maker, ZERO)
    with pytest.raises(Refusal) as refused:
        enrol(bench, key, bench.person(), attestation="packed")
    assert refused.value.code == "attestation_untrusted.no_anchors"


def suspend(bench, person) -> None:
    with bench.portal.database.write() as session:
        session.get_one(Person, person).suspended_at = bench.portal.now()


def test_nobody_who_is_suspended_begins_to_register(bench):
    bench.choose("any")
    person = bench.person()
    suspend(bench, person)
    with pytest.raises(Refusal) as refused:
        bench.begin(person)
    assert refused.value.code == "person_suspended"


def test_a_key_of_somebody_who_was_suspended_meanwhile_is_not_stored(bench, world):
    bench.choose("any")
    person = bench.person()
    begun = bench.begin(person)
    answer = json.dumps(world.key().create(begun.options, origin=bench.origin))
    suspend(bench, person)
    with pytest.raises(Refusal) as refused:
        bench.finish(person, begun.ceremony, answer)
    assert refused.value.code == "person_suspended"
    with bench.portal.database.read() as session:
        assert session.scalars(select(Passkey)).all() == []
