"""Whatever a browser, or something that is none, sends to any route: never a 500."""

from __future__ import annotations

import io
import json
import uuid

import pytest
from sqlalchemy import select

import config
from blueprints.bodies import FORM
from emulators.ory.running import running
from models import DirectoryType, Passkey
from services import policies
from tests.records import Records
from tests.visitor import Visitor

pytestmark = pytest.mark.long

TEXTS = (
    "\0",
    "a\0b",
    "%ED%A0%80",
    "\u202eevil\u200b",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}" * 120 + "@example.com",
    "9" * 5000,
    "-1",
    "{{ 7 * 7 }}<script>alert(1)</script>'\"\\",
    "//evil.example/\\",
    "http://[",
)
FIELDS = (
    *("ceremony", "response", "next", "subject", "lifetime", "kind", "type"),
    *("given_name", "family_name", "middle_name", "display_name", "email", "nickname"),
    *("name", "flavour", "endpoint", "admin_endpoint", "auth", "header_name", "secret"),
    *("schema_id", "naming", "display_format", "fixed-0", "fixed-1", "fixed-2"),
    *("serves", "choose", "unchoose", "who", "probe", "use_emulated"),
)
ARGUMENTS = (
    *("older", "newer", "after", "before", "q", "who", "show", "tag", "directory"),
    *("ceremony", "attempt", "passkey", "step", "next"),
)
METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST")
REACHED = {200, 302, 303, 308, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 502}
"""Every status that a route has a use for; 502 is a directory's own failure."""


@pytest.fixture
def settings(tmp_path, any_database_url, metadata_file, secrets_of_the_run):
    return config.load(
        {},
        data_dir=tmp_path / "instance",
        database_url=any_database_url,
        metadata_file=metadata_file,
        **secrets_of_the_run,
    )


@pytest.fixture
def ory():
    with running() as started:
        yield started


@pytest.fixture
def rows(portal, clock, ory, administrator):
    """Rows that have an address, by the name of the argument that names them."""
    settings = {
        "flavour": "network",
        "endpoint": ory.url,
        "admin_endpoint": "",
        "auth": "bearer",
        "header_name": "",
        "schema_id": "default",
        "mapping": {"email": "email"},
    }
    sealed = portal.sealer.seal("directory", ory.api_key)
    with portal.database.write() as session:
        records = Records(session, clock)
        person = records.person()
        passkey = records.passkey(person)
        passkey.evidence.policy = policies.POLICIES[policies.Kind.ANY].to_mapping()
        more = {"settings": settings, "sealed_secret": sealed, "type": DirectoryType.ORY}
        directory = records.directory(**more)
        draft = records.directory(in_service=False, **more)
        delivery = records.delivery(passkey, directory)
        link = records.link()
        link.person = person
        own = session.scalar(select(Passkey.uuid).where(Passkey.person_id != person.id))
        return {
            "person": [person.uuid],
            "passkey": [own, passkey.uuid],
            "directory": [draft.uuid, directory.uuid],
            "delivery": [delivery.uuid],
            "link": [link.uuid],
            "aaguid": [passkey.aaguid],
            "token": ["no-such-token", "%00", "%ED%A0%80", "x" * 4000],
            "purpose": ["sign-in", "enrol", "add", "confirm", "proof", "%00"],
            "topic": ["browser", "%00"],
            "page": ["touch"],
        }


