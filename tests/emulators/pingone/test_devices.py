"""Devices: begin, list, name, order, remove (pingone.md 3.1, 3.3)."""

from __future__ import annotations

import json

import pytest

from emulators.pingone.options import signed
from tests.emulators.pingone.client import options_of, problem

REORDER = "application/vnd.pingidentity.devices.reorder+json"
FORGET = "application/vnd.pingidentity.devices.order.remove+json"
ALICE = "ada.byron.000"


def types(api, user: str, **query) -> list[str]:
    listed = api.get(f"/users/{user}/devices", params=query)["_embedded"]["devices"]
    return [device["type"] for device in listed]


def test_a_begun_device_waits_and_hands_out_a_json_string(api, person):
    answer = api.begin(person)
    assert answer.status_code == 201
    device = answer.json()
    assert (device["type"], device["status"]) == ("FIDO2", "ACTIVATION_REQUIRED")
    options = json.loads(device["publicKeyCredentialCreationOptions"])
    assert options["rp"] == {"id": "localhost"}
    assert len(options["challenge"]) == len(options["user"]["id"]) == 32
    assert all(-128 <= number <= 127 for number in options["challenge"] + options["user"]["id"])
    assert [one["alg"] for one in options["pubKeyCredParams"]] == ["-7", "-37", "-257"]
    assert options["timeout"] == 120000
    assert options["attestation"] == "direct"
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["user"]["name"] == "kiosk.one"


def test_bytes_are_signed():
    assert signed(bytes.fromhex("b0c2c2be5455dc33")) == [-80, -62, -62, -66, 84, 85, -36, 51]


def test_challenges_differ_and_the_user_handle_stays(api, person):
    first, second = (options_of(api.begin(person)) for _ in range(2))
    assert first["challenge"] != second["challenge"]
    assert first["user"] == second["user"]


def test_options_follow_the_fido_policy(api, person):
    api.ping.control.fido_policy(
        discoverableCredentials="PREFERRED",
        authenticatorAttachment="CROSS_PLATFORM",
        userVerification={"option": "DISCOURAGED", "enforceDuringAuthentication": False},
        attestationRequirements="NONE",
        userPresenceTimeout={"duration": 90, "timeUnit": "SECONDS"},
    )
    options = options_of(api.begin(person))
    assert options["authenticatorSelection"] == {
        "residentKey": "preferred",
        "requireResidentKey": False,
        "userVerification": "discouraged",
        "authenticatorAttachment": "cross-platform",
    }
    assert (options["attestation"], options["timeout"]) == ("none", 90000)


def test_the_name_in_the_options_follows_the_policy(api):
    user = api.ping.control.user("siobhan.o'brien")["id"]
    assert options_of(api.begin(user))["user"]["displayName"] == "Siobhán O'Brien"


def test_the_rp_name_in_the_options_has_variants(api, person):
    api.ping.control.vary(options_rp_name="present")
    assert options_of(api.begin(person))["rp"] == {"id": "localhost", "name": "Portal"}


def test_keys_of_the_user_are_excluded(api, person, key):
    api.enrol(person, key)
    excluded = options_of(api.begin(person))["excludeCredentials"]
    assert len(excluded) == 1
    other = api.ping.control.user("kiosk.two")["id"]
    assert options_of(api.begin(other))["excludeCredentials"] == []


@pytest.mark.parametrize(
    ("changes", "detail", "target"),
    [
        ({"type": None}, "REQUIRED_VALUE", "type"),
        ({"type": "NFC"}, "INVALID_VALUE", "type"),
        ({"type": "TOTP"}, "INVALID_VALUE", "type"),
        ({"rp": None}, "REQUIRED_VALUE", "rp"),
        ({"rp": {"name": "Portal"}}, "REQUIRED_VALUE", "rp.id"),
        ({"rp": {"id": "localhost"}}, "REQUIRED_VALUE", "rp.name"),
        ({"policy": None}, "REQUIRED_VALUE", "policy"),
        ({"policy": {}}, "REQUIRED_VALUE", "policy.id"),
        ({"policy": {"id": "nothing"}}, "INVALID_VALUE", "policy.id"),
        ({"status": "ACTIVE"}, "INVALID_VALUE", "status"),
        ({"name": "Key"}, "INVALID_VALUE", "name"),
        ({"nickname": "x" * 101}, "SIZE_LIMIT_EXCEEDED", "nickname"),
    ],
)
def test_wrong_creates_are_refused(api, person, changes, detail, target):
    assert problem(api.begin(person, **changes)) == (400, "INVALID_DATA", detail, target)
    assert types(api, person) == []


