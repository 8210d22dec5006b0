"""The check against Graph's metadata finds what departs from it."""

from __future__ import annotations

import json

import pytest

from tests.directories.entra import description

pytestmark = pytest.mark.skipif(not description.PRESENT, reason=description.ABSENT)

HERE = "https://graph.microsoft.com/v1.0"
JSON = {"Content-Type": "application/json"}
METHODS = f"{HERE}/users/8f2c1e4b/authentication/fido2Methods"
GOOD = {
    "displayName": "Blue",
    "publicKeyCredential": {
        "id": "AAAA",
        "response": {"clientDataJSON": "AAAA", "attestationObject": "AAAA"},
        "clientExtensionResults": {"hmacCreateSecret": True},
    },
}


def said(method: str, url: str, *, headers=JSON, body=None) -> list[str]:
    written = None if body is None else json.dumps(body).encode()
    return description.problems(method, url, headers, written)


def test_good_requests_pass():
    assert said("GET", f"{HERE}/users?$select=id,mail&$top=1") == []
    assert said("POST", METHODS, body=GOOD) == []
    assert said("DELETE", f"{METHODS}/AAAA-_2") == []
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/users/x?$select=id"}]}
    assert said("POST", f"{HERE}/%24batch", body=batch) == []


@pytest.mark.parametrize(
    ("method", "url", "body", "word"),
    [
        ("GET", f"{HERE}/applications", None, "not described"),
        ("PATCH", METHODS, None, "not described"),
        ("GET", f"{HERE}/users?$skip=3", None, "$skip"),
        ("GET", f"{HERE}/users?$select=nickname", None, "nickname"),
        ("GET", f'{HERE}/users?$search="mail:a"', None, "ConsistencyLevel"),
        ("GET", f"{HERE}/groups/x/transitiveMembers/microsoft.graph.user", None, "$count"),
        ("POST", METHODS, None, "needs a body"),
        ("POST", METHODS, GOOD | {"rawId": "AAAA"}, "rawId"),
        ("POST", METHODS, {"publicKeyCredential": {"type": "public-key"}}, "type"),
        ("POST", METHODS, {"displayName": 7}, "Edm.String"),
        ("POST", f"{HERE}/$batch", {"requests": []}, "0 requests"),
        (
            "POST",
            f"{HERE}/$batch",
            {"requests": [{"id": "1", "method": "GET", "url": "/me"}]},
            "/v1.0/me",
        ),
    ],
    ids=lambda value: None,
)
def test_what_departs_is_named(method, url, body, word):
    assert word in "; ".join(said(method, url, body=body))