def addresses(app, rows, method: str = ""):
    """Every route's address with each of the rows; only those that take a method, if given."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("static", "sign_in.sign_out") or (
            method and method not in rule.methods
        ):
            continue
        known = {name: rows.get(name, [uuid.uuid4()]) for name in rule.arguments}
        for place in range(max(map(len, known.values()), default=1)):
            path = rule.rule
            for name, values in known.items():
                own = str(values[place % len(values)])
                path = path.replace(f"<uuid:{name}>", own).replace(f"<{name}>", own)
            yield path


@pytest.fixture(autouse=True)
def as_often_as_we_like(monkeypatch):
    """What is beyond the limits has to hold too."""
    monkeypatch.setattr("blueprints.limits.rate", lambda endpoint: None)


def fine(response, *what):
    assert response.status_code in REACHED, (response.status_code, *what)
    assert "Content-Security-Policy" in response.headers, what


@pytest.fixture
def everyone(app, administrator, somebody):
    return (Visitor(app), somebody, administrator)


def test_hostile_addresses(app, rows, everyone):
    for visitor in everyone:
        headers = {"X-CSRFToken": visitor._token()}
        for path in addresses(app, rows):
            for method in METHODS:
                own = headers if method == "POST" else {}
                fine(visitor.client.open(path, method=method, headers=own), method, path)
        for path in addresses(app, rows, "GET"):
            for text in TEXTS[1:6:2]:
                query = [(name, text) for name in ARGUMENTS] * 2
                fine(visitor.client.get(path, query_string=query), path, text)


def test_hostile_forms(app, rows, everyone):
    for visitor in everyone:
        for path in addresses(app, rows, "POST"):
            for text in TEXTS[1:6]:
                fine(visitor.send(path, dict.fromkeys(FIELDS, text)), path, text)
            doubled = {name: ["a", "b"] for name in FIELDS}
            fine(visitor.send(path, doubled), path)


EVERYTHING = json.dumps(dict.fromkeys(FIELDS, "\ud800")).encode()
BODIES = (
    ("application/json", b"[1, [2], {}]"),
    ("application/json", b'"abc"'),
    ("application/json", json.dumps(dict.fromkeys(FIELDS, 7)).encode()),
    ("application/json", json.dumps({name: {"a": []} for name in FIELDS}).encode()),
    ("application/vnd.api+json", EVERYTHING),
    ("multipart/form-data", b"--x"),
    ("", EVERYTHING),
)


@pytest.mark.parametrize("any_database_url", ["sqlite"], indirect=True)
def test_nothing_but_a_form_is_read(app, rows, everyone):
    for visitor in everyone:
        headers = {"X-CSRFToken": visitor._token()}
        for path in addresses(app, rows, "POST"):
            for kind, body in BODIES:
                answer = visitor.client.post(path, data=body, content_type=kind, headers=headers)
                fine(answer, path, kind)
                assert answer.status_code in (401, 403, 303, 415), (path, kind)
            files = {name: (io.BytesIO(b"\0\xff"), "a\0.txt") for name in FIELDS}
            answer = visitor.client.post(path, data=files, headers=headers)
            assert answer.status_code in (401, 403, 303, 415), path
            for body in (bytes(range(256)), b"a=" + b"b" * 600_000):
                answer = visitor.client.post(
                    path, data=body, content_type=FORM, headers=headers, base_url=visitor.origin
                )
                fine(answer, path)


PERSON = {"given_name": "A", "family_name": "B", "display_name": "C", "email": "c@example.com"}
MAPPING = {"email": "email", "given_name": "", "naming": "format", "display_format": "{First}"}
CONNECTION = {"name": "N", "flavour": "network", "auth": "none"}


def test_one_hostile_field_in_a_form_that_is_right(portal, rows, ory, administrator):
    """What passes every other check comes to the database and to the directory."""
    ory.control.add_schema("default", HOSTILE_SCHEMA)
    draft, directory = rows["directory"]
    connect = f"/admin/directories/new/ory?attempt={uuid.uuid4()}"
    forms = (
        ("/admin/people/new", {**PERSON, "middle_name": ""}),
        (connect, {**CONNECTION, "endpoint": ory.url, "secret": ory.api_key}),
        (f"/admin/directories/{draft}/mapping", {**MAPPING, "fixed-1": "red", "fixed-2": "{}"}),
        (f"/admin/directories/{directory}/edit", {"name": "N", "secret": ""}),
        (f"/passkeys/{rows['passkey'][0]}/rename", {"nickname": ""}),
    )
    for path, right in forms:
        for name in right:
            for text in (*TEXTS, "{First}\0", "NaN", "1e999", '["\\ud800"]', '{"\\u0000": 0}'):
                fine(administrator.send(path, {**right, name: text}), path, name, text)
    for path in addresses(administrator.client.application, rows, "GET"):
        fine(administrator.get(path), path)


HOSTILE_SCHEMA = {
    "title": "<script>alert(1)</script>\u202e",
    "properties": {
        "traits": {
            "properties": {
                "email": {"type": "string", "title": "\ud800\0"},
                "<b>.\\": {"type": "string", "title": "</option><script>"},
                "anything": {"type": ["object", "array", "number"]},
                "0": {"$ref": "#/allOf/" + "9" * 5000, "enum": [{}, None, "</script>"]},
            },
            "required": ["email", "<b>.\\", "anything", "0", "\udfff"],
        }
    },
    "allOf": [{"$ref": "#"}],
}