def test_the_policy_is_the_mfa_policy_and_not_the_fido_policy(api, person):
    fido = api.get("/fido2Policies")["_embedded"]["fido2Policies"][0]["id"]
    answer = api.begin(person, policy={"id": fido})
    assert problem(answer) == (400, "INVALID_DATA", "INVALID_VALUE", "policy.id")


def test_a_create_without_rp_and_policy_has_variants(api, person):
    assert api.begin(person, rp=None, policy=None).status_code == 400
    api.ping.control.vary(bare_create="accepted")
    answer = api.begin(person, rp=None, policy=None)
    assert options_of(answer)["rp"]["id"] == "pingone.com"  # of the default policies


def test_an_overridden_rp_id_has_variants(api, person):
    other = {"id": "other.example", "name": "Other"}
    assert options_of(api.begin(person, rp=other))["rp"]["id"] == "other.example"
    api.ping.control.vary(rp_override="refused")
    assert problem(api.begin(person, rp=other))[3] == "rp.id"
    assert api.begin(person).status_code == 201


def test_unknown_fields_of_a_create_have_variants(api, person):
    api.ping.control.vary(unknown_device_fields="ignored")
    answer = api.begin(person, status="ACTIVE", name="Key")
    assert (answer.status_code, answer.json()["status"]) == (201, "ACTIVATION_REQUIRED")


@pytest.mark.parametrize("media", ["text/plain", "application/vnd.pingidentity.other+json"])
def test_other_content_types_are_refused(api, person, media):
    answer = api.send("POST", f"/users/{person}/devices", {"type": "FIDO2"}, media=media)
    assert problem(answer)[:2] == (415, "INVALID_REQUEST")


def test_a_create_under_the_content_type_of_ordering_makes_nothing(api, person):
    answer = api.send("POST", f"/users/{person}/devices", {"type": "FIDO2"}, media=REORDER)
    assert problem(answer) == (400, "INVALID_DATA", "REQUIRED_VALUE", "order")
    assert types(api, person) == []


def test_a_policy_without_fido2_refuses(api, person):
    api.ping.control.mfa_policy(enabled=False)
    assert problem(api.begin(person))[:3] == (400, "INVALID_DATA", "INVALID_VALUE")


def test_a_policy_whose_fido_policy_is_gone_refuses(api, person):
    api.ping.control.mfa_policy(fido2PolicyId="3f02de71-0000-4000-8000-000000000000")
    assert problem(api.begin(person)) == (400, "INVALID_DATA", "INVALID_VALUE", "policy.id")


@pytest.mark.parametrize("code", ["INVALID_VALUE", "CONSTRAINT_VIOLATION"])
def test_switched_off_pairing_refuses_by_a_code_with_variants(api, person, code):
    api.ping.control.mfa_policy(pairingDisabled=True)
    api.ping.control.vary(pairing_disabled_code=code)
    assert problem(api.begin(person))[:3] == (400, "INVALID_DATA", code)


def test_a_disabled_user_has_variants(api, person):
    api.ping.control.change_user("kiosk.one", enabled=False)
    assert problem(api.begin(person))[2] == "ACCOUNT_NOT_USABLE"
    api.ping.control.vary(disabled_user_pairing="accepted")
    assert api.begin(person).status_code == 201


def test_a_user_without_mfa_has_variants(api, person):
    api.ping.control.change_user("kiosk.one", mfaEnabled=False)
    assert api.begin(person).status_code == 201
    api.ping.control.vary(mfa_disabled_pairing="refused")
    assert api.begin(person).status_code == 400


def test_the_device_cap_is_a_429_without_retry_after(api, person):
    for kind in ("FIDO2", "TOTP", "EMAIL", "MOBILE"):
        api.ping.control.add_device(person, kind)
    api.ping.control.add_device(
        person, "SMS", status="ACTIVATION_REQUIRED", block={"status": "BLOCKED"}
    )
    answer = api.begin(person)
    assert problem(answer)[:3] == (429, "REQUEST_LIMITED", "LIMIT_EXCEEDED")
    assert "Retry-After" not in answer.headers
    api.ping.control.mfa_settings(devices=6)
    assert api.begin(person).status_code == 201


