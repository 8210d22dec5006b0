"""Changing identities: PUT, JSON Patch, DELETE (ory.md 2.2, 2.3, 2.5, 3.4, 3.5)."""

from __future__ import annotations

import uuid

import pytest

from emulators.ory.running import running
from tests.emulators.conftest import Api
from tests.emulators.key import Key, b64

UNKNOWN = str(uuid.UUID(int=7))


def put(api, identity_id, **body):
    return api.call("PUT", f"/admin/identities/{identity_id}", json=body)


def patched_passkey(key: Key) -> dict:
    return {
        "type": "passkey",
        "identifiers": [key.handle.decode()],
        "version": 1,
        "config": {"user_handle": b64(key.handle), "credentials": [key.entry()]},
    }


def test_put_wipes_what_it_does_not_bring(api, key):
    organization = str(uuid.uuid4())
    identity = api.create(
        traits={"email": "mary@example.com", "name": {"first": "Mary"}},
        metadata_public={"a": 1},
        metadata_admin={"b": 2},
        external_id="ext",
        organization_id=organization,
        state="inactive",
        credentials={"passkey": key.passkey()},
    ).json()
    answer = put(api, identity["id"], traits={"email": "mary@example.com"})
    assert answer.status_code == 200
    after = api.get(identity["id"], "passkey")
    assert after["traits"] == {"email": "mary@example.com"}
    assert after["metadata_public"] is None
    assert after["metadata_admin"] is None
    assert "external_id" not in after
    assert after["organization_id"] == organization
    assert (after["schema_id"], after["state"]) == ("default", "inactive")
    assert len(after["credentials"]["passkey"]["config"]["credentials"]) == 1
    assert api.call("GET", "/admin/identities/by/external/ext").status_code == 404


def test_put_without_traits_breaks_the_schema(api, holder):
    assert put(api, holder["id"], state="active").status_code == 400


def test_put_skips_unknown_fields_and_the_organization(api, holder):
    answer = put(
        api, holder["id"], traits=holder["traits"], organization_id=UNKNOWN, nonsense={"x": 1}
    )
    assert answer.status_code == 200
    assert answer.json()["organization_id"] is None


def test_put_still_minds_types(api, holder):
    answer = put(api, holder["id"], traits=holder["traits"], state=1)
    assert answer.status_code == 400


def test_put_with_a_taken_external_id_is_a_conflict_without_a_reason(api, holder):
    api.create("other@example.com", external_id="ext")
    answer = put(api, holder["id"], traits=holder["traits"], external_id="ext")
    assert answer.status_code == 409
    assert "reason" not in answer.json()["error"]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("identity_id", [UNKNOWN, "no-uuid"])
def test_unknown_and_malformed_ids_are_not_found(api, method, identity_id):
    body = {"PUT": {"traits": {}}, "PATCH": []}.get(method)
    answer = api.call(method, f"/admin/identities/{identity_id}", json=body)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Unable to locate the resource"


def test_patch_replaces_one_value_and_keeps_the_rest(api, key):
    identity = api.create(metadata_admin={"kept": 1}, credentials={"passkey": key.passkey()}).json()
    answer = api.patch(
        identity["id"],
        {"op": "replace", "path": "/traits/name/first", "value": "Mary"},
        {"op": "replace", "path": "/organization_id", "value": UNKNOWN},
        {"op": "replace", "path": "/state", "value": "inactive"},
        {"op": "add", "path": "/metadata_admin/latchkey/seen", "value": True},
    )
    assert answer.status_code == 200
    after = api.get(identity["id"], "passkey")
    assert after["traits"]["name"] == {"first": "Mary"}
    assert (after["organization_id"], after["state"]) == (UNKNOWN, "inactive")
    assert after["metadata_admin"] == {"kept": 1, "latchkey": {"seen": True}}
    assert after["state_changed_at"] > identity["state_changed_at"]
    assert after["credentials"]["passkey"]["config"]["credentials"] == [key.entry()]


