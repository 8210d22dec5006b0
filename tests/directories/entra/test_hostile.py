"""A server that answers like Entra with one thing wrong, or with anything at all.

Whatever it says, the connector ends in an answer that can be kept and shown, or in a
`DirectoryError`: nothing else may reach a page or a worker.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid
from copy import deepcopy
from dataclasses import asdict

import pytest
from requests import PreparedRequest, Response

from directories.base import (
    CeremonyAnswer,
    DirectoryError,
    Intended,
    Misconfigured,
    PasskeyRecord,
    Refused,
    RemotePasskey,
)
from directories.destinations import Destinations
from directories.entra.connector import EntraConnector
from directories.entra.ids import base64url
from directories.entra.settings import EntraSettings
from directories.http import DirectorySession
from directories.rules import DirectoryRules
from tests.directories.entra.stub import (
    CLIENT,
    GOOD_TOKEN,
    HERE,
    SETTINGS,
    SOMEBODY,
    TENANT,
    THERE,
    TOKEN,
    VALUE,
    at,
)
from tests.directories.hostile import HEADERS, changed, keepable
from tests.directories.raw import answer, serving

GROUP = "9d0b8f5a-2f43-4a5b-b5a8-6f3e0d1c2b3a"
USER = {
    "id": SOMEBODY,
    "displayName": "Kim Okafor",
    "userPrincipalName": "kim@contoso.example",
    "mail": "kim@contoso.example",
    "accountEnabled": True,
    "userType": "Guest",
}
METHOD = {
    "id": "Oy0dkr_kI6lp0loPvgEWqA2",
    "displayName": "Blue",
    "model": "Key",
    "createdDateTime": "2026-11-22T08:00:00Z",
}
PHONE = {
    "@odata.type": "#microsoft.graph.phoneAuthenticationMethod",
    "id": "3179e48a-750b-4051-897c-87b9720928f7",
    "phoneNumber": "+46 70 1234567",
    "createdDateTime": "2026-11-22T08:00:00Z",
}
PASS = {
    "id": "00aa00aa-bb11-cc22-dd33-44ee44ee44ee",
    "temporaryAccessPass": "EyZM7mMk",
    "startDateTime": "2026-11-22T08:00:00Z",
    "lifetimeInMinutes": 60,
    "isUsableOnce": True,
}
RESTRICTIONS = {"isEnforced": True, "enforcementType": "allow", "aaGuids": [SOMEBODY, "x"]}
POLICY = {
    "state": "enabled",
    "isSelfServiceRegistrationAllowed": True,
    "keyRestrictions": RESTRICTIONS,
    "includeTargets": [{"id": "all_users", "allowedPasskeyProfiles": [GROUP]}],
    "excludeTargets": [{"id": GROUP, "targetType": "group"}],
    "defaultPasskeyProfile": GROUP,
    "passkeyProfiles": [
        {
            "id": GROUP,
            "name": "Default",
            "passkeyTypes": "deviceBound,synced",
            "attestationEnforcement": "disabled",
            "keyRestrictions": RESTRICTIONS,
        }
    ],
}
OPTIONS = {
    "challengeTimeoutDateTime": "2026-11-22T08:05:00Z",
    "publicKey": {
        "rp": {"id": "login.microsoft.com", "name": "Microsoft"},
        "user": {"id": "T0Y6", "name": "kim@contoso.example", "displayName": "Kim"},
        "challenge": "AAAA",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "timeout": 0,
        "excludeCredentials": [{"id": METHOD["id"], "type": "public-key", "transports": []}],
        "authenticatorSelection": {"requireResidentKey": True, "userVerification": "required"},
        "attestation": "direct",
        "extensions": {"hmacCreateSecret": True},
    },
}


class Liar:
    """Answers as Entra would, changed at a random place now and then."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def __call__(self, request: PreparedRequest) -> Response:
        response = Response()
        response.status_code = self.chance.choice((200, 200, 200, 200, 201, 204, 400, 403, 404))
        token = request.path_url.endswith("/token")
        if token and self.chance.random() < 0.8:
            response.status_code = 200
        elif self.chance.random() < 0.1:
            response.status_code = self.chance.choice((302, 401, 405, 410, 409, 429, 503, 999))
        response.headers["content-type"] = "application/json"
        for name, values in HEADERS.items():
            if self.chance.random() < 0.1:
                response.headers[name] = self.chance.choice(values)
        body = deepcopy(self.body(request))
        if self.chance.random() < (0.1 if token else 0.7):
            body = changed(body, self.chance)
        if self.chance.random() < 0.1 and not token:
            body = {"error": {"code": body, "message": "no", "innerError": {"request-id": body}}}
        response._content = json.dumps(body).encode()
        if self.chance.random() < 0.03:
            response._content = self.chance.choice((b"", b"\xff\xfe[", b"[" * 90_000, b"<html>"))
        response._content_consumed = True
        return response

    def body(self, request: PreparedRequest):
        path = request.path_url.partition("?")[0]
        if path.endswith("$batch"):
            asked = json.loads(request.body)["requests"]
            return {"responses": [self.one(one) for one in asked]}
        if path.endswith("fido2Methods") and request.method == "POST":
            return METHOD
        for ending, body in (
            ("/token", TOKEN),
            ("/users", self.page(USER)),
            ("/groups", self.page({"id": GROUP, "displayName": "Sales"})),
            ("/microsoft.graph.user", self.page(USER)),
            ("/appRoleAssignedTo", self.page({"principalType": "Group", "principalId": GROUP})),
            ("/organization", self.page({"displayName": "Contoso"})),
            ("/fido2Methods", self.page(METHOD)),
            ("/fido2", POLICY),
            ("/creationOptions", OPTIONS),
            ("/methods", self.page(PHONE)),
            ("/checkMemberGroups", {"value": [GROUP]}),
            ("/temporaryAccessPassMethods", PASS),
            ("/revokeSignInSessions", {"value": True}),
        ):
            if path.endswith(ending):
                return body
        return METHOD if "/fido2Methods/" in path else USER

    def one(self, request: dict) -> dict:
        path = request["url"].partition("?")[0]
        body = {"value": [METHOD]} if path.endswith("fido2Methods") else USER
        return {"id": request["id"], "status": self.chance.choice((200, 200, 429, 0)), "body": body}

    def page(self, entry: dict) -> dict:
        body = {"value": [entry]}
        if self.chance.random() < 0.3:
            body["@odata.nextLink"] = self.chance.choice(
                (
                    "https://graph.microsoft.com/v1.0/users?$skiptoken=x",
                    "https://elsewhere.example/v1.0/users?$skiptoken=x",
                    "http://[",
                    "//x",
                    7,
                )
            )
        return body


