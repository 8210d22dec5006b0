"""Creating identities: strict decoding, schemas, conflicts, batches (ory.md 2.1, 2.4, 7)."""

from __future__ import annotations

import json
import uuid

import pytest

from emulators.ory.running import running
from tests.emulators.conftest import Api
from tests.emulators.key import Key

CONFLICT = {
    "error": {
        "code": 409,
        "status": "Conflict",
        "reason": "This identity conflicts with another identity that already exists.",
        "message": "The resource could not be created due to a conflict",
    }
}


def test_a_created_identity_is_told_without_configs(api, key):
    answer = api.create(credentials={"passkey": key.passkey()})
    assert answer.status_code == 201
    identity = answer.json()
    assert answer.headers["Location"].endswith(identity["id"])
    passkey = identity["credentials"]["passkey"]
    assert passkey["identifiers"] == [key.handle.decode()]
    assert "config" not in passkey
    assert identity["schema_url"].endswith("/schemas/ZGVmYXVsdA")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"traits": {}, "nonsense": 1}, "nonsense"),
        ({"id": "x", "traits": {}}, "id"),
        ({"credentials": {"passkey": {"config": {"extra": 1}}}, "traits": {}}, "extra"),
        (
            {"credentials": {"passkey": {"config": {"credentials": [{"flags": {"up": 1}}]}}}},
            "up",
        ),
        ({"second": 1, "first": 2}, "second"),
    ],
)
def test_the_first_unknown_field_at_any_depth_is_named(api, body, field):
    answer = api.call("POST", "/admin/identities", json=body)
    assert answer.json() == {
        "error": {
            "code": 400,
            "status": "Bad Request",
            "message": f'json: unknown field "{field}"',
        }
    }


def test_field_names_may_differ_in_case_as_go_has_it(api):
    body = {"Schema_ID": "default", "TRAITS": {"email": "mary@example.com"}}
    assert api.call("POST", "/admin/identities", json=body).status_code == 201


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 5000])
def test_what_is_no_json_is_refused(api, body):
    assert api.call("POST", "/admin/identities", data=body).status_code == 400


@pytest.mark.parametrize("body", [[], 1, "x", None])
def test_what_is_no_object_is_refused(api, body):
    assert api.call("POST", "/admin/identities", data=json.dumps(body)).status_code == 400


def test_which_unknown_field_is_named_has_a_variant(api):
    api.ory.control.vary(unknown_field="last")
    answer = api.call("POST", "/admin/identities", json={"first": 1, "second": 2})
    assert answer.json()["error"]["message"] == 'json: unknown field "second"'


@pytest.mark.parametrize(
    ("version", "field"),
    [("v26.2.0", "passkey"), ("v26.2.4", "latchkey_probe"), ("HEAD", "latchkey_probe")],
)
def test_the_safe_import_probe_tells_versions_apart_and_writes_nothing(version, field):
    with running(flavour="self-hosted", version=version) as ory:
        body = {"credentials": {"passkey": {}}, "latchkey_probe": True, "traits": {}}
        before = len(ory.control.identities())
        answer = Api(ory).call("POST", "/admin/identities", json=body)
        assert answer.json()["error"]["message"] == f'json: unknown field "{field}"'
        assert len(ory.control.identities()) == before


def test_external_id_is_unknown_to_versions_before_it():
    with running(flavour="self-hosted", version="v1.3.1") as ory:
        answer = Api(ory).create(external_id="x")
        assert answer.json()["error"]["message"] == 'json: unknown field "external_id"'


@pytest.mark.parametrize(
    ("traits", "reason"),
    [
        ({}, 'I[#/traits] S[#/properties/traits/required] missing properties: "email"'),
        (
            {"email": "a@example.com", "shoe": 1},
            'I[#/traits] S[#/properties/traits/additionalProperties] additionalProperties "shoe"'
            " not allowed",
        ),
        (
            {"email": "nobody"},
            'I[#/traits/email] S[#/properties/traits/properties/email/format] "nobody" is not '
            'valid "email"',
        ),
    ],
)
def test_traits_that_break_the_schema_are_refused_with_its_text(api, traits, reason):
    answer = api.create(traits=traits)
    assert answer.status_code == 400
    assert answer.json()["error"]["reason"] == reason


def test_an_unknown_schema_is_refused_by_name(api):
    answer = api.create(schema_id="nowhere")
    assert answer.json()["error"]["reason"] == "Unable to find JSON Schema ID: nowhere"


def test_the_second_schema_demands_its_fixed_trait(api):
    traits = {"email": "a@example.com", "name": {"display": "A"}}
    refused = api.create(schema_id="preset://staff", traits=traits)
    assert 'missing properties: "department"' in refused.json()["error"]["reason"]
    made = api.create(schema_id="preset://staff", traits=traits | {"department": "Research"})
    assert made.status_code == 201


@pytest.mark.parametrize("clash", ["email", "external_id", "handle"])
def test_a_conflict_never_says_of_what(api, key, clash):
    first = {"external_id": "one", "credentials": {"passkey": key.passkey()}}
    assert api.create("one@example.com", **first).status_code == 201
    other = Key(handle=key.handle if clash == "handle" else None)
    answer = api.create(
        "ONE@example.com" if clash == "email" else "two@example.com",
        external_id="one" if clash == "external_id" else "two",
        credentials={"passkey": other.passkey()},
    )
    assert answer.status_code == 409
    assert answer.json() == CONFLICT


def test_a_refused_create_leaves_nothing_behind(api, key):
    before = len(api.ory.control.identities())
    api.create("ada.byron@example.com", credentials={"passkey": key.passkey()})
    assert len(api.ory.control.identities()) == before
    assert api.create("two@example.com", credentials={"passkey": key.passkey()}).status_code == 201


def test_an_organization_is_taken_at_creation(api):
    organization = str(uuid.uuid4())
    identity = api.create(organization_id=organization).json()
    assert identity["organization_id"] == organization


def test_a_batch_reports_each_conflict_and_makes_the_rest(api, key):
    entries = [
        {"patch_id": str(uuid.uuid4()), "create": {"traits": {"email": email}}}
        for email in ("ada.byron@example.com", "new@example.com")
    ]
    answer = api.call("PATCH", "/admin/identities", json={"identities": entries})
    assert answer.status_code == 200
    refused, made = answer.json()["identities"]
    assert (refused["action"], refused["error"]["code"]) == ("error", 409)
    assert refused["patch_id"] == entries[0]["patch_id"]
    assert api.get(made["identity"])["traits"] == {"email": "new@example.com"}


def test_a_malformed_entry_fails_the_whole_batch(api, key):
    passkey = key.passkey()
    del passkey["config"]["user_handle"]
    entries = [
        {"create": {"traits": {"email": "new@example.com"}}},
        {"create": {"traits": {"email": "b@example.com"}, "credentials": {"passkey": passkey}}},
    ]
    before = len(api.ory.control.identities())
    answer = api.call("PATCH", "/admin/identities", json={"identities": entries})
    assert answer.status_code == 400
    assert len(api.ory.control.identities()) == before


def test_a_batch_of_conflicts_only_is_a_conflict(api):
    entries = [{"create": {"traits": {"email": "ada.byron@example.com"}}}]
    answer = api.call("PATCH", "/admin/identities", json={"identities": entries})
    assert answer.status_code == 409


def test_a_batch_has_a_largest_size(api):
    entries = [{"create": {"traits": {"email": f"p{n}@example.com"}}} for n in range(1001)]
    answer = api.call("PATCH", "/admin/identities", json={"identities": entries})
    assert answer.status_code == 400
