"""A server that answers like Ory with one thing wrong, or with anything at all.

Whatever it says, the connector ends in an answer that can be kept and shown, or in a
`DirectoryError`: nothing else may reach a page or a worker.
"""

from __future__ import annotations

import json
import random
import uuid
from copy import deepcopy
from dataclasses import asdict

import pytest
from requests import PreparedRequest, Response

from directories.base import DirectoryError, RemoteIdentity, RemotePasskey
from directories.destinations import Destinations
from directories.http import DirectorySession
from directories.ory import (
    Auth,
    Flavour,
    OryConnector,
    OrySettings,
    TraitMapping,
    check_mapping,
    walk,
)
from directories.ory.passkeys import import_config
from tests.directories.conftest import passkey_of
from tests.directories.hostile import HEADERS, changed, keepable

KRATOS = OrySettings(
    flavour=Flavour.SELF_HOSTED,
    endpoint="https://ory.example.com",
    admin_endpoint="https://admin.example.com",
    auth=Auth.NONE,
    schema_id="default",
    mapping=TraitMapping(email="email", given_name="name.first"),
)
SCHEMA = {
    "title": "Person",
    "properties": {
        "traits": {
            "properties": {
                "email": {
                    "type": "string",
                    "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}},
                },
                "name": {"$ref": "#/definitions/0", "allOf": [{"required": ["first"]}]},
                "team": {"enum": ["red", "blue"], "title": "Team"},
            },
            "required": ["email", "team"],
        }
    },
    "definitions": [{"properties": {"first": {"type": ["string", "null"]}}}],
}
OPTIONS = {"publicKey": {"challenge": "AAAA", "rpId": "localhost", "allowCredentials": []}}
FLOW = {
    "id": "f",
    "ui": {
        "nodes": [{"attributes": {"name": "passkey_challenge", "value": json.dumps(OPTIONS)}}],
        "messages": [{"text": "No."}],
    },
}
WHOAMI = {
    "authenticator_assurance_level": "aal1",
    "authentication_methods": [{"method": "passkey"}],
    "identity": {"id": "i", "traits": {"email": "a@example.com"}},
}
LINKS = (
    '<http://[>; rel="next"',
    '<?page_token=%00>; rel="next"',
    '<//elsewhere.example/?page_token=x>; rel="next"',
    ";;;,,<",
    'rel="next"',
)


def identity(person, passkey) -> dict:
    return {
        "id": str(uuid.UUID(int=7)),
        "external_id": str(person.uuid),
        "schema_id": "default",
        "state": "active",
        "traits": {"email": person.email.lower(), "name": {"first": "Mary"}},
        "credentials": {
            "password": {"identifiers": [person.email.lower()]},
            "passkey": {
                "identifiers": [passkey.user_handle.decode()],
                "config": import_config(passkey),
            },
        },
    }


class Liar:
    """Answers as Ory would, changed at a random place now and then."""

    def __init__(self, seed: int, person, passkey) -> None:
        self.chance = random.Random(seed)
        self.identity = identity(person, passkey)

    def __call__(self, request: PreparedRequest) -> Response:
        response = Response()
        response.status_code = self.chance.choice((200, 200, 200, 200, 201, 204, 400, 404, 409))
        if self.chance.random() < 0.1:
            response.status_code = self.chance.choice((302, 401, 403, 410, 422, 429, 503, 999))
        response.headers["content-type"] = "application/json"
        for name, values in HEADERS.items():
            if self.chance.random() < 0.1:
                response.headers[name] = self.chance.choice(values)
        if self.chance.random() < 0.3:
            response.headers["link"] = self.chance.choice(LINKS)
        body = deepcopy(self.body(request))
        if self.chance.random() < 0.7:
            body = changed(body, self.chance)
        if self.chance.random() < 0.1:
            body = {
                "error": {"reason": body, "message": 'unknown field "passkey"', "request": body}
            }
        response._content = json.dumps(body).encode()
        if self.chance.random() < 0.03:
            response._content = self.chance.choice((b"", b"\xff\xfe[", b"[" * 90_000, b"<html>"))
        response._content_consumed = True
        return response

    def body(self, request: PreparedRequest):
        path = request.path_url.partition("?")[0]
        if path == "/admin/identities" and request.method == "GET":
            return [self.identity]
        for ending, body in (
            ("/schemas", [{"id": "default", "schema": SCHEMA}]),
            ("/login/api", FLOW),
            ("/login", {**FLOW, "session_token": "t"}),
            ("/whoami", WHOAMI),
            ("/version", {"version": "v26.2.0"}),
            ("/ready", {"status": "ok"}),
        ):
            if path.endswith(ending):
                return body
        return self.identity


def schemas(connector):
    for one in connector.identity_schemas():
        walked = walk(one.schema)
        check_mapping(walked, KRATOS.mapping)
        keepable([one.id, *walked.notes, *(asdict(trait) for trait in walked.traits)])


def prove(connector, key):
    begun = connector.begin_proof()
    keepable([begun.flow, dict(begun.options)])
    keepable(asdict(connector.finish_proof(begun.flow, key.sign("AAAA"))))


@pytest.mark.parametrize("seed", range(150))
def test_only_a_directory_error_comes_out(monkeypatch, person, key, seed):
    passkey = passkey_of(key)
    liar = Liar(seed, person, passkey)
    monkeypatch.setattr(
        DirectorySession, "send", lambda self, request, **how: liar(request), raising=True
    )
    there = RemoteIdentity(liar.identity["id"], "Mary")
    connector = OryConnector(KRATOS, None, Destinations())
    asked = {"rp_id": "localhost", "origins": ("https://keys.example.com",), "probe": True}
    keepable(asdict(connector.test(**asked)))  # it never raises
    for call in (
        lambda: schemas(connector),
        lambda: keepable([asdict(one) for one in connector.people("", None).items]),
        lambda: keepable([asdict(one) for one in connector.people("mary", None).items]),
        lambda: keepable(asdict(connector.find_identity(person, None) or there)),
        lambda: keepable(asdict(connector.find_identity(person, "known") or there)),
        lambda: connector.put_identity(person, passkey),
        lambda: connector.put_passkey(there, passkey, None),
        lambda: connector.put_passkey(there, passkey_of(key, public_key=b"other"), None),
        lambda: connector.list_passkeys(there),
        lambda: keepable([asdict(one) for one in connector.methods(there)]),
        lambda: connector.remove_passkey(there, RemotePasskey("x", passkey.credential_id)),
        lambda: prove(connector, key),
    ):
        try:
            call()
        except DirectoryError as error:
            keepable([error.reason, error.said, error.request_id, error.code])
