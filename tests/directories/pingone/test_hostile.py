"""A server that answers like PingOne with one thing wrong, or with anything at all.

Whatever it says, the connector ends in an answer that can be kept and shown, or in a
`DirectoryError`: nothing else may reach a page or a worker.
"""

from __future__ import annotations

import json
import random
from copy import deepcopy
from dataclasses import asdict
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from requests import PreparedRequest, Response

from directories import oauth
from directories.base import (
    CeremonyAnswer,
    DirectoryError,
    Intended,
    RemoteIdentity,
    RemotePasskey,
)
from directories.destinations import Destinations
from directories.http import DirectorySession
from directories.pingone import PingOneConnector, PingOneSettings, Region
from tests.directories.hostile import HEADERS, changed, keepable
from tests.directories.pingone import description

ID = "6f1d9c2e-0f0a-4a53-9a5c-6d9d9f2b7c11"
SETTINGS = PingOneSettings(ID, Region.EU, ID, mfa_policy_id=ID, sign_on_application="Intranet")
USER = {
    "id": ID,
    "username": "ada",
    "email": "ada@example.com",
    "name": {"given": "Ada", "family": "Byron"},
    "enabled": True,
    "mfaEnabled": False,
    "population": {"id": ID},
}
POLICY = {"id": ID, "name": "Keys", "default": True, "fido2": {"enabled": True}}
FIDO = {
    "id": ID,
    "name": "Keys",
    "default": True,
    "relyingPartyId": "example.com",
    "discoverableCredentials": "REQUIRED",
    "authenticatorAttachment": "BOTH",
    "userVerification": {"option": "REQUIRED"},
    "backupEligibility": {"allow": True},
    "attestationRequirements": "DIRECT",
    "mdsAuthenticatorsRequirements": {"option": "SPECIFIC", "allowedAuthenticators": [{"id": "m"}]},
}
APPLICATION = {
    "id": ID,
    "name": "Intranet",
    "type": "WORKER",
    "enabled": True,
    "clientId": ID,
    "grantTypes": ["CLIENT_CREDENTIALS"],
    "tokenEndpointAuthMethod": "CLIENT_SECRET_POST",
}
ROLE = {"id": "r", "role": {"id": "r"}, "scope": {"id": ID, "type": "ENVIRONMENT"}}
LISTS = {
    "users": [USER],
    "groups": [{"id": "g", "name": "Keys"}],
    "populations": [{"id": ID, "name": "Employees", "default": False}],
    "devices": [{"id": "d", "type": "FIDO2", "status": "ACTIVE", "createdAt": "2026-11-22T12:00Z"}],
    "deviceAuthenticationPolicies": [POLICY],
    "fido2Policies": [FIDO],
    "fidoDevicesMetadata": [{"mdsIdentifier": "m", "aaguid": ID}],
    "applications": [APPLICATION],
    "roleAssignments": [ROLE],
    "roles": [{"id": "r", "name": "Identity Data Admin"}],
    "signOnPolicies": [{"id": ID, "name": "Keys", "default": True}],
    "actions": [
        {
            "id": "a",
            "type": "MULTI_FACTOR_AUTHENTICATION",
            "deviceAuthenticationPolicy": {"id": ID},
        }
    ],
    "signOnPolicyAssignments": [{"id": "s", "signOnPolicy": {"id": ID}}],
    "customDomains": [{"domainName": "login.example.com", "status": "ACTIVE"}],
}
DEVICE = {
    "id": "d",
    "type": "FIDO2",
    "status": "ACTIVATION_REQUIRED",
    "publicKeyCredentialCreationOptions": json.dumps(
        {
            "rp": {"id": "example.com"},
            "user": {"id": [-80, 7], "name": "ada", "displayName": "Ada"},
            "challenge": [-103, 5, 109],
            "pubKeyCredParams": [{"type": "public-key", "alg": "-7"}],
            "timeout": 120000,
            "excludeCredentials": [{"type": "public-key", "id": [1, -1]}],
            "authenticatorSelection": {"residentKey": "required"},
            "attestation": "direct",
        }
    ),
}
ANSWER = {"id": "AAAA", "response": {"clientDataJSON": "AAAA", "attestationObject": "AAAA"}}
OTHERS = {
    "token": {"access_token": "t", "token_type": "Bearer", "expires_in": 3600},
    "capabilities": {"canUseMfaFido2Devices": True},
    "mfaSettings": {"pairing": {"maxAllowedDevices": 5}},
}
ENVIRONMENT = {"id": ID, "name": "Example", "region": "EU", "organization": {"id": "o"}}
LINKS = (
    "https://api.pingone.eu/v1/x?cursor=2",
    "https://elsewhere.example/?cursor=2",
    "http://[",
    "?",
    7,
    {},
)