@pytest.mark.parametrize("operation", ["move", "copy", "test"])
def test_patch_knows_three_operations(api, holder, operation):
    answer = api.patch(holder["id"], {"op": operation, "path": "/state", "value": "active"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == f"unsupported operation: {operation}"


def test_patch_refuses_to_remove_what_is_not_there(api, holder):
    answer = api.patch(holder["id"], {"op": "remove", "path": "/traits/nothing"})
    assert answer.status_code == 400


def test_patch_holds_traits_against_the_schema(api, holder):
    answer = api.patch(holder["id"], {"op": "add", "path": "/traits/shoe", "value": 1})
    assert 'additionalProperties "shoe" not allowed' in answer.json()["error"]["reason"]


@pytest.mark.parametrize(
    ("version", "path", "denied"),
    [
        ("HEAD", "/id", True),
        ("HEAD", "/stateChangedAt", True),
        ("HEAD", "/CREDENTIALS", True),
        ("HEAD", "/credentials/oidc", True),
        ("HEAD", "/credentials/saml/config", True),
        ("v26.2.0", "/credentials/oidc/config", True),
        ("v26.2.0", "/credentials/saml", False),
        ("v1.3.1", "/credentials/oidc/config", False),
        ("v1.3.1", "/credentials", True),
    ],
)
def test_the_deny_list_of_each_version(version, path, denied):
    with running(flavour="self-hosted", version=version) as ory:
        api = Api(ory)
        identity = ory.control.identities()[0]
        answer = api.patch(identity["id"], {"op": "add", "path": path, "value": {}})
        told = answer.json().get("error", {})
        assert (told.get("message") == f"patch includes denied path: {path}") is denied
        assert not denied or told["reason"] == "failed to apply JSON patch"


@pytest.mark.parametrize("version", ["v1.3.1", "v26.2.0", "HEAD"])
def test_a_passkey_may_be_patched_in_where_it_cannot_be_imported(key, version):
    with running(flavour="self-hosted", version=version) as ory:
        api = Api(ory)
        identity = ory.control.identities()[0]
        step = {"op": "add", "path": "/credentials/passkey", "value": patched_passkey(key)}
        assert api.patch(identity["id"], step).status_code == 200
        passkey = api.get(identity["id"], "passkey")["credentials"]["passkey"]
        assert passkey["identifiers"] == [key.handle.decode()]
        if version != "v1.3.1":
            assert api.sign_in(key).status_code == 200


def test_patching_passkeys_has_a_variant_that_refuses(old_api, key):
    old_api.ory.control.vary(passkey_patch="refused")
    identity = old_api.create().json()
    step = {"op": "add", "path": "/credentials/passkey", "value": patched_passkey(key)}
    assert old_api.patch(identity["id"], step).status_code == 400


@pytest.mark.parametrize(("version", "status"), [("HEAD", 400), ("v26.2.0", 500)])
def test_a_patched_credential_names_its_own_type(key, version, status):
    with running(flavour="self-hosted", version=version) as ory:
        identity = ory.control.identities()[0]
        value = patched_passkey(key) | {"type": ""}
        step = {"op": "add", "path": "/credentials/passkey", "value": value}
        answer = Api(ory).patch(identity["id"], step)
        assert answer.status_code == status
        reason = 'credentials.passkey.type must equal "passkey", got ""'
        assert (answer.json()["error"].get("reason") == reason) is (status == 400)


def test_one_passkey_is_removed_by_replacing_the_list(api, key):
    second = Key(handle=key.handle)
    passkey = key.passkey()
    passkey["config"]["credentials"].append(second.entry())
    identity = api.create(credentials={"passkey": passkey}).json()
    path = "/credentials/passkey/config/credentials"
    api.patch(identity["id"], {"op": "replace", "path": path, "value": [second.entry()]})
    assert api.sign_in(key).status_code == 400
    assert api.sign_in(second).status_code == 200


@pytest.mark.parametrize(
    ("version", "gone"), [("HEAD", True), ("v26.2.0", True), ("v1.3.1", False)]
)
def test_all_passkeys_are_removed_by_a_patch_but_not_in_old_versions(key, version, gone):
    with running(flavour="self-hosted", version=version) as ory:
        api = Api(ory)
        identity_id = ory.control.identities()[0]["id"]
        step = {"op": "add", "path": "/credentials/passkey", "value": patched_passkey(key)}
        api.patch(identity_id, step)
        answer = api.patch(identity_id, {"op": "remove", "path": "/credentials/passkey"})
        assert answer.status_code == 200
        assert ("passkey" not in api.get(identity_id)["credentials"]) is gone


def test_a_removed_passkey_frees_its_handle(api, key, holder):
    api.patch(holder["id"], {"op": "remove", "path": "/credentials/passkey"})
    assert api.create("b@example.com", credentials={"passkey": key.passkey()}).status_code == 201


@pytest.mark.parametrize("kind", ["passkey", "code"])
def test_delete_refuses_passkeys(api, holder, kind):
    answer = api.call("DELETE", f"/admin/identities/{holder['id']}/credentials/{kind}")
    assert answer.status_code == 400
    assert answer.json()["error"]["reason"] == f"Credentials type {kind} cannot be deleted."


def test_delete_of_an_absent_credential_is_not_found(api, holder):
    answer = api.call("DELETE", f"/admin/identities/{holder['id']}/credentials/totp")
    assert answer.status_code == 404


def test_delete_removes_only_webauthn_entries_that_are_not_passwordless(api, key):
    second = Key(handle=key.handle)
    webauthn = key.passkey()
    webauthn["config"]["credentials"].append(second.entry(is_passwordless=False))
    identity = api.create(credentials={"webauthn": webauthn}).json()
    path = f"/admin/identities/{identity['id']}/credentials/webauthn"
    assert api.call("DELETE", path).status_code == 204
    config = api.get(identity["id"], "webauthn")["credentials"]["webauthn"]["config"]
    assert config["credentials"] == [key.entry()]


def test_delete_keeps_the_last_first_factor(api):
    traits = {"email": "b@example.com"}
    password = {"config": {"password": "correct horse battery staple"}}
    identity = api.create(traits=traits, credentials={"password": password}).json()
    api.patch(identity["id"], {"op": "remove", "path": "/credentials/code"})
    path = f"/admin/identities/{identity['id']}/credentials/oidc"
    assert api.call("DELETE", path).status_code == 404
    provider = {"provider": "x", "subject": "1"}
    other = api.create(
        "c@example.com", credentials={"oidc": {"config": {"providers": [provider]}}}
    ).json()
    path = f"/admin/identities/{other['id']}/credentials/oidc"
    assert api.call("DELETE", path).status_code == 400  # no identifier named
    assert api.call("DELETE", path + "?identifier=x:1").status_code == 204


def test_delete_of_an_identity_frees_everything(api, key, holder):
    assert api.call("DELETE", f"/admin/identities/{holder['id']}").status_code == 204
    assert api.call("GET", f"/admin/identities/{holder['id']}").status_code == 404
    assert api.create(credentials={"passkey": key.passkey()}).status_code == 201