PASSKEY = PasskeyRecord(
    credential_id=b"0123456789abcdef",
    public_key=b"",
    rp_id="login.microsoft.com",
    user_handle=b"",
    aaguid=uuid.UUID(SOMEBODY),
    sign_count=0,
    transports=(),
    user_verified=True,
    backup_eligible=False,
    backup_state=False,
    nickname="Blue",
    created_at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
)
ANSWER = CeremonyAnswer(
    {
        "id": base64url(PASSKEY.credential_id),
        "response": {"clientDataJSON": "AAAA", "attestationObject": "AAAA"},
    },
    "https://login.microsoft.com",
    {},
)


def page(found) -> None:
    keepable([asdict(one) for one in found.items])
    keepable(found.cursor)


@pytest.mark.parametrize("seed", range(150))
def test_only_a_directory_error_comes_out(monkeypatch, person, seed):
    monkeypatch.setattr("directories.entra.ceremony.PAUSES", ())
    liar = Liar(seed)
    monkeypatch.setattr(
        DirectorySession, "send", lambda self, request, **how: liar(request), raising=True
    )
    connector = EntraConnector(SETTINGS, VALUE, Destinations())
    asked = {"rp_id": "localhost", "origins": ("https://keys.example.com",), "probe": True}
    keepable(asdict(connector.test(**asked)))  # it never raises
    wanted = Intended({PASSKEY.aaguid: "Key"}, frozenset({PASSKEY.aaguid}))
    for call in (
        lambda: page(connector.people("", None)),
        lambda: page(connector.people("kim", None)),
        lambda: page(connector.people("kim", "/v1.0/users?$skiptoken=x")),
        lambda: page(connector.people("kim", None, group=GROUP)),
        lambda: page(connector.people("", None, assigned=True)),
        lambda: page(connector.groups("sales", None)),
        lambda: keepable(asdict(connector.find_identity(person, SOMEBODY) or THERE)),
        lambda: keepable([asdict(one) for one in connector.list_passkeys(THERE)]),
        lambda: keepable(dict(connector.passkey_counts([SOMEBODY, "x", GROUP]))),
        lambda: connector.remove_passkey(THERE, RemotePasskey(METHOD["id"], None)),
        lambda: keepable([asdict(one) for one in connector.methods(THERE)]),
        lambda: keepable([asdict(one) for one in connector.preflight(THERE, wanted)]),
        lambda: connector.revoke_sessions(THERE),
        lambda: keepable(asdict(connector.temporary_pass(THERE, minutes=60))),
        lambda: keepable(asdict(connector.rules())),
        lambda: keepable(asdict(connector.creation_options(THERE))),
        lambda: keepable(asdict(connector.put_passkey(THERE, PASSKEY, ANSWER))),
    ):
        try:
            call()
        except DirectoryError as error:
            keepable([error.reason, error.said, error.request_id, error.code])


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.evil.example/v1.0/users?$skiptoken=x",
        "http://127.0.0.1:1/v1.0/users?$skiptoken=x",
        "http://user@127.0.0.1/v1.0/users?$skiptoken=x",
        "http://127.0.0.1/v1.0/applications?$skiptoken=x",
        "http://169.254.169.254/v1.0/users?$skiptoken=x",
        "http://[",
        "users",
        7,
        ["x"],
    ],
    ids=str,
)
def test_a_next_page_elsewhere_is_not_followed(link):
    body = json.dumps({"value": [USER], "@odata.nextLink": link}).encode()
    with serving(GOOD_TOKEN, answer(body=body)) as raw, pytest.raises(Misconfigured) as error:
        at(raw.url).people("", None)
    assert error.value.code == "entra.foreign_link"
    assert len(raw.requests) == 2


