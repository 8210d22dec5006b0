"""The software key behaves as a browser and a key would, by the judgement of another library."""

from __future__ import annotations

import hashlib

import pytest
from fido2.attestation import PackedAttestation
from fido2.webauthn import AttestationObject, AuthenticatorData, CollectedClientData

from tests.authenticator import BrowserError, SoftwareKey
from tests.authenticator.cases import CASES
from tests.authenticator.key import decoded, encoded

ORIGIN = "https://login.example.com"
CREATE = {
    "rp": {"id": "example.com", "name": "Example"},
    "user": {"id": encoded(b"ada"), "name": "ada", "displayName": "Ada"},
    "challenge": encoded(b"c" * 32),
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
    "attestation": "direct",
}
GET = {"challenge": encoded(b"d" * 32), "rpId": "example.com"}


def test_its_attestation_verifies():
    made = SoftwareKey().create(CREATE, origin=ORIGIN)
    attestation = AttestationObject(decoded(made["response"]["attestationObject"]))
    client = CollectedClientData(decoded(made["response"]["clientDataJSON"]))
    PackedAttestation().verify(attestation.att_stmt, attestation.auth_data, client.hash)


def test_its_assertion_verifies():
    key = SoftwareKey()
    made = key.create(CREATE, origin=ORIGIN)
    public = AttestationObject(decoded(made["response"]["attestationObject"])).auth_data
    used = key.get(GET, origin=ORIGIN)["response"]
    data = decoded(used["authenticatorData"])
    signed = data + hashlib.sha256(decoded(used["clientDataJSON"])).digest()
    public.credential_data.public_key.verify(signed, decoded(used["signature"]))
    assert AuthenticatorData(data).counter > public.counter


def test_without_conveyance_the_browser_takes_the_model_away():
    made = SoftwareKey().create({**CREATE, "attestation": "none"}, origin=ORIGIN)
    attestation = AttestationObject(decoded(made["response"]["attestationObject"]))
    assert attestation.fmt == "none"
    assert attestation.auth_data.credential_data.aaguid == b"\x00" * 16


@pytest.mark.parametrize(
    "origin", ["https://example.net", "https://notexample.com", "http://x.example.com"]
)
def test_a_foreign_relying_party_is_a_security_error(origin):
    with pytest.raises(BrowserError) as error:
        SoftwareKey().create(CREATE, origin=origin)
    assert error.value.name == "SecurityError"


def test_an_excluded_passkey_is_an_invalid_state():
    key = SoftwareKey()
    made = key.create(CREATE, origin=ORIGIN)
    excluding = {**CREATE, "excludeCredentials": [{"type": "public-key", "id": made["id"]}]}
    with pytest.raises(BrowserError) as error:
        key.create(excluding, origin=ORIGIN)
    assert error.value.name == "InvalidStateError"
    SoftwareKey().create(excluding, origin=ORIGIN)


def test_a_platform_passkey_is_not_offered_where_a_key_is_wanted():
    wanted = {**CREATE, "authenticatorSelection": {"authenticatorAttachment": "cross-platform"}}
    with pytest.raises(BrowserError) as error:
        SoftwareKey(attachment="platform").create(wanted, origin=ORIGIN)
    assert error.value.name == "NotAllowedError"


def test_no_algorithm_in_common_is_not_supported():
    with pytest.raises(BrowserError) as error:
        SoftwareKey().create({**CREATE, "pubKeyCredParams": []}, origin=ORIGIN)
    assert error.value.name == "NotSupportedError"


def test_a_key_without_a_passkey_is_not_allowed():
    with pytest.raises(BrowserError) as error:
        SoftwareKey().get(GET, origin=ORIGIN)
    assert error.value.name == "NotAllowedError"


def test_only_the_passkeys_that_are_asked_for_answer():
    key = SoftwareKey()
    first = key.create(CREATE, origin=ORIGIN)
    user = {"id": encoded(b"grace"), "name": "grace", "displayName": "Grace"}
    second = key.create({**CREATE, "user": user}, origin=ORIGIN)
    asked = {**GET, "allowCredentials": [{"type": "public-key", "id": first["id"]}]}
    assert key.get(asked, origin=ORIGIN)["id"] == first["id"]
    assert key.get(GET, origin=ORIGIN)["id"] == second["id"]


def test_no_two_cases_are_the_same():
    names = [(case.ceremony, str(case)) for case in CASES]
    assert len(names) == len(set(names))
