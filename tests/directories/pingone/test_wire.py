"""Options and answers between PingOne's form and WebAuthn's own JSON, exactly."""

from __future__ import annotations

import base64
import json

import pytest

from directories.pingone.wire import (
    USUAL_TIMEOUT,
    Unreadable,
    encode,
    read_bytes,
    read_options,
    write_attestation,
)

SIGNED = [-80, -62, -62, -66, 84, 85, -36, 51]
"""The test vector of PingOne contract section 3.1."""
BYTES = bytes.fromhex("b0c2c2be5455dc33")
OPTIONS = {
    "rp": {"id": "example.com"},
    "user": {"id": SIGNED, "displayName": "Ada", "name": "ada"},
    "challenge": SIGNED,
    "pubKeyCredParams": [{"type": "public-key", "alg": "-7"}, {"type": "public-key", "alg": -257}],
    "timeout": 60000,
    "excludeCredentials": [{"type": "public-key", "id": [112, -100, -3]}],
    "authenticatorSelection": {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    },
    "attestation": "direct",
    "extensions": {"credProps": True, "hmacCreateSecret": True},
}


def read(**changes):
    options = {name: value for name, value in (OPTIONS | changes).items() if value is not ...}
    return read_options(json.dumps(options), rp_id="example.com", rp_name="Example")


def test_signed_numbers_are_bytes():
    assert read_bytes(SIGNED) == BYTES
    assert encode(BYTES) == "sMLCvlRV3DM"


@pytest.mark.parametrize(
    "value",
    [
        list(BYTES),
        base64.b64encode(BYTES).decode(),
        base64.urlsafe_b64encode(BYTES).decode(),
        encode(BYTES),
    ],
)
def test_bytes_are_read_in_every_form_that_was_claimed(value):
    assert read_bytes(value) == BYTES


@pytest.mark.parametrize(
    "value", [None, [], "", [256], [-129], [1.0], [True], ["1"], "a", "ä", "a b=", {"0": 1}, 7]
)
def test_what_is_no_bytes_is_refused(value):
    with pytest.raises(Unreadable):
        read_bytes(value)


def test_options_become_webauthns_json():
    assert read() == {
        "rp": {"id": "example.com", "name": "Example"},
        "user": {"id": "sMLCvlRV3DM", "name": "ada", "displayName": "Ada"},
        "challenge": "sMLCvlRV3DM",
        "pubKeyCredParams": [
            {"type": "public-key", "alg": -7},
            {"type": "public-key", "alg": -257},
        ],
        "timeout": 60000,
        "excludeCredentials": [{"type": "public-key", "id": "cJz9"}],
        "authenticatorSelection": OPTIONS["authenticatorSelection"],
        "attestation": "direct",
        "extensions": OPTIONS["extensions"],
    }


def test_options_that_are_an_object_are_read_too():
    found = read_options(OPTIONS, rp_id="example.com", rp_name="Example")
    assert found == read()


def test_what_is_left_out_is_added_or_left_out():
    found = read(rp=..., timeout=..., excludeCredentials=..., attestation="odd", extensions=[])
    assert found["rp"] == {"id": "example.com", "name": "Example"}
    assert found["timeout"] == USUAL_TIMEOUT
    assert found["excludeCredentials"] == []
    assert not {"attestation", "extensions"} & found.keys()
    assert read(rp={"id": "example.com", "name": "PingOne"})["rp"]["name"] == "PingOne"
    assert read(timeout=10**9)["timeout"] == 600_000


@pytest.mark.parametrize(
    "changes",
    [
        {"rp": {"id": "pingone.com"}},
        {"rp": "example.com"},
        {"user": ...},
        {"user": {"name": "ada"}},
        {"challenge": ...},
        {"challenge": []},
        {"pubKeyCredParams": []},
        {"pubKeyCredParams": [{"type": "public-key", "alg": "ES256"}]},
        {"pubKeyCredParams": "-7"},
        {"excludeCredentials": [{"id": "?"}]},
        {"excludeCredentials": ["x"]},
        {"excludeCredentials": {}},
    ],
)
def test_options_that_cannot_be_carried_out_are_refused(changes):
    with pytest.raises(Unreadable):
        read(**changes)


@pytest.mark.parametrize("value", [None, "", "{", "[]", 7, '{"challenge": NaN}'])
def test_what_is_no_options_is_refused(value):
    with pytest.raises(Unreadable):
        read_options(value, rp_id="example.com", rp_name="Example")


def test_an_attestation_is_a_string_with_both_kinds_of_base64():
    odd = bytes(range(248, 256)) + b"\xfb\xff"
    response = {"clientDataJSON": encode(b"{}"), "attestationObject": encode(odd)}
    answer = {"id": encode(odd), "rawId": encode(odd), "type": "public-key", "response": response}
    written = write_attestation(answer | {"clientExtensionResults": {"credProps": {"rk": True}}})
    assert isinstance(written, str)
    standard = base64.b64encode(odd).decode()
    assert "=" in standard and ("+" in standard or "/" in standard)
    assert json.loads(written) == {
        "id": encode(odd),
        "type": "public-key",
        "rawId": standard,
        "response": {"clientDataJSON": "e30=", "attestationObject": standard},
        "clientExtensionResults": {},
    }


@pytest.mark.parametrize(
    "answer", [{}, {"id": "AA"}, {"id": "AA", "response": {}}, {"response": {"clientDataJSON": 1}}]
)
def test_an_answer_that_is_none_is_not_written(answer):
    with pytest.raises(Unreadable):
        write_attestation(answer)