@pytest.mark.parametrize(
    "cursor",
    [
        "https://graph.evil.example/v1.0/users?x",
        "//evil.example/v1.0/users?x",
        "/v1.0/applications?x",
        "/v1.0/x/../users?x",
        "/v1.0/users",
        "/v1.0/users?a b",
        "/v1.0/users?é",
        "/v1.0/users?" + "x" * 9000,
        "begins:/v1.0/groups?x",
    ],
    ids=["host", "host-only", "other", "dots", "no-query", "space", "accent", "long", "marked"],
)
def test_a_cursor_that_was_tampered_with_is_not_followed(cursor):
    with serving(GOOD_TOKEN) as raw, pytest.raises(Refused) as error:
        at(raw.url).people("kim", cursor)
    assert error.value.code == "entra.cursor"
    assert not raw.requests


@pytest.mark.parametrize(
    "cursor", ["", "!!!!", "WzFd", "WzEsMiwzXQ==", "W251bGwsLTEsbnVsbF0=", "é", "A" * 90_000]
)
def test_a_place_among_the_assigned_that_was_tampered_with_is_not_followed(cursor):
    with serving(GOOD_TOKEN) as raw, pytest.raises(Refused) as error:
        at(raw.url).people("", cursor, assigned=True)
    assert error.value.code == "entra.cursor"
    assert not raw.requests


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (answer("302 Found", headers=("Location: https://evil.example/",)), "http.redirect"),
        (answer(body=b"<html>sign in</html>", kind="text/html"), "http.html"),
        (answer(body=b"[" + b"1," * 50_000 + b"1]"), "http.too_large"),
        (answer(body=b'"a text"'), "entra.not_graph"),
        (answer(body=b'{"value": {}}'), "entra.not_graph"),
        (answer("403 No", body=b"<html>blocked</html>", kind="text/html"), "http.forbidden"),
    ],
    ids=["redirect", "html", "large", "text", "no-list", "forbidden-page"],
)
def test_what_is_not_graph_is_said(sent, code):
    with serving(GOOD_TOKEN, sent) as raw, pytest.raises(Misconfigured) as error:
        at(raw.url, size=64 * 1024).people("", None)
    assert error.value.code == code


@pytest.mark.parametrize("place", ["login_url", "graph_url"])
@pytest.mark.parametrize(
    "address", ["https://10.0.0.1", "https://[fd00::1]", "https://[::ffff:10.0.0.1]"]
)
def test_private_addresses_are_not_called(place, address):
    with serving(GOOD_TOKEN) as raw:
        settings = EntraSettings(
            TENANT, CLIENT, **{"login_url": raw.url, "graph_url": raw.url, place: address}
        )
        with pytest.raises(Misconfigured) as error:
            EntraConnector(settings, VALUE, HERE).people("", None)
    assert error.value.code == "http.destination"


def test_rules_of_any_shape_are_rules(monkeypatch):
    for seed in range(60):
        liar = Liar(seed)
        body = changed(deepcopy(POLICY), liar.chance)
        monkeypatch.setattr("directories.entra.api.EntraApi.fido2_policy", lambda *_, **__: body)  # noqa: B023
        monkeypatch.setattr("directories.entra.policy._names", lambda *_: {})
        try:
            found = EntraConnector(SETTINGS, VALUE, Destinations()).rules()
        except Misconfigured as error:
            assert error.code == "entra.not_graph"
        else:
            assert isinstance(found, DirectoryRules)
            keepable(asdict(found))
