"""Importing passkeys (ory.md 3.2, rule by rule)."""

from __future__ import annotations

import pytest

from emulators.ory.running import running
from tests.emulators.conftest import Api
from tests.emulators.key import Key, b64, b64url

NO_HANDLE = (
    "Passkey credential import requires a non-empty user_handle. It must match the WebAuthn user "
    "handle stored on the authenticator."
)


def config(api, identity_id) -> dict:
    return api.get(identity_id, "passkey")["credentials"]["passkey"]["config"]


def put(api, identity, passkey):
    body = {
        "schema_id": "default",
        "traits": identity["traits"],
        "credentials": {"passkey": passkey},
    }
    return api.call("PUT", f"/admin/identities/{identity['id']}", json=body)


def test_an_imported_passkey_is_read_back_as_it_was_sent(api, key, holder):
    assert config(api, holder["id"]) == {
        "user_handle": b64(key.handle),
        "credentials": [key.entry()],
    }


@pytest.mark.parametrize("field", ["id", "public_key", "user_handle"])
def test_binary_values_are_standard_base64_with_padding(api, field):
    key = Key(handle=b"\xfb\xff>" + b"handle-??>")
    raw = {
        "id": b"\xfb\xff\xfe" + key.credential_id[:10],
        "public_key": b"\xfb\xff\xfe" + key.public_key[:10],
        "user_handle": key.handle,
    }[field]
    for wrong in (b64url(raw), b64(raw).rstrip("=")):
        passkey = key.passkey()
        if field == "user_handle":
            passkey["config"]["user_handle"] = wrong
        else:
            passkey["config"]["credentials"][0][field] = wrong
        answer = api.create(credentials={"passkey": passkey})
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith("illegal base64 data at input byte ")


@pytest.mark.parametrize(("variant", "status"), [("accepted", 201), ("refused", 400)])
def test_arrays_of_numbers_have_a_variant(api, key, variant, status):
    api.ory.control.vary(byte_arrays=variant)
    passkey = key.passkey()
    passkey["config"]["user_handle"] = list(key.handle)
    assert api.create(credentials={"passkey": passkey}).status_code == status


def test_is_passwordless_is_false_by_default(api, key):
    identity = api.create(credentials={"passkey": key.passkey(is_passwordless=None)}).json()
    assert config(api, identity["id"])["credentials"][0]["is_passwordless"] is False


def test_flags_that_were_left_out_stay_out(api, key):
    identity = api.create(credentials={"passkey": key.passkey(flags=None)}).json()
    assert "flags" not in config(api, identity["id"])["credentials"][0]


@pytest.mark.parametrize("handle", [None, ""])
def test_a_first_import_needs_a_handle(api, key, handle):
    passkey = key.passkey()
    passkey["config"]["user_handle"] = handle
    answer = api.create(credentials={"passkey": passkey})
    assert answer.status_code == 400
    assert answer.json()["error"]["reason"] == NO_HANDLE


def test_the_handle_check_came_later_than_the_import(key):
    passkey = key.passkey()
    del passkey["config"]["user_handle"]
    with running(flavour="self-hosted", version="v26.2.4") as ory:
        assert Api(ory).create(credentials={"passkey": passkey}).status_code == 201


def test_an_empty_list_is_refused(api, key):
    passkey = key.passkey()
    passkey["config"]["credentials"] = []
    answer = api.create(credentials={"passkey": passkey})
    assert answer.status_code == 400
    assert answer.json()["error"]["reason"].endswith(
        "requires at least one entry in credentials.passkey.config.credentials."
    )


@pytest.mark.parametrize("handle", [b"\xff\xfe\x80", b"nul\x00here", b"x" * 256])
def test_handles_that_postgresql_cannot_store_are_a_server_error(api, handle):
    answer = api.create(credentials={"passkey": Key(handle=handle).passkey()})
    assert answer.status_code == 500
    assert "handle" not in answer.text


def test_sqlite_stores_any_handle(api):
    api.ory.control.vary(database="sqlite")
    key = Key(handle=b"\xff\xfe\x80")
    identity = api.create(credentials={"passkey": key.passkey()}).json()
    assert identity["credentials"]["passkey"]["identifiers"] == ["\ufffd\ufffd\ufffd"]
    assert api.sign_in(key).status_code == 200


