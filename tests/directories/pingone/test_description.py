"""The description that requests are held against: it tells right from wrong."""

from __future__ import annotations

import json

import pytest

from tests.directories.pingone import description

pytestmark = pytest.mark.skipif(not description.PRESENT, reason=description.ABSENT)

URL = "http://localhost:5003/v1/environments/e"
DEVICES = f"{URL}/users/u/devices"
JSON = "application/json"
ACTIVATE = "application/vnd.pingidentity.device.activate+json"
BEGUN = {"type": "FIDO2", "rp": {"id": "example.com", "name": "Example"}, "policy": {"id": "p"}}


def create(**changes) -> str:
    return json.dumps(BEGUN | changes)


def test_a_right_request_passes():
    assert description.problems("GET", f"{URL}/users?limit=1000&filter=x&cursor=y", "", None) == []
    assert description.problems("GET", f"{URL}/groups?filter=name sw %22a%22", "", None) == []
    assert description.problems("POST", DEVICES, JSON, create()) == []
    named = json.dumps({"nickname": "Blue key"})
    assert description.problems("PUT", f"{DEVICES}/d/nickname", JSON, named) == []
    done = json.dumps({"origin": "https://keys.example.com", "attestation": "{}"})
    assert description.problems("POST", f"{DEVICES}/d", ACTIVATE, done) == []


@pytest.mark.parametrize(
    ("method", "url", "kind", "body"),
    [
        ("GET", f"{URL}/nowhere", "", None),
        ("PATCH", f"{DEVICES}/d", JSON, "{}"),
        ("GET", f"{URL}/users?limit=1001", "", None),
        ("GET", f"{URL}/users?offset=1", "", None),
        ("GET", f"{URL}/users", "", "{}"),
        ("GET", f"{URL}/groups?filter=id eq 1", "", None),
        ("POST", DEVICES, ACTIVATE, create()),
        ("POST", DEVICES, JSON, create(status="ACTIVE")),
        ("POST", DEVICES, JSON, create(rp={"id": "example.com"})),
        ("POST", f"{DEVICES}/d", JSON, '{"origin": "https://a.example", "attestation": "{}"}'),
        ("POST", f"{DEVICES}/d", ACTIVATE, '{"origin": "https://a.example/", "attestation": "{}"}'),
        ("POST", f"{DEVICES}/d", ACTIVATE, '{"origin": "https://a.example", "attestation": {}}'),
    ],
)
def test_a_wrong_request_does_not(method, url, kind, body):
    assert description.problems(method, url, kind, body)


def test_every_override_gives_its_reason():
    overrides = [
        *description.OVERRIDES["paths"].values(),
        *description.OVERRIDES["bodies"].values(),
    ]
    assert all(len(one["reason"]) > 40 for one in overrides)
