"""FIDO policies, MFA policies, settings and metadata (pingone.md 4)."""

from __future__ import annotations

import json

import pytest
import requests

from tests.emulators.pingone.client import problem

GOOD = {
    "name": "Keys",
    "relyingPartyId": "shop.example.com",
    "discoverableCredentials": "REQUIRED",
    "authenticatorAttachment": "CROSS_PLATFORM",
    "userVerification": {"option": "REQUIRED", "enforceDuringAuthentication": True},
    "backupEligibility": {"allow": False, "enforceDuringAuthentication": True},
    "attestationRequirements": "DIRECT",
    "mdsAuthenticatorsRequirements": {"option": "GLOBAL", "enforceDuringAuthentication": False},
    "userDisplayNameAttributes": {"attributes": [{"name": "username"}]},
    "deviceDisplayName": "Key",
}
MDS = GOOD["mdsAuthenticatorsRequirements"]
SHOWN = [{"name": "username"}, {"name": "name", "subAttributes": [{"name": "given"}]}]


@pytest.fixture
def policies(api) -> dict:
    listed = api.get("/fido2Policies")["_embedded"]["fido2Policies"]
    return {policy["name"]: policy for policy in listed}


def test_a_new_environment_has_the_two_of_ping_and_here_one_for_the_portal(policies):
    assert policies.keys() == {"Passkeys", "Security key", "Passkeys of the portal"}
    assert [one["name"] for one in policies.values() if one["default"]] == ["Passkeys"]
    assert policies["Passkeys"]["relyingPartyId"] == "pingone.com"
    assert policies["Passkeys of the portal"]["relyingPartyId"] == "localhost"


def test_a_policy_is_made_read_replaced_and_deleted(api):
    made = api.send("POST", "/fido2Policies", GOOD)
    assert made.status_code == 201
    path = f"/fido2Policies/{made.json()['id']}"
    assert api.get(path) == made.json()
    put = api.send("PUT", path, GOOD | {"relyingPartyId": "other.example"}).json()
    assert (put["id"], put["relyingPartyId"]) == (made.json()["id"], "other.example")
    assert api.call("DELETE", path).status_code == 204
    assert api.call("GET", path).status_code == 404


@pytest.mark.parametrize("name", sorted(GOOD))
def test_each_required_field_is_required(api, name):
    answer = api.send("POST", "/fido2Policies", {k: v for k, v in GOOD.items() if k != name})
    assert problem(answer) == (400, "INVALID_DATA", "REQUIRED_VALUE", name)


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"name": "x" * 257}, "name"),
        ({"deviceDisplayName": "x" * 101}, "deviceDisplayName"),
        ({"relyingPartyId": "Example.com"}, "relyingPartyId"),
        ({"relyingPartyId": "https://example.com"}, "relyingPartyId"),
        ({"relyingPartyId": "localhost"}, "relyingPartyId"),
        ({"relyingPartyId": "PINGONE"}, "relyingPartyId"),
        ({"discoverableCredentials": "required"}, "discoverableCredentials"),
        ({"authenticatorAttachment": "USB"}, "authenticatorAttachment"),
        ({"attestationRequirements": "INDIRECT"}, "attestationRequirements"),
        ({"userVerification": {"option": "REQUIRED"}},
         "userVerification.enforceDuringAuthentication"),
        ({"userVerification": "REQUIRED"}, "userVerification"),
        ({"backupEligibility": {"enforceDuringAuthentication": True}}, "backupEligibility.allow"),
        ({"mdsAuthenticatorsRequirements": MDS | {"option": "ALL"}},
         "mdsAuthenticatorsRequirements.option"),
        ({"mdsAuthenticatorsRequirements": MDS | {"option": "SPECIFIC"}},
         "mdsAuthenticatorsRequirements.allowedAuthenticators"),
        ({"mdsAuthenticatorsRequirements": MDS | {"allowedAuthenticators": ["x"]}},
         "mdsAuthenticatorsRequirements.allowedAuthenticators"),
        ({"attestationRequirements": "NONE"}, "mdsAuthenticatorsRequirements.option"),
        ({"userDisplayNameAttributes": {"attributes": []}},
         "userDisplayNameAttributes.attributes"),
        ({"userDisplayNameAttributes": {"attributes": [{"name": "email"}]}},
         "userDisplayNameAttributes.attributes"),
        ({"userDisplayNameAttributes": {"attributes": SHOWN}},
         "userDisplayNameAttributes.attributes"),
        ({"userDisplayNameAttributes": {"attributes": [{"name": "username"}] * 7}},
         "userDisplayNameAttributes.attributes"),
        ({"publicKeyCredentialHints": ["NFC"]}, "publicKeyCredentialHints"),
        ({"userPresenceTimeout": {"duration": 11, "timeUnit": "MINUTES"}},
         "userPresenceTimeout.duration"),
        ({"userPresenceTimeout": {"duration": 59, "timeUnit": "SECONDS"}},
         "userPresenceTimeout.duration"),
        ({"userPresenceTimeout": {"duration": 2, "timeUnit": "HOURS"}},
         "userPresenceTimeout.timeUnit"),
        ({"eaUniqueIdentifierAttribute": {"name": "serial"}}, "eaUniqueIdentifierAttribute"),
        ({"residentKeyRequirement": "REQUIRED"}, "residentKeyRequirement"),
        ({"aggregateDevices": "no"}, "aggregateDevices"),
    ],
)  # fmt: skip
def test_wrong_policies_are_refused(api, changes, target):
    answer = api.send("POST", "/fido2Policies", GOOD | changes)
    assert problem(answer)[0] == 400
    assert problem(answer)[3] == target