@pytest.fixture(autouse=True)
def described():
    """Nothing is sent: what a liar makes of ids has no place in a description."""
    oauth.forget_all()


class Liar:
    """Answers as PingOne would, changed at a random place now and then."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def __call__(self, request: PreparedRequest) -> Response:
        response = Response()
        response.status_code = self.chance.choice((200,) * 8 + (201, 204, 400, 401, 403, 404, 429))
        if self.chance.random() < 0.05:
            response.status_code = self.chance.choice((302, 409, 415, 500, 503, 999))
        if request.path_url.endswith("/as/token") and self.chance.random() < 0.9:
            response.status_code = 200
        response.headers["content-type"] = "application/json"
        for name, values in HEADERS.items():
            if self.chance.random() < 0.1:
                response.headers[name] = self.chance.choice(values)
        body = deepcopy(self.body(request))
        if self.chance.random() < 0.4:
            body = changed(body, self.chance)
        if self.chance.random() < 0.1 or response.status_code >= 400:
            body = {
                "id": body,
                "code": self.chance.choice(("NOT_FOUND", "ACCESS_FAILED", "REQUEST_LIMITED", body)),
                "message": "No.",
                "details": [
                    {"code": self.chance.choice(("LIMIT_EXCEEDED", "INVALID_VALUE", body))}
                ],
            }
        response._content = json.dumps(body).encode()
        if self.chance.random() < 0.03:
            response._content = self.chance.choice((b"", b"\xff\xfe[", b"[" * 90_000, b"<html>"))
        response._content_consumed = True
        return response

    def body(self, request: PreparedRequest):
        name = urlsplit(request.url).path.rpartition("/")[2]
        if "/devices" in request.path_url and (request.method == "POST" or name == "d"):
            return DEVICE | {"status": self.chance.choice(("ACTIVE", "ACTIVATION_REQUIRED", "?"))}
        if name in LISTS:
            listed = {"_embedded": {name: LISTS[name]}, "count": 1}
            if self.chance.random() < 0.2:
                listed["_links"] = {"next": {"href": self.chance.choice(LINKS)}}
            return listed
        if name in OTHERS:
            return OTHERS[name]
        if "/applications/" in request.path_url:
            return APPLICATION
        return USER if "/users/" in request.path_url else ENVIRONMENT


def written(found):
    """What a delivery keeps of a write."""
    return [asdict(found.identity), asdict(found.passkey) if found.passkey else None]


@pytest.mark.parametrize("seed", range(150))
def test_only_a_directory_error_comes_out(monkeypatch, person, passkey, seed):
    liar = Liar(seed)
    monkeypatch.setattr(
        DirectorySession, "send", lambda self, request, **how: liar(request), raising=True
    )
    there = RemoteIdentity(ID, "Ada")
    connector = PingOneConnector(SETTINGS, "secret", Destinations())
    asked = {"rp_id": "example.com", "origins": ("https://keys.example.com",), "probe": True}
    until = datetime(2100, 1, 1, tzinfo=UTC).isoformat()
    begun = {"user_id": ID, "device_id": "d", "not_after": until}
    answer = CeremonyAnswer(ANSWER, "https://keys.example.com", begun)
    keepable(asdict(connector.test(**asked)))  # it never raises
    for call in (
        lambda: keepable(asdict(connector.people("ada", None))),
        lambda: keepable(asdict(connector.people("", "cursor=2", group=ID))),
        lambda: keepable(asdict(connector.groups("k", None))),
        lambda: keepable([asdict(one) for one in connector.mfa_policies()]),
        lambda: keepable(asdict(connector.rules())),
        lambda: keepable(asdict(connector.find_identity(person, ID) or there)),
        lambda: keepable([asdict(one) for one in connector.list_passkeys(there)]),
        lambda: keepable([asdict(one) for one in connector.methods(there)]),
        lambda: keepable([asdict(one) for one in connector.preflight(there, Intended())]),
        lambda: keepable(dict(connector.passkey_counts([ID, "x"]))),
        lambda: connector.remove_passkey(there, RemotePasskey("d", None)),
        lambda: keepable(asdict(connector.creation_options(there))),
        lambda: keepable(written(connector.put_passkey(there, passkey, answer))),
    ):
        try:
            call()
        except DirectoryError as error:
            keepable([error.reason, error.said, error.request_id, error.code])


def test_the_liar_lies_about_what_pingone_answers():
    """Every list that it knows is one that the connector asks for, by the description."""
    known = {line.rpartition("/")[2] for line in description.OVERRIDES["paths"]}
    assert {"groups", "roles", "signOnPolicies"} <= known & LISTS.keys()
