"""The registration of a passkey for a user (entra.md 2.3, 2.5, 2.7, 4)."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

import pytest

from tests.emulators.graph import AAGUID, ORIGIN, body_of, error, refused
from tests.emulators.key import b64, b64url

OTHER = UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")


def test_a_registration_makes_a_method(graph, security_key):
    user_id = graph.person["id"]
    answer = graph.register(graph.made(security_key, user_id), user_id)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    thumbprint = hashlib.sha1(security_key.leaf.der).hexdigest().upper()
    assert found["displayName"] == "Crescendo 4000"
    assert found["aaGuid"] == str(AAGUID)
    assert found["attestationCertificates"] == [thumbprint]
    assert (found["attestationLevel"], found["passkeyType"]) == ("attested", "deviceBound")
    assert "publicKeyCredential" not in found


def test_a_new_method_is_listed_only_after_some_seconds(graph, security_key):
    user_id = graph.person["id"]
    method = graph.register(graph.made(security_key, user_id), user_id).json()
    path = graph.methods(user_id, f"/{method['id']}")
    assert graph.get(graph.methods(user_id)).json()["value"] == []
    assert error(graph.get(path))[0] == 404
    graph.entra.control.forward(3)
    assert graph.get(path).json()["id"] == method["id"]
    assert len(graph.get(graph.methods(user_id)).json()["value"]) == 1


def test_replication_may_be_at_once_or_slower(graph, security_key):
    user_id = graph.person["id"]
    graph.entra.control.vary(replication="at once")
    graph.register(graph.made(security_key, user_id), user_id)
    assert len(graph.get(graph.methods(user_id)).json()["value"]) == 1
    graph.entra.control.vary(replication="lags")
    graph.entra.control.lag(60)
    graph.register(graph.made(security_key, user_id), user_id)
    graph.entra.control.forward(30)
    assert len(graph.get(graph.methods(user_id)).json()["value"]) == 1
    assert len(graph.entra.control.passkeys(user_id)) == 2


@pytest.mark.parametrize("kind", ["token", "guid"])
def test_a_method_id_is_of_one_kind(graph, security_key, kind):
    graph.entra.control.vary(method_ids=kind)
    method_id = graph.register(graph.made(security_key)).json()["id"]
    assert (len(method_id) == 36 and method_id.count("-") == 4) is (kind == "guid")


def test_a_key_without_attestation_is_taken_where_none_is_enforced(graph, security_key):
    answer = graph.register(graph.made(security_key, attestation="none"))
    assert answer.json()["attestationLevel"] == "notAttested"
    assert answer.json()["attestationCertificates"] == []
    answer = graph.register(graph.made(security_key, attestation="self"))
    assert answer.json()["attestationLevel"] == "notAttested"


def test_name_and_results_may_be_left_out(graph, security_key):
    body = graph.made(security_key)
    del body["displayName"], body["publicKeyCredential"]["clientExtensionResults"]
    assert graph.register(body).status_code == 201


def test_extension_results_are_an_object(graph, security_key):
    body = graph.made(security_key)
    body["publicKeyCredential"]["clientExtensionResults"] = []
    assert error(graph.register(body)) == (400, "BadRequest")


def test_annotations_are_ignored(graph, security_key):
    body = graph.made(security_key)
    body["@odata.type"] = "#microsoft.graph.fido2AuthenticationMethod"
    body["publicKeyCredential"]["@odata.type"] = "microsoft.graph.webauthnPublicKeyCredential"
    assert graph.register(body).status_code == 201


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ((), "id"),
        ((), "aaGuid"),
        ((), "model"),
        (("publicKeyCredential",), "rawId"),
        (("publicKeyCredential",), "type"),
        (("publicKeyCredential",), "authenticatorAttachment"),
        (("publicKeyCredential", "response"), "transports"),
        (("publicKeyCredential", "response"), "authenticatorData"),
        (("publicKeyCredential", "response"), "publicKeyAlgorithm"),
    ],
)
def test_what_the_types_do_not_have_is_refused(graph, security_key, place, name):
    body = graph.made(security_key)
    inner = body
    for step in place:
        inner = inner[step]
    inner[name] = "x"
    answer = graph.register(body)
    assert error(answer) == (400, "BadRequest")
    assert f"'{name}'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        ("publicKeyCredential",),
        ("publicKeyCredential", "id"),
        ("publicKeyCredential", "response"),
        ("publicKeyCredential", "response", "clientDataJSON"),
        ("publicKeyCredential", "response", "attestationObject"),
    ],
    ids=lambda path: path[-1],
)
def test_what_is_needed_is_demanded(graph, security_key, path):
    body = graph.made(security_key)
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    assert error(graph.register(body)) == (400, "BadRequest")
    inner[path[-1]] = 7
    assert error(graph.register(body)) == (400, "BadRequest")


def test_binary_values_are_base64url_without_padding(graph, security_key):
    body = graph.made(security_key)
    response = body["publicKeyCredential"]["response"]
    for name in list(response):
        kept = response[name]
        for wrong in (kept + "=" * (-len(kept) % 4 or 4), kept + "!", b64(b"\xfb\xff\xfe")):
            response[name] = wrong
            assert error(graph.register(body)) == (400, "BadRequest")
        response[name] = kept
    assert graph.register(body).status_code == 201


@pytest.mark.parametrize("name", ["", "x" * 31, 7, {}])
def test_a_name_has_1_to_30_characters(graph, security_key, name):
    body = graph.made(security_key) | {"displayName": name}
    assert error(graph.register(body)) == (400, "BadRequest")


def test_longer_names_may_pass(graph, security_key):
    graph.entra.control.vary(long_display_name="accepted")
    body = graph.made(security_key) | {"displayName": "x" * 31}
    assert graph.register(body).status_code == 201


@pytest.mark.parametrize(
    ("sent", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 400),
    ],
    ids=["malformed", "a-list", "empty", "text", "no-type"],
)
def test_a_body_is_a_json_object(graph, sent, kind, status):
    path = graph.methods(graph.person["id"])
    headers = {"Content-Type": kind} if kind else {}
    answer = graph.call("POST", path, data=sent, headers=headers)
    assert error(answer)[0] == status


@pytest.mark.parametrize(
    "twist",
    [
        {"client_type": "webauthn.get"},
        {"client_origin": "https://login.microsoftonline.com"},
        {"client_origin": "https://provision.example.com"},
        {"cross_origin": True},
        {"challenge": b"another"},
        {"rp_id": "login.microsoftonline.com"},
        {"user_present": False},
        {"user_verified": False},
        {"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"},
        {"attestation": "fido-u2f"},
        {"attestation": "tpm"},
        {"attestation": "apple"},
        {"aaguid": OTHER},
        {"leaf": {"ca": True}},
        {"leaf": {"named": OTHER}},
        {"algorithm": -8},
    ],
    ids=lambda twist: "-".join(f"{name}" for name in twist),
)
def test_each_wrong_answer_is_refused(graph, security_key, twist):
    refused(graph, graph.made(security_key, **twist))


def test_the_id_is_the_credentials(graph, security_key):
    body = graph.made(security_key)
    body["publicKeyCredential"]["id"] = b64url(b"another")
    refused(graph, body)


@pytest.mark.parametrize("value", [b"\xff", b"\xa0", b"nonsense", b""], ids=repr)
def test_a_malformed_attestation_is_refused(graph, security_key, value):
    body = graph.made(security_key)
    body["publicKeyCredential"]["response"]["attestationObject"] = b64url(value) or "AA"
    refused(graph, body)


@pytest.mark.parametrize("value", [b"[]", b"{}", b"nonsense"], ids=repr)
def test_malformed_client_data_is_refused(graph, security_key, value):
    body = graph.made(security_key)
    body["publicKeyCredential"]["response"]["clientDataJSON"] = b64url(value)
    refused(graph, body)


def test_a_challenge_expires(graph, security_key):
    body = graph.made(security_key)
    graph.entra.control.forward(301)
    refused(graph, body)


def test_a_challenge_is_for_one_user(graph, security_key):
    others = [u["id"] for u in graph.entra.control.users() if u["userType"] == "Member"]
    other = next(one for one in others if one != graph.person["id"])
    options = graph.options(other)
    refused(graph, graph.made(security_key, options=options))


def test_a_challenge_is_answered_once(graph, security_key):
    user_id = graph.person["id"]
    options = graph.options(user_id)
    assert graph.register(graph.made(security_key, options=options), user_id).status_code == 201
    again = graph.made(security_key, options=options)
    assert error(graph.register(again, user_id)) == (400, "badRequest")
    graph.entra.control.vary(challenge_replay="accepted")
    assert graph.register(again, user_id).status_code == 201


def test_a_credential_is_registered_once(graph, security_key):
    user_id = graph.person["id"]
    graph.entra.control.vary(challenge_replay="accepted")
    body = graph.made(security_key, user_id)
    assert graph.register(body, user_id).status_code == 201
    assert error(graph.register(body, user_id)) == (400, "badRequest")
    assert len(graph.entra.control.passkeys(user_id)) == 1


def test_a_registered_key_is_excluded(graph, security_key):
    user_id = graph.person["id"]
    graph.entra.control.vary(credential_ids="base64url")
    body = graph.made(security_key, user_id)
    graph.register(body, user_id)
    excluded = graph.options(user_id)["publicKey"]["excludeCredentials"]
    assert [one["id"] for one in excluded] == [body["publicKeyCredential"]["id"]]


@pytest.mark.parametrize(
    "how", ["400 badRequest", "400 invalidRequest", "403 accessDenied", "409 conflict"]
)
def test_status_and_code_of_a_refusal_may_differ(graph, security_key, how):
    graph.entra.control.vary(registration_error=how, registration_message="vague")
    answer = graph.register(graph.made(security_key, user_verified=False))
    assert " ".join(map(str, error(answer))) == how
    assert "verified" not in answer.json()["error"]["message"]


def test_the_rp_id_is_the_one_that_was_returned(graph, security_key):
    graph.entra.control.vary(rp_id="login.microsoftonline.com")
    options = graph.options()["publicKey"]
    refused(graph, graph.made(security_key, client_origin=ORIGIN, rp_id="login.microsoft.com"))
    origin = f"https://{options['rp']['id']}"
    answer = security_key.create(options, origin=origin)
    assert graph.register(body_of(answer)).status_code == 201


def test_reading_methods_registers_nothing(graph, security_key):
    body = graph.made(security_key)
    other = graph.as_only("UserAuthMethod-Passkey.Read.All")
    assert error(other.register(body)) == (403, "Authorization_RequestDenied")


def test_the_challenge_is_compared_as_it_was_written(graph, security_key):
    options = graph.options()
    options["publicKey"]["challenge"] += "="
    refused(graph, graph.made(security_key, options=options))


def test_client_data_is_taken_with_more_members(graph, security_key):
    """Browsers add members; a local agent writes the three (entra.md 2.5)."""
    options = graph.options()["publicKey"]
    data = {"type": "webauthn.create", "challenge": options["challenge"], "origin": ORIGIN}
    body = graph.made(security_key, options={"publicKey": options}, attestation="none")
    encoded = b64url(json.dumps(data).encode())
    body["publicKeyCredential"]["response"]["clientDataJSON"] = encoded
    assert graph.register(body).status_code == 201