@pytest.mark.parametrize(
    ("switch", "changes"),
    [
        ("localhost_policy", {"relyingPartyId": "localhost"}),
        ("mds_without_attestation", {"attestationRequirements": "NONE"}),
    ],
)
def test_doubtful_rules_of_policies_have_variants(api, switch, changes):
    assert api.send("POST", "/fido2Policies", GOOD | changes).status_code == 400
    api.ping.control.vary(**{switch: "accepted"})
    assert api.send("POST", "/fido2Policies", GOOD | changes).status_code == 201


def test_the_default_policy_cannot_be_deleted(api, policies):
    answer = api.call("DELETE", f"/fido2Policies/{policies['Passkeys']['id']}")
    assert problem(answer)[:3] == (400, "INVALID_DATA", "CONSTRAINT_VIOLATION")
    assert "cannot delete the default policy" in answer.json()["details"][0]["message"]


def test_one_policy_is_the_default(api, policies):
    made = api.send("POST", "/fido2Policies", GOOD | {"default": True}).json()
    assert made["default"] is True
    assert api.get(f"/fido2Policies/{policies['Passkeys']['id']}")["default"] is False


def test_policies_tell_who_uses_them_when_expanded(api, policies):
    query = "?expand=deviceAuthenticationPolicies"
    portal = api.get(f"/fido2Policies/{policies['Passkeys of the portal']['id']}{query}")
    assert portal["deviceAuthenticationPolicies"] == [api.ping.mfa_policy_id]
    default = api.get(f"/fido2Policies/{policies['Passkeys']['id']}{query}")
    assert len(default["deviceAuthenticationPolicies"]) == 1
    assert "deviceAuthenticationPolicies" not in policies["Passkeys"]


def test_the_legacy_policies_are_refused(api):
    answer = api.call("GET", "/fidoPolicies")
    assert problem(answer)[:3] == (403, "ACCESS_FAILED", "INSUFFICIENT_PERMISSIONS")
    assert "You do not have access to this resource" in answer.text


def test_mfa_policies_lead_to_fido_policies(api, policies):
    listed = api.get("/deviceAuthenticationPolicies")["_embedded"]["deviceAuthenticationPolicies"]
    by_name = {policy["name"]: policy for policy in listed}
    portal = by_name["Keys of the portal"]
    assert portal["fido2"]["fido2PolicyId"] == policies["Passkeys of the portal"]["id"]
    assert portal["fido2"]["enabled"] is True
    assert portal["fido2"]["pairingDisabled"] is False
    assert "fido2PolicyId" not in by_name["Default MFA Policy"]["fido2"]
    assert api.get(f"/deviceAuthenticationPolicies/{portal['id']}") == portal
    wrong = f"/deviceAuthenticationPolicies/{policies['Passkeys']['id']}"
    assert api.call("GET", wrong).status_code == 404


