"""Activation of a begun device (pingone.md 3.2)."""

from __future__ import annotations

import base64
import json

import pytest
from fido2 import cbor

from tests.authenticator.key import SoftwareKey, decoded
from tests.authenticator.manufacturer import Manufacturer
from tests.emulators.pingone.client import (
    ACTIVATE,
    ORIGIN,
    attestation,
    options_of,
    problem,
)

WRONG = (400, "INVALID_DATA", "INVALID_VALUE")


@pytest.fixture
def begun(api, person, key):
    """A begun device, the browser's answer to it, and the path's parts."""
    device = api.begin(person)
    answer = key.create(options_of(device), origin=ORIGIN)
    return person, device.json()["id"], answer


def status(api, person: str) -> list[str]:
    listed = api.get(f"/users/{person}/devices")["_embedded"]["devices"]
    return [device["status"] for device in listed]


def test_a_device_becomes_active(api, person, key):
    answer = api.enrol(person, key)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["type"]) == ("ACTIVE", "FIDO2")
    assert status(api, person) == ["ACTIVE"]


def test_several_keys_of_a_user_are_fine(api, person):
    assert api.enrol(person, SoftwareKey()).status_code == 200
    assert api.enrol(person, SoftwareKey()).status_code == 200
    assert status(api, person) == ["ACTIVE", "ACTIVE"]


@pytest.mark.parametrize(
    "media", ["application/json", "application/vnd.pingidentity.device.activate", "text/plain"]
)
def test_other_content_types_are_refused(api, begun, media):
    person, device, answer = begun
    body = {"origin": ORIGIN, "attestation": attestation(answer)}
    refused = api.activate(person, device, body, media=media)
    assert problem(refused)[:2] == (415, "INVALID_REQUEST")
    assert status(api, person) == ["ACTIVATION_REQUIRED"]
    assert api.activate(person, device, body, media=f"{ACTIVATE}; charset=utf-8").ok


def test_put_is_the_wrong_method(api, begun):
    person, device, answer = begun
    body = {"origin": ORIGIN, "attestation": attestation(answer)}
    refused = api.send("PUT", f"/users/{person}/devices/{device}", body, media=ACTIVATE)
    assert refused.status_code == 405


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"origin": None}, "origin"),
        ({"origin": ""}, "origin"),
        ({"attestation": None}, "attestation"),
        ({"attestation": {"id": "x"}}, "attestation"),
        ({"attestation": "{"}, "attestation"),
        ({"attestation": "[]"}, "attestation"),
        ({"attestation": '{"type":"public-key"}'}, "attestation"),
        ({"fido2": "{}", "attestation": None}, "attestation"),
    ],
)
def test_wrong_bodies_are_refused(api, begun, changes, target):
    person, device, answer = begun
    body = {"origin": ORIGIN, "attestation": attestation(answer)} | changes
    refused = api.activate(person, device, body)
    assert (problem(refused)[0], problem(refused)[3]) == (400, target)
    assert status(api, person) == ["ACTIVATION_REQUIRED"]


def test_the_attestation_is_a_string_and_not_an_object(api, begun):
    person, device, answer = begun
    body = {"origin": ORIGIN, "attestation": json.loads(attestation(answer))}
    assert problem(api.activate(person, device, body)) == (*WRONG, "attestation")


def test_the_widgets_form_without_extension_results_is_fine(api, begun):
    person, device, answer = begun
    text = json.loads(attestation(answer))
    del text["clientExtensionResults"]
    body = {"origin": ORIGIN, "attestation": json.dumps(text)}
    assert api.activate(person, device, body).status_code == 200


def test_base64url_has_variants(api, begun):
    person, device, answer = begun
    text = attestation(answer, rawId=answer["rawId"], response=answer["response"])
    body = {"origin": ORIGIN, "attestation": text}
    assert problem(api.activate(person, device, body))[:3] == WRONG
    api.ping.control.vary(attestation_base64="either")
    assert api.activate(person, device, body).status_code == 200


@pytest.mark.parametrize("changes", [{"id": "AAAA"}, {"rawId": "AAAA"}, {"rawId": None}])
def test_id_and_raw_id_are_the_same(api, begun, changes):
    person, device, answer = begun
    body = {"origin": ORIGIN, "attestation": attestation(answer, **changes)}
    assert api.activate(person, device, body).status_code == 400


def test_the_id_is_base64url_without_padding(api, begun):
    person, device, answer = begun
    padding = base64.b64encode(decoded(answer["id"])).decode()
    assert padding.endswith("=")
    body = {"origin": ORIGIN, "attestation": attestation(answer, id=padding)}
    assert problem(api.activate(person, device, body))[3] == "attestation.id"