def test_whether_waiting_devices_count_has_variants(api, person):
    for _ in range(5):
        assert api.begin(person).status_code == 201
    assert api.begin(person).status_code == 201
    api.ping.control.vary(pending_devices="counted")
    assert api.begin(person).status_code == 429


def test_somebody_is_seeded_at_the_cap(api):
    grace = api.users(filter='username eq "grace.byron.001"')[0]["id"]
    assert types(api, grace) == ["FIDO2"] * 5
    assert api.begin(grace).status_code == 429


def test_all_types_come_in_one_list_and_filter_by_status(api, person):
    for kind in ("TOTP", "EMAIL", "MOBILE", "PINGID_DESKTOP_GEN2"):
        api.ping.control.add_device(person, kind)
    pending = api.begin(person).json()["id"]
    assert sorted(types(api, person)) == [
        "EMAIL", "FIDO2", "MOBILE", "PINGID_DESKTOP_GEN2", "TOTP",
    ]  # fmt: skip
    active = types(api, person, filter='(status eq "ACTIVE")')
    assert sorted(active) == ["EMAIL", "MOBILE", "PINGID_DESKTOP_GEN2", "TOTP"]
    refused = api.call("GET", f"/users/{person}/devices", params={"filter": 'type eq "FIDO2"'})
    assert problem(refused)[2] == "INVALID_FILTER"
    assert "publicKeyCredentialCreationOptions" not in api.get(f"/users/{person}/devices/{pending}")


def test_people_are_seeded_with_devices(api):
    ada = api.users(filter=f'username eq "{ALICE}"')[0]["id"]
    assert sorted(types(api, ada)) == ["FIDO2", "TOTP"]


def test_no_device_shows_what_the_server_keeps(api, person, key):
    api.enrol(person, key)
    api.begin(person)
    for device in api.get(f"/users/{person}/devices")["_embedded"]["devices"]:
        assert not {"credential", "ceremony", "order"} & device.keys()


def test_a_device_is_named_by_put(api, person):
    device = api.begin(person).json()["id"]
    path = f"/users/{person}/devices/{device}/nickname"
    assert api.send("PUT", path, {"nickname": "Blue key"}).json()["nickname"] == "Blue key"
    assert problem(api.send("PUT", path, {"nickname": "x" * 101}))[2] == "SIZE_LIMIT_EXCEEDED"
    assert problem(api.send("PUT", path, {}))[2] == "REQUIRED_VALUE"
    assert api.send("PATCH", path, {"nickname": "x"}).status_code == 405
    assert api.get(f"/users/{person}/devices/{device}")["nickname"] == "Blue key"


def test_a_device_is_deleted(api, person):
    path = f"/users/{person}/devices/{api.begin(person).json()['id']}"
    assert api.call("DELETE", path).status_code == 204
    assert api.call("GET", path).status_code == 404
    assert api.call("DELETE", path).status_code == 404


def test_a_device_belongs_to_its_user(api, person):
    device = api.begin(person).json()["id"]
    other = api.ping.control.user("kiosk.two")["id"]
    for method in ("GET", "DELETE"):
        assert api.call(method, f"/users/{other}/devices/{device}").status_code == 404


def test_devices_are_ordered_by_their_content_type(api, person):
    path = f"/users/{person}/devices"
    made = [api.ping.control.add_device(person, kind) for kind in ("TOTP", "EMAIL", "SMS")]
    order = [{"id": made[2]}, {"id": made[0]}]
    listed = api.send("POST", path, {"order": order}, media=REORDER)
    assert listed.status_code == 200
    assert types(api, person) == ["SMS", "TOTP", "EMAIL"]
    for wrong in ([{"id": "nothing"}], [{"id": made[0]}, {"id": made[0]}], ["x"]):
        answer = api.send("POST", path, {"order": wrong}, media=REORDER)
        assert problem(answer)[3] == "order"
    assert api.call("DELETE", path).status_code == 415
    removed = api.call("DELETE", path, headers={"Content-Type": FORGET})
    assert removed.status_code == 204
