"""Making identities in the emulated Ory."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from directories.base import (
    Misconfigured,
    Refused,
    Transient,
)
from tests.directories.conftest import connect, entries, make, stored
from tests.emulators.key import b64

IDENTITIES = r"/admin/identities$"


def test_an_identity_is_made_with_its_passkey(ory, connector, person, passkey, key, sent):
    written = connector.put_identity(person, passkey)
    identity = stored(ory, written.identity.remote_id)
    assert identity["external_id"] == str(person.uuid)
    assert identity["traits"] == {
        "email": person.email,
        "name": {"first": "Mary", "last": "Somerville"},
    }
    assert written.shortfall is None
    assert written.passkey.credential_id == key.credential_id
    assert written.passkey.name == "Blue key"
    assert written.passkey.created_at == passkey.created_at
    assert identity["credentials"]["passkey"]["identifiers"] == [key.handle.decode()]
    [entry] = entries(ory, written.identity.remote_id)
    assert entry["public_key"] == b64(key.public_key)
    assert entry["is_passwordless"] is True
    assert sent.requests[-1].method == "GET"
    assert "include_credential=passkey" in sent.requests[-1].url


def test_an_identity_is_made_without_a_passkey(ory, connector, person):
    written = connector.put_identity(person, None)
    assert (written.passkey, written.shortfall) == (None, None)
    assert entries(ory, written.identity.remote_id) == []


def test_an_identity_that_is_there_is_found_and_left_alone(ory, connector, person, passkey, sent):
    """Whose it is must be noted before anything is written into it."""
    made = make(ory, person.email)
    written = connector.put_identity(person, passkey)
    assert written.identity.remote_id == made
    assert (written.passkey, written.shortfall) == (None, None)
    assert entries(ory, made) == []
    assert {request.method for request in sent.requests} == {"GET"}


def test_an_identity_that_is_there_is_used_without_a_passkey(ory, connector, person):
    made = make(ory, person.email)
    assert connector.put_identity(person, None).identity.remote_id == made


def test_a_kratos_that_imports_nothing_gets_the_identity_alone(old, person, passkey):
    written = connect(old).put_identity(person, passkey)
    assert written.passkey is None
    assert written.shortfall.code == "ory.no_import"
    assert written.shortfall.said == 'json: unknown field "passkey"'
    assert stored(old, written.identity.remote_id)["external_id"] == str(person.uuid)


def test_a_kratos_that_knows_neither_gets_what_it_knows(start, person, passkey, sent):
    ory = start(flavour="self-hosted", version="v1.3.1")
    written = connect(ory).put_identity(person, passkey)
    assert written.shortfall.code == "ory.no_import"
    assert stored(ory, written.identity.remote_id)["traits"]["email"] == person.email
    assert len(sent.of("POST")) == 3


def test_a_decoder_that_names_the_last_unknown_field_makes_no_difference(start, person, passkey):
    ory = start(flavour="self-hosted", version="v1.3.1")
    ory.control.vary(unknown_field="last")
    assert connect(ory).put_identity(person, passkey).shortfall.code == "ory.no_import"


def test_other_refusals_of_a_create_are_passed_on(ory, connector, person):
    with pytest.raises(Refused) as caught:
        connector.put_identity(replace(person, email="no address"), None)
    assert caught.value.code == "http.refused"
    assert "email" in caught.value.said


def test_traits_that_the_schema_does_not_have_are_refused_with_its_words(ory, person):
    mapping = replace(connect(ory).settings.mapping, given_name="given")
    with pytest.raises(Refused) as caught:
        connect(ory, mapping=mapping).put_identity(person, None)
    assert "given" in caught.value.said


def test_nothing_is_made_before_a_schema_is_chosen(ory, person):
    with pytest.raises(Misconfigured) as caught:
        connect(ory, schema_id="").put_identity(person, None)
    assert caught.value.code == "ory.no_schema"


def test_an_unknown_schema_is_refused_with_orys_words(ory, person):
    with pytest.raises(Refused) as caught:
        connect(ory, schema_id="gone").put_identity(person, None)
    assert "gone" in caught.value.said


def test_a_conflict_leads_to_the_identity_made_meanwhile(ory, connector, person, passkey):
    ory.control.fail(status=409, method="POST", path=IDENTITIES, after=True)
    written = connector.put_identity(person, passkey)
    assert entries(ory, written.identity.remote_id) != [], "it was ours, though we were not told"
    assert connector.put_passkey(written.identity, passkey, None).passkey is not None


def test_a_conflict_nobody_can_explain_is_held(ory, connector, person, passkey, key):
    make(ory, "other@example.com", credentials={"passkey": key.passkey()})
    with pytest.raises(Refused) as caught:
        connector.put_identity(person, passkey)
    assert caught.value.code == "ory.conflict"
    assert "conflicts with another identity" in caught.value.said
    assert caught.value.status == 409


def test_a_lost_answer_is_looked_up_and_not_repeated(ory, connector, person, passkey, sent):
    ory.control.drop(method="POST", path=IDENTITIES, after=True)
    written = connector.put_identity(person, passkey)
    assert connector.put_passkey(written.identity, passkey, None).passkey is not None
    assert len(sent.of("POST")) == 1
    assert sent.of("PUT") == []


def test_a_lost_answer_without_effect_is_tried_again_later(ory, connector, person, passkey):
    ory.control.drop(method="POST", path=IDENTITIES)
    with pytest.raises(Transient):
        connector.put_identity(person, passkey)
    assert connector.put_identity(person, passkey).passkey is not None


def test_an_identity_that_cannot_be_read_back_yet_is_read_later(ory, connector, person, passkey):
    ory.control.fail(status=404, method="GET", path=r"/admin/identities/[0-9a-f-]{36}$")
    with pytest.raises(Transient) as caught:
        connector.put_identity(person, passkey)
    assert caught.value.code == "ory.not_readable"


def test_a_second_create_at_the_same_moment_is_transient(ory, connector, person, passkey):
    from threading import Thread

    ory.control.hold(method="POST", path=IDENTITIES)
    other = connect(ory)
    stranger = replace(person, uuid=uuid.uuid4(), email="first@example.com")
    first = Thread(target=lambda: other.put_identity(stranger, None))
    first.start()
    assert ory.control.wait_until_held()
    with pytest.raises(Transient) as caught:
        connector.put_identity(person, passkey)
    ory.control.release()
    first.join(10)
    assert (caught.value.code, caught.value.retry_after) == ("http.rate", 1)


@pytest.mark.parametrize("variant", ["absent", "present"])
def test_a_rate_limit_says_when_to_come_back(ory, connector, person, variant):
    ory.control.vary(retry_after=variant)
    ory.control.limit(0, seconds=17)
    with pytest.raises(Transient) as caught:
        connector.find_identity(person, None)
    assert 15 <= caught.value.retry_after <= 17


def test_creates_of_one_project_share_a_lock(ory, old):
    assert connect(ory).create_lock == connect(ory, schema_id="another").create_lock
    assert connect(ory).create_lock != connect(old).create_lock