@pytest.mark.parametrize("code", ["INVALID_VALUE", "CONSTRAINT_VIOLATION"])
@pytest.mark.parametrize(
    "origin", ["http://localhost:5001", "http://localhost", "https://localhost:5000", "localhost"]
)
def test_the_origin_is_exactly_the_pages(api, person, key, origin, code):
    api.ping.control.vary(activation_code=code)
    answer = api.enrol(person, key, more={"origin": origin})
    assert problem(answer) == (400, "INVALID_DATA", code, "origin")


@pytest.mark.parametrize(
    "twists",
    [
        {"challenge": b"another challenge"},
        {"client_type": "webauthn.get"},
        {"client_origin": "http://localhost:9"},
        {"rp_id": "other.example"},
        {"user_present": False},
        {"user_verified": False},
        {"algorithm": -8, "attestation": "self"},
        {"signature": b"wrong"},
        {"attestation": "none"},
        {"attestation": "made-up"},
        {"leaf": {"ca": True}},
    ],
    ids=lambda twists: "-".join(twists),
)
def test_wrong_answers_are_refused(api, person, key, twists):
    answer = api.enrol(person, key, **twists)
    assert problem(answer)[:3] == WRONG
    assert status(api, person) == ["ACTIVATION_REQUIRED"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"\xa0", cbor.encode({"fmt": "none", "attStmt": {}, "authData": b""})]
)
def test_an_unreadable_attestation_object_is_refused(api, begun, content):
    person, device, answer = begun
    response = json.loads(attestation(answer))["response"]
    response["attestationObject"] = base64.b64encode(content).decode()
    body = {"origin": ORIGIN, "attestation": attestation(answer, response=response)}
    assert problem(api.activate(person, device, body))[:3] == WRONG


@pytest.mark.parametrize("content", [b"x", b"[]", b"\xff"])
def test_unreadable_client_data_is_refused(api, begun, content):
    person, device, answer = begun
    response = json.loads(attestation(answer))["response"]
    response["clientDataJSON"] = base64.b64encode(content).decode()
    body = {"origin": ORIGIN, "attestation": attestation(answer, response=response)}
    assert problem(api.activate(person, device, body)) == (*WRONG, "attestation")


def test_the_credential_is_the_one_that_was_attested(api, begun):
    person, device, answer = begun
    body = {"origin": ORIGIN, "attestation": attestation(answer, id="AAAA", rawId="AAAA")}
    assert problem(api.activate(person, device, body)) == (*WRONG, "attestation")


def test_a_fido_policy_that_is_gone_refuses(api, begun):
    person, device, answer = begun
    listed = api.get("/fido2Policies")["_embedded"]["fido2Policies"]
    portal = next(one["id"] for one in listed if one["relyingPartyId"] == "localhost")
    assert api.call("DELETE", f"/fido2Policies/{portal}").status_code == 204
    body = {"origin": ORIGIN, "attestation": attestation(answer)}
    assert problem(api.activate(person, device, body)) == (*WRONG, "policy")


def test_another_users_challenge_is_refused(api, person, key):
    other = api.ping.control.user("kiosk.two")["id"]
    theirs = api.begin(other)
    answer = key.create(options_of(api.begin(person)), origin=ORIGIN)
    body = {"origin": ORIGIN, "attestation": attestation(answer)}
    assert problem(api.activate(other, theirs.json()["id"], body))[:3] == WRONG


def test_what_policies_leave_open_is_accepted(api, person, key):
    api.ping.control.fido_policy(
        userVerification={"option": "PREFERRED", "enforceDuringAuthentication": False},
        attestationRequirements="NONE",
    )
    assert api.enrol(person, key, user_verified=False).status_code == 200


def test_backup_eligible_passkeys_follow_the_policy(api, person, key):
    forbidden = {"allow": False, "enforceDuringAuthentication": True}
    api.ping.control.fido_policy(backupEligibility=forbidden)
    assert problem(api.enrol(person, key, backup_eligible=True))[:3] == WRONG
    api.ping.control.fido_policy(backupEligibility=forbidden | {"allow": True})
    assert api.enrol(person, key, backup_eligible=True).status_code == 200


def test_direct_attestation_without_a_statement_has_variants(api, person, key):
    assert problem(api.enrol(person, key, attestation="none"))[:3] == WRONG
    api.ping.control.vary(direct_without_statement="accepted")
    assert api.enrol(person, key, attestation="none").status_code == 200