def test_the_default_fido_policy_may_be_named_null(ping, api):
    ping.control.vary(null_policy_id="null")
    ping.control.mfa_policy(fido2PolicyId=None)
    path = f"{ping.url}/v1/environments/{ping.environment_id}/deviceAuthenticationPolicies"
    headers = {"Authorization": f"Bearer {api.token}"}
    text = requests.get(f"{path}/{ping.mfa_policy_id}", headers=headers, timeout=20).text
    assert json.loads(text)["fido2"]["fido2PolicyId"] is None


@pytest.mark.parametrize(
    ("pairing", "target"),
    [
        (None, "pairing"),
        ({"pairingKeyFormat": "NUMERIC"}, "pairing.maxAllowedDevices"),
        ({"maxAllowedDevices": 0, "pairingKeyFormat": "NUMERIC"}, "pairing.maxAllowedDevices"),
        ({"maxAllowedDevices": 16, "pairingKeyFormat": "NUMERIC"}, "pairing.maxAllowedDevices"),
        ({"maxAllowedDevices": 5, "pairingKeyFormat": "HEX"}, "pairing.pairingKeyFormat"),
    ],
)
def test_wrong_settings_are_refused(api, pairing, target):
    answer = api.send("PUT", "/mfaSettings", {"pairing": pairing})
    assert problem(answer)[0] == 400
    assert problem(answer)[3] == target
    assert api.get("/mfaSettings")["pairing"]["maxAllowedDevices"] == 5


def test_settings_are_replaced(api):
    body = {"pairing": {"maxAllowedDevices": 15, "pairingKeyFormat": "ALPHANUMERIC"}}
    assert api.send("PUT", "/mfaSettings", body).status_code == 200
    assert api.get("/mfaSettings")["pairing"] == body["pairing"]


def test_a_custom_model_is_added_and_deleted(api, key):
    entry = key.metadata_entry()
    body = {"aaguid": entry["aaguid"], "metadataStatement": entry["metadataStatement"]}
    made = api.send("POST", "/fidoDevicesMetadata", body)
    assert made.status_code == 201
    info = made.json()["metadataStatement"]["authenticatorGetInfo"]
    assert info["aaguid"] == entry["aaguid"].replace("-", "")
    path = f"/fidoDevicesMetadata/{made.json()['id']}"
    assert api.get(path) == made.json()
    assert made.json() in api.get("/fidoDevicesMetadata")["_embedded"]["fidoDevicesMetadata"]
    assert api.call("DELETE", path).status_code == 204
    assert api.call("GET", path).status_code == 404


def test_wrong_models_are_refused(api, key):
    entry = key.metadata_entry()
    good = {"aaguid": entry["aaguid"], "metadataStatement": entry["metadataStatement"]}
    other = "0b8b05a4-ebd4-4b0b-8f5f-33d7b6e606ab"
    for changes, target in (
        ({"metadataStatement": None}, "metadataStatement"),
        ({"aaguid": None}, "aaguid"),
        ({"aaguid": "nothing"}, "aaguid"),
        ({"aaguid": other}, "metadataStatement.aaguid"),
        ({"attestationCertificateKeyIdentifiers": ["x"]}, "attestationCertificateKeyIdentifiers"),
        (
            {"metadataStatement": {"aaguid": entry["aaguid"]}},
            "metadataStatement.attestationRootCertificates",
        ),
    ):
        answer = api.send("POST", "/fidoDevicesMetadata", good | changes)
        assert (problem(answer)[0], problem(answer)[3]) == (400, target)


def test_a_u2f_model_is_known_by_key_identifiers(api, key):
    body = {
        "attestationCertificateKeyIdentifiers": ["0123456789" * 4],
        "metadataStatement": {"description": "Old", "attestationRootCertificates": []},
    }
    assert (
        api.send("POST", "/fidoDevicesMetadata", body).json()["mdsIdentifier"] == "0123456789" * 4
    )


def test_models_of_ping_are_not_deleted(api):
    entry = api.get("/fidoDevicesMetadata")["_embedded"]["fidoDevicesMetadata"][0]
    answer = api.call("DELETE", f"/fidoDevicesMetadata/{entry['id']}")
    assert problem(answer)[2] == "CONSTRAINT_VIOLATION"


def test_the_field_of_the_mds_identifier_has_variants(api):
    path = "/fidoDevicesMetadata"
    assert all("mdsIdentifier" in one for one in api.get(path)["_embedded"][path[1:]])
    api.ping.control.vary(mds_identifier_field="id")
    assert not any("mdsIdentifier" in one for one in api.get(path)["_embedded"][path[1:]])
