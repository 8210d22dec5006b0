"""The check against Ping's OpenAPI finds what departs; the client checks every other answer."""

from __future__ import annotations

import pytest

from tests.emulators.pingone import description

pytestmark = pytest.mark.skipif(
    not description.present(), reason="../shared/data/pingone-openapi-excerpt.json is not there"
)


@pytest.mark.parametrize(
    ("path", "field", "wrong"),
    [
        ("", "type", "PLAYGROUND"),
        ("/users/{user}", "username", 7),
        ("/fido2Policies/{fido}", "relyingPartyId", None),
        ("/deviceAuthenticationPolicies/{mfa}", "fido2", {}),
        ("/mfaSettings", "pairing", {}),
    ],
)
def test_departures_are_found(api, path, field, wrong):
    path = path.format(
        user=api.users(limit=1)[0]["id"],
        fido=api.get("/fido2Policies")["_embedded"]["fido2Policies"][0]["id"],
        mfa=api.ping.mfa_policy_id,
    )
    full = f"/environments/{api.ping.environment_id}{path}"
    body = api.get(path)
    assert description.problems("GET", full, 200, body) == []
    assert description.problems("GET", full, 200, body | {field: wrong})


def test_departures_within_lists_are_found(api):
    full = f"/environments/{api.ping.environment_id}/fido2Policies"
    body = api.get("/fido2Policies")
    body["_embedded"]["fido2Policies"][0]["attestationRequirements"] = "SOME"
    assert description.problems("GET", full, 200, body)


def test_departing_errors_are_found(api):
    body = api.call("GET", "/users/nothing").json()
    assert description.problems("GET", "", 404, body) == []
    assert description.problems("GET", "", 404, body | {"code": "GONE"})
    assert description.problems("GET", "", 404, {"message": "gone"})