def test_an_origin_outside_the_rp_id_has_variants(api, person, key):
    """A client that is no browser writes the client data itself."""
    page = {"page": ORIGIN, "client_origin": "https://elsewhere.example"}
    more = {"origin": "https://elsewhere.example"}
    assert problem(api.enrol(person, key, more=more, **page)) == (*WRONG, "origin")
    api.ping.control.vary(origin_suffix="not enforced")
    assert api.enrol(person, key, more=more, **page).status_code == 200


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        ("https://shop.example", True),
        ("https://keys.shop.example:8443", True),
        ("http://shop.example", False),
        ("https://shop.example/path", False),
        ("https://user@shop.example", False),
        ("https://notshop.example", False),
        ("https://example", False),
    ],
)
def test_an_origin_is_a_secure_one_at_or_below_the_rp_id(api, person, key, origin, accepted):
    api.ping.control.fido_policy(relyingPartyId="shop.example")
    device = api.begin(person, rp={"id": "shop.example", "name": "Shop"})
    answer = key.create(options_of(device), origin="https://shop.example", client_origin=origin)
    body = {"origin": origin, "attestation": attestation(answer)}
    assert api.activate(person, device.json()["id"], body).ok is accepted


def test_the_life_of_a_challenge_has_variants(api, person, key):
    def after(seconds: float):
        device = api.begin(person)
        answer = key.create(options_of(device), origin=ORIGIN)
        api.ping.control.forward(seconds)
        body = {"origin": ORIGIN, "attestation": attestation(answer)}
        return api.activate(person, device.json()["id"], body)

    assert after(1000).status_code == 200
    api.ping.control.vary(challenge_life="as the timeout")
    key.credentials.clear()
    assert problem(after(121))[:3] == WRONG
    assert after(60).status_code == 200


def test_an_active_device_is_not_activated_again(api, begun):
    person, device, answer = begun
    body = {"origin": ORIGIN, "attestation": attestation(answer)}
    assert api.activate(person, device, body).status_code == 200
    assert problem(api.activate(person, device, body)) == (*WRONG, "status")


def test_the_same_credential_is_not_paired_twice(api, person, key):
    twist = {"credential_id": b"x" * 32}
    assert api.enrol(person, key, **twist).status_code == 200
    other = api.ping.control.user("kiosk.two")["id"]
    answer = api.enrol(other, key, **twist)
    assert problem(answer)[:3] == (400, "INVALID_DATA", "UNIQUENESS_VIOLATION")
    (device,) = api.get(f"/users/{person}/devices")["_embedded"]["devices"]
    api.call("DELETE", f"/users/{person}/devices/{device['id']}")
    assert api.enrol(other, key, **twist).status_code == 200


@pytest.fixture
def add_model(api):
    """Put a key's model among the custom authenticators."""

    def add(key: SoftwareKey, **changes) -> dict:
        entry = key.metadata_entry()
        statement = entry["metadataStatement"] | changes
        body = {"aaguid": entry["aaguid"], "metadataStatement": statement}
        return api.send("POST", "/fidoDevicesMetadata", body).json()

    return add


def mds(api, option: str, *allowed: str) -> None:
    rules = {"option": option, "enforceDuringAuthentication": False}
    if allowed:
        rules["allowedAuthenticators"] = [{"id": one} for one in allowed]
    api.ping.control.fido_policy(mdsAuthenticatorsRequirements=rules)


@pytest.mark.parametrize("option", ["NONE", "AUDIT_ONLY"])
def test_unknown_models_are_accepted_where_nothing_is_required(api, person, key, option):
    mds(api, option)
    assert api.enrol(person, key).status_code == 200


@pytest.mark.parametrize("option", ["GLOBAL", "CERTIFIED", "SPECIFIC"])
def test_unknown_models_are_refused_where_metadata_is_required(api, person, key, option):
    mds(api, option, "anything")
    assert problem(api.enrol(person, key))[:3] == WRONG


def test_a_known_model_is_accepted_and_others_of_its_number_are_not(api, person, key, add_model):
    mds(api, "GLOBAL")
    add_model(key)
    assert api.enrol(person, key).status_code == 200
    assert problem(api.enrol(person, SoftwareKey(Manufacturer("Forger"))))[:3] == WRONG
    assert problem(api.enrol(person, SoftwareKey(), attestation="self"))[:3] == WRONG


def test_a_custom_model_is_not_certified(api, person, key, add_model):
    mds(api, "CERTIFIED")
    entry = add_model(key)
    assert problem(api.enrol(person, key))[:3] == WRONG
    kept = api.ping.ping.store.get("fidoDeviceMetadata", entry["id"])
    kept["statusReports"] = [{"status": "FIDO_CERTIFIED_L1"}]
    api.ping.ping.put("fidoDeviceMetadata", kept)
    assert api.enrol(person, key).status_code == 200


def test_specific_models_are_named_by_a_field_with_variants(api, person, key, add_model):
    entry = add_model(key)
    mds(api, "SPECIFIC", entry["mdsIdentifier"])
    assert api.enrol(person, key).status_code == 200
    api.ping.control.vary(mds_identifier_field="id")
    assert problem(api.enrol(person, SoftwareKey(key.manufacturer)))[:3] == WRONG
    mds(api, "SPECIFIC", entry["id"])
    assert api.enrol(person, SoftwareKey(key.manufacturer)).status_code == 200
