"""Signing on with a key that was paired (pingone.md 6.2)."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from tests.authenticator.key import SoftwareKey, decoded
from tests.emulators.pingone.client import ORIGIN, options_of

CHECK = "application/vnd.pingidentity.assertion.check+json"


@pytest.fixture
def begun(api, person, key):
    """A sign-on of somebody who paired `key`."""
    assert api.enrol(person, key).ok
    return api.ping.control.begin_sign_on("kiosk.one")


def assertion(answer: dict) -> str:
    """The browser's answer as Ping's own pages send it."""
    response = {
        name: base64.b64encode(decoded(value)).decode()
        for name, value in answer["response"].items()
    }
    return json.dumps(answer | {"response": response})


def check(ping, begun, answer, *, media=CHECK, **more) -> requests.Response:
    body = {"origin": ORIGIN, "assertion": assertion(answer), "compatibility": "FULL"} | more
    return requests.post(
        f"{ping.url}/{ping.environment_id}/deviceAuthentications/{begun['id']}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": media},
        timeout=20,
    )


def signed(begun, key, **twists) -> dict:
    return key.get(begun["publicKeyCredentialRequestOptions"], origin=ORIGIN, **twists)


def test_a_paired_key_signs_on_once(ping, begun, key, person):
    answer = signed(begun, key)
    done = check(ping, begun, answer)
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["user"]["id"]) == ("COMPLETED", person)
    assert "challenge" not in done.json()
    assert check(ping, begun, answer).status_code == 400


@pytest.mark.parametrize(
    "twists",
    [
        {"challenge": b"another" * 5},
        {"client_type": "webauthn.create"},
        {"client_origin": "https://elsewhere.example"},
        {"rp_id": "elsewhere.example"},
        {"user_verified": False},
        {"user_present": False},
        {"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"},
    ],
    ids=lambda twists: next(iter(twists)),
)
def test_whatever_does_not_verify_is_refused(ping, begun, key, twists):
    refused = check(ping, begun, signed(begun, key, **twists))
    assert refused.status_code == 400
    assert refused.json()["details"][0]["target"] == "assertion"


def test_a_key_of_nobody_is_refused(ping, begun):
    stranger = SoftwareKey()
    stranger.create(
        {
            "rp": {"id": "localhost"},
            "user": {"id": "AAAA"},
            "challenge": "AAAA",
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        },
        origin=ORIGIN,
    )
    assert check(ping, begun, signed(begun, stranger)).status_code == 400


def test_a_device_that_was_never_activated_signs_nobody_on(ping, api, person, key):
    key.create(options_of(api.begin(person)), origin=ORIGIN)
    begun = api.ping.control.begin_sign_on("kiosk.one")
    assert check(ping, begun, signed(begun, key)).status_code == 400


def test_a_key_signs_on_only_under_its_own_relying_party(ping, api, person, key):
    assert api.enrol(person, key).ok
    begun = api.ping.control.begin_sign_on("kiosk.one", rp_id="sub.localhost")
    options = begun["publicKeyCredentialRequestOptions"] | {"rpId": "localhost"}
    assert check(ping, begun, key.get(options, origin=ORIGIN)).status_code == 400


@pytest.mark.parametrize(
    ("more", "media", "status"),
    [
        ({}, "application/json", 415),
        ({"assertion": {"id": "x"}}, CHECK, 400),  # an object is not a string ([3P CM])
        ({"assertion": "{"}, CHECK, 400),
        ({"assertion": None}, CHECK, 400),
        ({"origin": None}, CHECK, 400),
        ({"compatibility": "SOME"}, CHECK, 400),
    ],
)
def test_other_bodies_are_refused(ping, begun, key, more, media, status):
    assert check(ping, begun, signed(begun, key), media=media, **more).status_code == status


def test_an_unknown_sign_on_is_not_there(ping, begun, key):
    assert check(ping, begun | {"id": "x"}, signed(begun, key)).status_code == 404
