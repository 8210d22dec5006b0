"""Registrations that a directory begins: what is kept, believed, refused, and taken back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from directories.base import CheckState, Finding, Refused, Transient
from models import (
    AuditEvent,
    Challenge,
    Delivery,
    Directory,
    DirectoryType,
    Passkey,
    Person,
    Placement,
)
from models.passkeys import OWN
from services import ceremonies
from services.ceremonies import CeremonyRefusal, Purpose, offers
from services.policies import POLICIES, Kind
from tests.authenticator.key import encoded
from tests.services.ceremonies.conftest import SESSION
from tests.services.ceremonies.issuing import (
    OURS,
    VENDOR,
    Scene,
    connected,
)

PINNED = {
    "environment_id": "6f1d9c2e-0f0a-4a53-9a5c-6d9d9f2b7c11",
    "region": "NA",
    "client_id": "worker",
    "relying_party_id": OURS,
}


@pytest.fixture
def scene(bench, fake, world) -> Scene:
    return Scene(bench, fake, world)


# -- what is kept and handed on -------------------------------------------------------------------


def test_the_directorys_options_are_handed_on_as_they_are(scene):
    begun = scene.begin()
    assert begun.origin == f"https://{VENDOR}"
    assert begun.options["rp"] == {"id": VENDOR, "name": "Vendor"}
    assert begun.options["excludeCredentials"] == [] and "hints" not in begun.options
    [row] = scene.rows(Challenge)
    assert row.options == begun.options and row.origins == [begun.origin]
    assert row.directory_id == scene.directory and row.rp_id == VENDOR
    assert row.remote == {
        "identity": scene.remote,
        "begun": {"device": "device-1"},
        "leaves": "device-1",
        "formats": [],
    }
    assert row.expires_at == scene.portal.now() + timedelta(minutes=5)


def test_more_keys_are_excluded_only_where_a_caller_says_so(scene):
    scene.offers(excludeCredentials=[{"type": "public-key", "id": encoded(b"theirs")}])
    begun = scene.begin(exclude=[b"just used"])
    assert [one["id"] for one in begun.options["excludeCredentials"]] == [
        encoded(b"theirs"),
        encoded(b"just used"),
    ]
    own = ceremonies.begin_registration(
        scene.portal,
        purpose=Purpose.DESK,
        person_id=scene.person,
        session_hash=SESSION,
        exclude=[b"just used"],
    )
    assert [one["id"] for one in own.options["excludeCredentials"]] == [encoded(b"just used")]
    assert own.origin == ""


def test_a_foreign_key_is_the_directorys_and_is_owed_to_it_alone(scene):
    other = connected(scene.portal, scene.person, name="Ory", type=DirectoryType.ORY)
    passkey = scene.enrol()
    with scene.portal.database.read() as session:
        maker = str(session.get_one(Directory, scene.directory).uuid)
    assert (passkey.maker, passkey.rp_id, passkey.own) == (maker, VENDOR, False)
    assert passkey.origin == f"https://{VENDOR}"
    [placement], [delivery] = scene.rows(Placement), scene.rows(Delivery)
    assert placement.directory_id == delivery.directory_id == scene.directory != other
    assert placement.begun == {"device": "device-1"}
    assert delivery.not_after == placement.not_after == scene.portal.now() + timedelta(minutes=5)
    assert delivery.due_at <= scene.portal.now() and scene.bench.woken
    [row] = scene.rows(Challenge)
    assert row.discard_at is None and scene.discard() == []


def test_a_foreign_key_does_not_sign_in_here(scene):
    key = scene.world.key()
    begun = scene.begin()
    scene.finish(begun, scene.touched(begun, key))
    sign_in = scene.bench.begin_sign_in()
    answer = key.get(
        {**sign_in.options, "rpId": VENDOR},
        origin=f"https://{VENDOR}",
        client_origin=scene.bench.origin,
        rp_id=OURS,
    )
    with pytest.raises(CeremonyRefusal, match="credential_unknown"):
        scene.bench.finish_sign_in(sign_in.ceremony, json.dumps(answer))


def test_a_shared_key_is_ours_with_the_directorys_handle_and_signs_in_here(scene):
    importing = connected(scene.portal, scene.person, name="Ory", type=DirectoryType.ORY)
    scene.offers(OURS)
    key = scene.world.key()
    begun = scene.begin()
    assert begun.origin == ""
    passkey = scene.finish(begun, scene.touched(begun, key))
    assert (passkey.maker, passkey.rp_id, passkey.origin) == (OWN, OURS, scene.bench.origin)
    assert passkey.user_handle == b"\x00\xffhandle of " + scene.remote.encode()
    assert {one.directory_id for one in scene.rows(Delivery)} == {importing, scene.directory}
    for arguments in ({}, {"purpose": Purpose.CONFIRM, "person_id": scene.person, "subject": "x"}):
        sign_in = scene.bench.begin_sign_in(**arguments)
        answer = json.dumps(key.get(sign_in.options, origin=scene.bench.origin))
        used = scene.bench.finish_sign_in(sign_in.ceremony, answer, **arguments)
        assert used.passkey_id == passkey.id


def test_a_key_of_ours_never_takes_the_handle_that_a_directory_gave(scene):
    scene.offers(OURS)
    passkey = scene.enrol()
    begun = scene.bench.begin(scene.person)
    with scene.portal.database.read() as session:
        handle = session.get_one(Person, scene.person).user_handle
    assert begun.options["user"]["id"] == encoded(handle)
    assert [one["id"] for one in begun.options["excludeCredentials"]] == [
        encoded(passkey.credential_id)
    ]


def test_a_relying_party_id_that_covers_our_pages_runs_there_and_stays_foreign(bench, fake, world):
    host = "keys.corp.example.com"
    bench.portal.settings = bench.portal.settings.model_copy(
        update={"origins": (f"https://{host}",), "rp_id": host}
    )
    scene = Scene(bench, fake, world)
    scene.offers("example.com")
    begun = scene.begin()
    assert begun.origin == "" and scene.rows(Challenge)[0].origins == [bench.origin]
    passkey = scene.finish(begun, scene.touched(begun))
    assert passkey.rp_id == "example.com" and not passkey.own


def test_a_challenge_of_many_kilobytes_is_kept_whole(scene):
    challenge = encoded(bytes(range(256)) * 28)
    scene.offers(challenge=challenge)
    begun = scene.begin()
    assert begun.options["challenge"] == challenge
    answer = scene.touched(begun)
    assert len(answer) > 12_000
    assert scene.finish(begun, answer).rp_id == VENDOR


def test_the_longest_challenge_that_is_taken_can_be_answered(scene):
    scene.offers(challenge=encoded(b"x" * offers.LONGEST_CHALLENGE))
    begun = scene.begin()
    assert scene.finish(begun, scene.touched(begun)).rp_id == VENDOR


def test_another_policy_can_judge(scene):
    scene.offers(attestation="none")
    begun = scene.begin(policy=POLICIES[Kind.ANY])
    answer = scene.touched(begun, scene.world.phone())
    assert scene.finish(begun, answer).evidence.policy["name"] == POLICIES[Kind.ANY].name


def test_who_drives_it_for_somebody_else_is_in_the_trail(scene):
    operator = scene.bench.person("operator")
    begun = scene.begin(purpose=Purpose.DESK, subject="desk:one", actor_id=operator)
    scene.finish(
        begun,
        scene.touched(begun),
        purpose=Purpose.DESK,
        subject="desk:one",
        actor_id=operator,
    )
    event = next(one for one in scene.rows(AuditEvent) if one.tag == "passkey.registered")
    assert (event.actor_id, event.person_id) == (operator, scene.person)


# -- what is not believed -------------------------------------------------------------------------

HOSTILE = {
    "another relying party than it says": ("ceremony.relying_party", {"rp": {"id": "example.net"}}),
    "no relying party": ("ceremony.relying_party", {"rp": None}),
    "a page elsewhere": ("ceremony.origins", {"origins": ("https://example.net",)}),
    "a page of ours": ("ceremony.origins", {"origins": ("http://localhost:5000",)}),
    "a page without a lock": ("ceremony.origins", {"origins": (f"http://{VENDOR}",)}),
    "a page with a path": ("ceremony.origins", {"origins": (f"https://{VENDOR}/login",)}),
    "no page": ("ceremony.origins", {"origins": ()}),
    "a port that is none": ("ceremony.origins", {"origins": (f"https://{VENDOR}:x",)}),
    "no challenge": ("ceremony.challenge", {"challenge": None}),
    "a short challenge": ("ceremony.challenge", {"challenge": encoded(b"x" * 15)}),
    "a challenge too long": (
        "ceremony.challenge",
        {"challenge": encoded(b"x" * (offers.LONGEST_CHALLENGE + 1))},
    ),
    "a challenge in another encoding": ("ceremony.challenge", {"challenge": "a+/b" * 8}),
    "a challenge cut off": ("ceremony.challenge", {"challenge": "A" * 33}),
    "no user": ("ceremony.user_handle", {"user": "ada"}),
    "an empty handle": ("ceremony.user_handle", {"user": {"id": ""}}),
    "a handle too long": ("ceremony.user_handle", {"user": {"id": encoded(b"x" * 65)}}),
    "no algorithms": ("ceremony.algorithms", {"pubKeyCredParams": []}),
    "algorithms that are no list": ("ceremony.algorithms", {"pubKeyCredParams": {"alg": -7}}),
    "algorithms of others": (
        "ceremony.algorithms",
        {"pubKeyCredParams": [{"type": "public-key", "alg": -37}, "ES256"]},
    ),
    "over already": ("ceremony.too_late", {"life": timedelta(0)}),
    "no attestation": ("ceremony.no_attestation", {"attestation": "none"}),
    "no PIN": (
        "ceremony.no_verification",
        {"authenticatorSelection": {"userVerification": "discouraged"}},
    ),
}


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_what_leads_to_nothing_is_refused_before_the_touch_and_taken_back(scene, case):
    code, changes = HOSTILE[case]
    scene.offers(**changes)
    trouble = scene.trouble()
    assert (trouble.code, trouble.cause, trouble.status) == ("directory_trouble", code, 502)
    assert trouble.sentence == trouble.reason and trouble.sentence.endswith(".")
    assert scene.rows(Challenge) == []
    assert scene.fake.discarded == [(scene.remote, {"device": "device-1"})]
    event = scene.rows(AuditEvent)[-1]
    assert (event.tag, event.detail["cause"]) == ("passkey.refused", code)
    assert event.directory_id == scene.directory and event.person_id == scene.person


@pytest.mark.parametrize("selection", [{}, {"residentKey": "discouraged"}, None])
def test_a_shared_key_has_to_keep_its_passkey(scene, selection):
    scene.offers(OURS, authenticatorSelection=selection)
    assert scene.trouble().cause == "ceremony.not_discoverable"
    scene.offers(VENDOR, authenticatorSelection=selection)
    assert scene.begin().origin


def test_a_relying_party_id_other_than_the_pinned_one_is_refused(bench, fake, world):
    scene = Scene(bench, fake, world)
    with scene.portal.database.write() as session:
        row = session.get_one(Directory, scene.directory)
        row.type, row.settings = DirectoryType.PINGONE, PINNED
    scene.offers(VENDOR)
    assert scene.trouble().cause == "ceremony.relying_party"
    scene.offers(OURS)
    assert scene.begin().origin == ""


def test_a_challenge_of_our_own_is_not_taken_from_a_directory(scene):
    sign_in = scene.bench.begin_sign_in()
    scene.offers(OURS, challenge=sign_in.options["challenge"])
    trouble = scene.trouble()
    assert trouble.cause == "ceremony.challenge" and scene.fake.discarded
    assert len(scene.rows(Challenge)) == 1


def test_a_directory_that_gives_years_gets_a_day(scene):
    scene.offers(life=timedelta(days=4000))
    scene.begin()
    assert scene.rows(Challenge)[0].expires_at == scene.portal.now() + timedelta(days=1)


# -- what goes wrong while it begins --------------------------------------------------------------


def test_the_directorys_own_words_and_what_was_found_are_told(scene):
    finding = Finding("fake.full", CheckState.FAILED, "There is no room for another key.")
    scene.fake.findings = (finding,)
    scene.fake.before["creation_options"].append(
        Refused("It began none.", code="fake.no", said="Bad Request", request_id="req-7")
    )
    trouble = scene.trouble()
    assert (trouble.cause, trouble.reason) == ("fake.no", "It began none.")
    assert (trouble.said, trouble.request_id) == ("Bad Request", "req-7")
    assert trouble.sentence == "It began none. Vendor said: “Bad Request” (request id req-7)."
    assert trouble.findings == (finding,) and scene.fake.discarded == []
    [intended] = scene.fake.intended
    assert scene.world.key().aaguid in intended.models


def test_what_is_known_to_fail_after_the_touch_is_not_begun(scene):
    scene.fake.begins_in_vain = True
    known = Finding("fake.models", CheckState.FAILED, "It takes no such key.", blocks=True)
    other = Finding("fake.full", CheckState.FAILED, "It may be full.")
    scene.fake.findings = (other, known)
    trouble = scene.trouble()
    assert (trouble.cause, trouble.reason) == ("ceremony.known_to_fail", "It takes no such key.")
    assert trouble.findings == (other, known)
    assert "creation_options" not in scene.fake.calls


@pytest.mark.parametrize("state", [CheckState.FAILED, CheckState.UNKNOWN])
def test_what_is_not_known_to_fail_keeps_nobody_from_trying(scene, state):
    scene.offers()
    scene.fake.begins_in_vain = True
    scene.fake.findings = (Finding("fake.full", state, "It may be full."),)
    scene.begin()
    assert "creation_options" in scene.fake.calls


def test_a_look_that_fails_keeps_nobody_from_trying(scene):
    scene.offers()
    scene.fake.begins_in_vain = True
    scene.fake.before["preflight"].append(Transient("Not now.", code="fake.busy"))
    scene.begin()
    assert "creation_options" in scene.fake.calls


def test_findings_that_cannot_be_had_hide_nothing(scene):
    scene.fake.before["creation_options"].append(Transient("Not now.", code="fake.busy"))
    scene.fake.before["preflight"].append(Transient("Not now either.", code="fake.busy"))
    assert scene.trouble().findings == ()


def test_a_record_that_is_gone_there_is_said(scene):
    del scene.fake.identities[scene.remote]
    assert scene.trouble().cause == "ceremony.identity_gone"


def test_what_cannot_be_discarded_at_once_does_not_hide_why(scene):
    scene.offers(attestation="none")
    scene.fake.before["discard"].append(Transient("Not now.", code="fake.busy"))
    assert scene.trouble().cause == "ceremony.no_attestation"


@pytest.mark.parametrize("when", ["before", "meanwhile", "at the end"])
def test_whoever_is_suspended_gets_no_key(scene, when):
    def suspend() -> None:
        with scene.portal.database.write() as session:
            session.get_one(Person, scene.person).suspended_at = scene.portal.now()

    if when == "before":
        suspend()
    if when == "meanwhile":
        scene.fake.after["creation_options"].append(suspend)
    with pytest.raises(CeremonyRefusal, match="person_suspended"):
        begun = scene.begin()
        answer = scene.touched(begun)
        suspend()
        scene.finish(begun, answer)
    assert scene.rows(Passkey) == []
    assert len(scene.discard()) == (when != "before")


def test_a_directory_that_is_not_in_service_begins_nothing(scene):
    with scene.portal.database.write() as session:
        session.get_one(Directory, scene.directory).verified_at = None
    with pytest.raises(CeremonyRefusal, match="directory_not_offered"):
        scene.begin()
    assert scene.fake.calls == []


def test_a_directory_that_imports_begins_nothing(scene):
    with scene.portal.database.write() as session:
        session.get_one(Directory, scene.directory).type = DirectoryType.ORY
    with pytest.raises(CeremonyRefusal, match="directory_not_offered"):
        scene.begin()
