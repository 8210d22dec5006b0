"""Passkeys whose user handle is no text: Ory keeps them as `webauthn`, one handle an identity."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

import pytest

from directories.base import Refused, Transient
from directories.ory.documents import decode
from tests.directories.conftest import connect, entries, make, passkey_of, stored
from tests.directories.test_ory_proof import sign_in
from tests.emulators.key import Key, b64

BINARY = [b"\xff\x00" + bytes(30), b"has space", "ü".encode(), b"line\n", secrets.token_bytes(32)]


def webauthn(ory, remote_id: str) -> dict:
    """What is kept in the form `webauthn`."""
    return stored(ory, remote_id)["credentials"]["webauthn"]["config"]


@pytest.fixture
def key() -> Key:
    return Key(handle=b"\xb0\xc2\x00\xff" + bytes(28))


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
@pytest.mark.parametrize("handle", BINARY, ids=range(len(BINARY)))
def test_a_key_with_a_handle_of_bytes_is_imported_and_signs_in(
    ory, connector, person, handle, database
):
    ory.control.vary(database=database)
    key = Key(handle=handle)
    written = connector.put_identity(person, passkey_of(key))
    assert (written.passkey.credential_id, written.shortfall) == (key.credential_id, None)
    assert webauthn(ory, written.identity.remote_id)["user_handle"] == b64(handle)
    assert entries(ory, written.identity.remote_id) == []  # nothing in the form `passkey`
    assert sign_in(connector, key).remote_id == written.identity.remote_id


def test_it_joins_an_identity_that_has_keys_of_ours(ory, connector, person, key):
    ours = Key()
    identity = connector.put_identity(person, passkey_of(ours)).identity
    connector.put_passkey(identity, passkey_of(key), None)
    assert {one.credential_id for one in connector.list_passkeys(identity)} == {
        ours.credential_id,
        key.credential_id,
    }
    assert connector.passkey_counts([identity.remote_id]) == {identity.remote_id: 2}
    assert sign_in(connector, ours).remote_id == sign_in(connector, key).remote_id


def test_several_keys_of_one_handle_share_the_form(ory, connector, person, key):
    identity = connector.put_identity(person, passkey_of(key)).identity
    second = Key(handle=key.handle)
    connector.put_passkey(identity, passkey_of(second), None)
    assert len(webauthn(ory, identity.remote_id)["credentials"]) == 2
    assert sign_in(connector, key).remote_id == sign_in(connector, second).remote_id


@pytest.mark.parametrize("kind", ["a passkey", "a second factor"])
def test_another_handle_that_is_there_is_not_replaced_by_itself(ory, connector, person, key, kind):
    other = Key(handle=b"\x01" * 32)
    held = other.passkey(is_passwordless=kind == "a passkey", display_name="Old key")
    made = make(ory, person.email, credentials={"webauthn": held})
    before = webauthn(ory, made)
    identity = connector.find_identity(person, made)
    with pytest.raises(Refused) as caught:
        connector.put_passkey(identity, passkey_of(key), None)
    assert caught.value.code == "ory.other_handle"
    assert "1 key." in caught.value.reason
    assert webauthn(ory, made) == before
    [in_the_way] = connector.in_the_way(identity, passkey_of(key))
    assert in_the_way.name == ("Old key" if kind == "a passkey" else "Old key (second factor)")


def test_who_decides_to_replace_it_makes_room_and_then_the_key_signs_in(
    ory, connector, person, key
):
    other = Key(handle=b"\x01" * 32)
    made = make(ory, person.email, credentials={"webauthn": other.passkey()})
    identity = connector.find_identity(person, made)
    connector.make_room(identity, passkey_of(key))
    assert webauthn(ory, made)["credentials"] == []
    assert connector.in_the_way(identity, passkey_of(key)) == ()
    assert connector.put_passkey(identity, passkey_of(key), None).passkey is not None
    assert sign_in(connector, key).remote_id == made
    with pytest.raises(Refused):
        sign_in(connector, other)
    connector.make_room(identity, passkey_of(key))  # again: what is its own is not in its way
    assert len(webauthn(ory, made)["credentials"]) == 1


def test_keys_whose_handle_is_text_are_never_in_each_others_way(ory, connector, person):
    identity = connector.put_identity(person, passkey_of(Key())).identity
    assert connector.in_the_way(identity, passkey_of(Key())) == ()


def test_a_handle_without_any_key_is_in_nobodys_way(ory, connector, person, key):
    other = Key(handle=b"\x01" * 32)
    written = connector.put_identity(person, passkey_of(other))
    connector.remove_passkey(written.identity, written.passkey)
    assert connector.put_passkey(written.identity, passkey_of(key), None).passkey is not None
    assert sign_in(connector, key).remote_id == written.identity.remote_id


def test_an_entry_that_would_not_sign_in_is_put_right_and_its_counter_stays(
    ory, connector, person, key
):
    seen = {"aaguid": b64(bytes(16)), "sign_count": 41, "clone_warning": False}
    wrong = key.passkey(is_passwordless=False, authenticator=seen)
    made = make(ory, person.email, credentials={"webauthn": wrong})
    written = connector.put_passkey(connector.find_identity(person, made), passkey_of(key), None)
    assert written.shortfall is None
    [entry] = webauthn(ory, made)["credentials"]
    assert (entry["is_passwordless"], entry["authenticator"]["sign_count"]) == (True, 41)


def test_a_key_that_is_there_is_only_named_anew(ory, connector, person, key, sent):
    identity = connector.put_identity(person, passkey_of(key)).identity
    [before] = webauthn(ory, identity.remote_id)["credentials"]
    sent.requests.clear()
    renamed = replace(passkey_of(key), nickname="Red", sign_count=9)
    assert connector.put_passkey(identity, renamed, None).passkey.name == "Red"
    assert webauthn(ory, identity.remote_id)["credentials"] == [{**before, "display_name": "Red"}]
    [patch] = sent.of("PATCH")
    assert json.loads(patch.body)[0]["path"] == "/credentials/webauthn/config/credentials"
    assert sent.of("PUT") == []


def test_a_key_stored_differently_is_caught(ory, connector, person, key):
    made = make(
        ory, person.email, credentials={"webauthn": key.passkey(public_key=b64(b"another"))}
    )
    ory.control.fail(status=200, body="{}", method="PUT")
    written = connector.put_passkey(connector.find_identity(person, made), passkey_of(key), None)
    assert (written.passkey, written.shortfall.code) == (None, "ory.stored_differently")


def test_an_answer_that_was_lost_is_looked_after(ory, connector, person, key):
    identity = connector.put_identity(person, None).identity
    ory.control.drop(method="PUT", after=True)
    assert connector.put_passkey(identity, passkey_of(key), None).passkey is not None
    ory.control.drop(method="PUT")
    with pytest.raises(Transient):
        connector.put_passkey(identity, passkey_of(Key(handle=key.handle)), None)


def test_an_old_kratos_says_that_it_cannot(old, person, key):
    connector = connect(old)
    made = connector.put_identity(person, passkey_of(key))
    assert (made.passkey, made.shortfall.code) == (None, "ory.no_import")
    written = connector.put_passkey(made.identity, passkey_of(key), None)
    assert (written.passkey, written.shortfall.code) == (None, "ory.no_import")


@pytest.mark.parametrize("patching", ["accepted", "refused"])
def test_one_is_removed_and_second_factors_stay(ory, connector, person, key, patching):
    second = Key(handle=key.handle)
    held = key.passkey()
    held["config"]["credentials"].append(second.entry(is_passwordless=False))
    made = make(ory, person.email, credentials={"webauthn": held})
    identity = connector.find_identity(person, made)
    [listed] = connector.list_passkeys(identity)
    ory.control.vary(webauthn_patch=patching)
    if patching == "refused":
        with pytest.raises(Refused) as caught:
            connector.remove_passkey(identity, listed)
        assert caught.value.code == "ory.not_removed"
        with pytest.raises(Refused) as caught:
            connector.make_room(identity, passkey_of(Key(handle=b"\x02" * 9)))
        assert caught.value.code == "ory.not_removed"
        return
    connector.remove_passkey(identity, listed)
    assert connector.list_passkeys(identity) == ()
    [left] = webauthn(ory, made)["credentials"]
    assert decode(left["id"]) == second.credential_id


def test_a_room_that_was_not_made_is_caught(ory, connector, person, key):
    other = Key(handle=b"\x01" * 32)
    made = make(ory, person.email, credentials={"webauthn": other.passkey()})
    ory.control.fail(status=200, body="{}", method="PATCH")
    with pytest.raises(Refused) as caught:
        connector.make_room(connector.find_identity(person, made), passkey_of(key))
    assert caught.value.code == "ory.not_removed"
