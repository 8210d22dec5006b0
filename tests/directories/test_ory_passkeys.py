"""Passkeys into identities of the emulated Ory, and out again."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from directories.base import (
    NotFound,
    Refused,
    RemotePasskey,
    Transient,
)
from directories.ory.documents import decode
from tests.directories.conftest import connect, entries, make, passkey_of, stored, write
from tests.emulators.key import Key, b64

IDENTITIES = r"/admin/identities$"
IDENTITY = r"/admin/identities/[0-9a-f-]{36}$"


def test_a_put_keeps_everything_it_would_wipe(ory, connector, person, passkey):
    made = make(ory, person.email, external_id=str(person.uuid))
    kept = {
        "traits": {"email": person.email, "name": {"first": "M.", "last": "S."}},
        "metadata_public": {"a": [1]},
        "metadata_admin": {"b": None},
        "state": "inactive",
        "organization_id": str(uuid.uuid4()),
    }
    write(ory, made, **kept)
    identity = connector.find_identity(person, None)
    written = connector.put_passkey(identity, passkey, None)
    after = stored(ory, made)
    assert {name: after[name] for name in kept} == kept
    assert after["external_id"] == str(person.uuid)
    assert written.passkey is not None


def test_a_member_of_an_organisation_gets_the_passkey_and_a_warning(
    ory, connector, person, passkey
):
    made = make(ory, person.email, organization_id=str(uuid.uuid4()))
    written = connector.put_passkey(connector.find_identity(person, made), passkey, None)
    assert written.passkey is not None
    assert written.shortfall.code == "ory.organization"


def test_a_passkey_that_is_there_is_not_written_again(ory, connector, person, passkey, sent):
    identity = connector.put_identity(person, passkey).identity
    again = connector.put_passkey(identity, replace(passkey, sign_count=9), None)
    assert again.passkey is not None
    assert sent.of("PUT") == sent.of("PATCH") == []


def test_a_new_name_reaches_it_and_changes_nothing_else(ory, connector, person, passkey, key):
    identity = connector.put_identity(person, passkey).identity
    connector.put_passkey(identity, passkey_of(Key(handle=key.handle)), None)
    before, other = entries(ory, identity.remote_id)
    renamed = replace(passkey, nickname="Red", sign_count=9)
    written = connector.put_passkey(identity, renamed, None)
    assert (written.passkey.name, written.shortfall) == ("Red", None)
    assert entries(ory, identity.remote_id) == [{**before, "display_name": "Red"}, other]


def test_a_kratos_that_takes_no_new_name_keeps_its_own(ory, connector, person, passkey):
    identity = connector.put_identity(person, passkey).identity
    ory.control.fail(status=400, method="PATCH", path=IDENTITY)
    written = connector.put_passkey(identity, replace(passkey, nickname="Red"), None)
    assert (written.passkey.name, written.shortfall) == (passkey.nickname, None)


@pytest.mark.parametrize("handle", [None, b"of-an-earlier-account"])
def test_a_second_passkey_joins_the_first_which_keeps_all_its_fields(
    ory, connector, person, key, handle
):
    first = Key(handle=handle or key.handle)
    made = make(
        ory,
        person.email,
        credentials={
            "passkey": first.passkey(
                display_name="Made in Ory",
                added_at="2020-01-02T03:04:05Z",
                transport=["internal", "hybrid"],
                authenticator={"aaguid": b64(bytes(16)), "sign_count": 7, "clone_warning": True},
                attestation={"object": b64(b"raw")},
            )
        },
    )
    [before] = entries(ory, made)
    identity = connector.find_identity(person, made)
    written = connector.put_passkey(identity, passkey_of(key), None)
    assert (written.passkey.credential_id, written.shortfall) == (key.credential_id, None)
    kept, added = entries(ory, made)
    assert kept == before
    assert decode(added["id"]) == key.credential_id
    handles = stored(ory, made)["credentials"]["passkey"]["identifiers"]
    assert handles == list(dict.fromkeys([first.handle.decode(), key.handle.decode()]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"is_passwordless": False},
        {"public_key": b64(b"another")},
        {"flags": {"user_present": True, "user_verified": True, "backup_eligible": True}},
    ],
)
def test_an_entry_that_would_not_sign_in_is_put_right(ory, connector, person, passkey, key, wrong):
    made = make(ory, person.email, credentials={"passkey": key.passkey(**wrong)})
    identity = connector.find_identity(person, made)
    assert connector.put_passkey(identity, passkey, None).shortfall is None
    [entry] = entries(ory, made)
    assert entry["is_passwordless"] is True
    assert entry["public_key"] == b64(key.public_key)
    assert entry["flags"]["backup_eligible"] is False


def under_another_handle(ory, email, key) -> str:
    """An identity with the key's passkey, which Kratos would not find by the key's handle."""
    other = Key(handle=b"another-handle")
    config = {"user_handle": b64(other.handle), "credentials": [key.entry()]}
    return make(ory, email, credentials={"passkey": {"config": config}})


def test_a_handle_that_kratos_would_not_find_is_put_right(ory, connector, person, passkey, key):
    made = under_another_handle(ory, person.email, key)
    assert connector.put_passkey(connector.find_identity(person, made), passkey, None).passkey
    assert key.handle.decode() in stored(ory, made)["credentials"]["passkey"]["identifiers"]


def test_a_handle_that_was_not_stored_is_caught(ory, connector, person, passkey, key):
    made = under_another_handle(ory, person.email, key)
    ory.control.fail(status=200, body="{}", method="PUT")
    written = connector.put_passkey(connector.find_identity(person, made), passkey, None)
    assert (written.passkey, written.shortfall.code) == (None, "ory.stored_differently")
    assert "user handle" in written.shortfall.reason


def test_putting_right_does_not_turn_the_counter_back(ory, connector, person, passkey, key):
    seen = {"aaguid": b64(bytes(16)), "sign_count": 41, "clone_warning": False}
    wrong = key.passkey(is_passwordless=False, authenticator=seen)
    made = make(ory, person.email, credentials={"passkey": wrong})
    connector.put_passkey(connector.find_identity(person, made), passkey, None)
    assert entries(ory, made)[0]["authenticator"]["sign_count"] == 41


def test_entries_without_flags_are_left_as_they_are(ory, connector, person, passkey, key, sent):
    made = make(ory, person.email, credentials={"passkey": key.passkey(flags=None)})
    written = connector.put_passkey(connector.find_identity(person, made), passkey, None)
    assert written.passkey is not None
    assert sent.of("PUT") == []


def test_a_put_that_is_ignored_is_caught(old, person, passkey):
    make(old, person.email)
    connector = connect(old)
    written = connector.put_passkey(connector.find_identity(person, None), passkey, None)
    assert written.passkey is None
    assert written.shortfall.code == "ory.no_import"


def test_a_passkey_stored_differently_is_caught(ory, connector, person, passkey, key):
    made = make(ory, person.email, credentials={"passkey": key.passkey(is_passwordless=False)})
    ory.control.fail(status=200, body="{}", method="PUT")
    written = connector.put_passkey(connector.find_identity(person, made), passkey, None)
    assert written.passkey is None
    assert written.shortfall.code == "ory.stored_differently"
    assert "passwordless" in written.shortfall.reason


def test_a_handle_of_somebody_else_is_refused(ory, connector, person, passkey, key):
    make(ory, "other@example.com", credentials={"passkey": Key(handle=key.handle).passkey()})
    identity = connector.put_identity(person, None).identity
    with pytest.raises(Refused) as caught:
        connector.put_passkey(identity, passkey, None)
    assert caught.value.code == "ory.user_handle_taken"
    assert caught.value.status == 409


@pytest.mark.parametrize("handle", [b"", b"x" * 65, b"\xff" * 65])
def test_handles_that_no_key_takes_never_reach_ory(ory, connector, person, key, handle, sent):
    wrong = passkey_of(key, user_handle=handle)
    identity = connector.put_identity(person, None).identity
    sent.requests.clear()
    with pytest.raises(Refused) as caught:
        connector.put_identity(person, wrong)
    assert caught.value.code == "ory.user_handle"
    with pytest.raises(Refused):
        connector.put_passkey(identity, wrong, None)
    assert sent.of("POST") == sent.of("PUT") == []


@pytest.mark.parametrize("arrays", ["accepted", "refused"])
def test_binary_values_are_text_whatever_the_description_says(
    ory, connector, person, passkey, arrays
):
    ory.control.vary(byte_arrays=arrays)
    assert connector.put_identity(person, passkey).passkey is not None


def test_a_lost_answer_to_a_put_is_read_back(ory, connector, person, passkey, sent):
    identity = connector.put_identity(person, None).identity
    ory.control.drop(method="PUT", after=True)
    assert connector.put_passkey(identity, passkey, None).passkey is not None
    assert len(sent.of("PUT")) == 1


def test_a_lost_put_is_tried_again_later(ory, connector, person, passkey):
    identity = connector.put_identity(person, None).identity
    ory.control.drop(method="PUT")
    with pytest.raises(Transient):
        connector.put_passkey(identity, passkey, None)
    assert entries(ory, identity.remote_id) == []


def test_a_server_error_to_a_put_is_transient(ory, connector, person, passkey):
    identity = connector.put_identity(person, None).identity
    ory.control.fail(method="PUT", status=503)
    with pytest.raises(Transient) as caught:
        connector.put_passkey(identity, passkey, None)
    assert caught.value.status == 503


def test_an_identity_that_went_away_is_not_found(ory, connector, person, passkey):
    identity = connector.put_identity(person, None).identity
    ory.ory.identities.delete(identity.remote_id)
    with pytest.raises(NotFound):
        connector.put_passkey(identity, passkey, None)


def test_ory_begins_no_registration(connector, person, passkey):
    identity = connector.put_identity(person, passkey).identity
    with pytest.raises(Refused):
        connector.creation_options(identity)


def two(connector, person, key):
    identity = connector.put_identity(person, passkey_of(key)).identity
    second = Key(handle=key.handle)
    connector.put_passkey(identity, passkey_of(second), None)
    return identity, second


def test_one_passkey_of_two_is_removed_and_the_other_kept(ory, connector, person, key):
    identity, second = two(connector, person, key)
    kept = [
        one for one in entries(ory, identity.remote_id) if decode(one["id"]) == second.credential_id
    ]
    first = next(
        one for one in connector.list_passkeys(identity) if one.credential_id == key.credential_id
    )
    connector.remove_passkey(identity, first)
    assert entries(ory, identity.remote_id) == kept


def test_the_last_passkey_is_removed(ory, connector, person, passkey):
    written = connector.put_identity(person, passkey)
    connector.remove_passkey(written.identity, written.passkey)
    assert connector.list_passkeys(written.identity) == ()


def test_what_is_gone_already_is_fine(ory, connector, person, passkey, sent):
    written = connector.put_identity(person, passkey)
    connector.remove_passkey(written.identity, written.passkey)
    sent.requests.clear()
    connector.remove_passkey(written.identity, written.passkey)
    ory.ory.identities.delete(written.identity.remote_id)
    connector.remove_passkey(written.identity, written.passkey)
    assert sent.of("PATCH") == []


@pytest.mark.parametrize("count", [1, 2])
def test_a_kratos_whose_patch_takes_nothing_away_gets_a_shorter_list(start, person, key, count):
    ory = start(flavour="self-hosted", version="v1.3.1")
    connector = connect(ory)
    identity = connector.put_identity(person, None).identity
    keys = [key, Key(handle=key.handle)][:count]
    value = {
        "type": "passkey",
        "version": 1,
        "identifiers": [key.handle.decode()],
        "config": {
            "user_handle": b64(key.handle),
            "credentials": [one.entry() for one in keys],
        },
    }
    steps = [{"op": "add", "path": "/credentials/passkey", "value": value}]
    ory.ory.identities.patch(identity.remote_id, steps, now=ory.ory.now())
    connector.remove_passkey(identity, RemotePasskey(b64(key.credential_id), key.credential_id))
    left = {one.credential_id for one in connector.list_passkeys(identity)}
    assert left == {one.credential_id for one in keys[1:]}


@pytest.mark.parametrize("count", [1, 2])
def test_a_kratos_that_refuses_such_patches_says_so(ory, connector, person, key, count):
    identity, second = two(connector, person, key)
    if count == 1:
        connector.remove_passkey(identity, RemotePasskey("", second.credential_id))
    ory.control.vary(passkey_patch="refused")
    with pytest.raises(Refused) as caught:
        connector.remove_passkey(identity, RemotePasskey("", key.credential_id))
    assert caught.value.code == "ory.not_removed"
    assert "denied path" in caught.value.said
    assert len(connector.list_passkeys(identity)) == count


def test_a_patch_that_is_ignored_is_caught(ory, connector, person, passkey):
    written = connector.put_identity(person, passkey)
    ory.control.fail(status=200, body="{}", method="PATCH", times=2)
    with pytest.raises(Refused) as caught:
        connector.remove_passkey(written.identity, written.passkey)
    assert caught.value.code == "ory.not_removed"


def test_a_passkey_is_named_by_its_id_there_too(ory, connector, person, passkey, key):
    written = connector.put_identity(person, passkey)
    connector.remove_passkey(written.identity, RemotePasskey(b64(key.credential_id), None))
    assert entries(ory, written.identity.remote_id) == []
    with pytest.raises(Refused) as caught:
        connector.remove_passkey(written.identity, RemotePasskey("?", None))
    assert caught.value.code == "ory.unreadable_passkey"