def test_garbage_for_a_key_is_accepted(api, key):
    passkey = key.passkey(public_key=b64(b"garbage"))
    assert api.create(credentials={"passkey": passkey}).status_code == 201
    assert api.sign_in(key).status_code == 400


def test_a_put_overwrites_the_same_id_appends_a_new_one_and_keeps_others(api, key, holder):
    second = Key(handle=key.handle)
    passkey = second.passkey()
    passkey["config"]["credentials"].append(key.entry(display_name="Renamed", transport=None))
    assert put(api, holder, passkey).status_code == 200
    entries = config(api, holder["id"])["credentials"]
    assert [entry["id"] for entry in entries] == [b64(key.credential_id), b64(second.credential_id)]
    assert entries[0]["display_name"] == "Renamed"
    assert "transport" not in entries[0]
    assert api.sign_in(key).status_code == api.sign_in(second).status_code == 200


def test_a_put_may_leave_the_handle_out_once_one_is_stored(api, key, holder):
    passkey = Key().passkey()
    del passkey["config"]["user_handle"]
    assert put(api, holder, passkey).status_code == 200
    assert config(api, holder["id"])["user_handle"] == b64(key.handle)


def test_another_handle_is_one_more_identifier(api, key, holder):
    other = Key()
    put(api, holder, other.passkey())
    passkey = api.get(holder["id"], "passkey")["credentials"]["passkey"]
    assert passkey["identifiers"] == [key.handle.decode(), other.handle.decode()]
    assert passkey["config"]["user_handle"] == b64(other.handle)
    assert api.sign_in(key).status_code == api.sign_in(other).status_code == 200


def test_a_handle_of_somebody_else_is_a_conflict_on_put(api, key, holder):
    other = api.create("other@example.com").json()
    answer = put(api, other, Key(handle=key.handle).passkey())
    assert answer.status_code == 409
    assert answer.json() == {
        "error": {
            "code": 409,
            "status": "Conflict",
            "message": "Unable to insert or update resource because a resource with that value "
            "exists already",
        }
    }


def test_an_old_version_takes_a_put_and_stores_nothing(old_api, key):
    identity = old_api.create().json()
    assert put(old_api, identity, key.passkey()).status_code == 200
    assert "passkey" not in old_api.get(identity["id"], "passkey")["credentials"]


def test_an_import_as_webauthn_keeps_one_handle_and_signs_in(api):
    api.ory.control.vary(database="postgresql")
    first, second = Key(handle=b"\xff\x00\x80"), Key(handle=b"\xfe\x00\x81")
    identity = api.create(credentials={"webauthn": first.passkey()}).json()
    assert api.sign_in(first).status_code == 200
    body = {"traits": identity["traits"], "credentials": {"webauthn": second.passkey()}}
    api.call("PUT", f"/admin/identities/{identity['id']}", json=body)
    assert api.sign_in(second).status_code == 200
    assert api.sign_in(first).status_code == 400


@pytest.mark.parametrize(("variant", "status"), [("accepted", 200), ("refused", 400)])
def test_patching_the_webauthn_form_has_a_variant(api, key, variant, status):
    identity = api.create(credentials={"webauthn": key.passkey()}).json()
    api.ory.control.vary(webauthn_patch=variant)
    steps = [{"op": "replace", "path": "/credentials/webauthn/config/credentials", "value": []}]
    answer = api.call("PATCH", f"/admin/identities/{identity['id']}", json=steps)
    assert answer.status_code == status
    assert api.sign_in(key).status_code == (400 if status == 200 else 200)


def test_webauthn_signs_in_with_passwordless_entries_of_the_kept_handle_only(api):
    first = Key(handle=b"\xff\x00\x80")
    second = Key(handle=first.handle)
    webauthn = first.passkey()
    webauthn["config"]["credentials"].append(second.entry(is_passwordless=False))
    api.create(credentials={"webauthn": webauthn})
    assert api.sign_in(first).status_code == 200
    assert api.sign_in(second).status_code == 400
