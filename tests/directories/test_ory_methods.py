"""What else identities sign in with at Ory: the types of their credentials, without secrets."""

from __future__ import annotations

import pytest

from directories.base import Intended, NotFound, Refused, RemoteIdentity
from tests.directories.conftest import make

PASSWORD = {"password": {"config": {"password": "correct-horse-battery-staple"}}}


def test_every_type_but_passkeys_is_listed_with_its_identifiers(ory, connector, person, passkey):
    made = make(ory, person.email, credentials=PASSWORD)
    identity = connector.find_identity(person, made)
    connector.put_passkey(identity, passkey, None)
    found = {one.kind: one.name for one in connector.methods(identity)}
    assert person.email.lower() in found["Password"].lower()
    assert not any("passkey" in kind.lower() for kind in found)
    assert "correct-horse" not in repr(connector.methods(identity))


def test_nothing_secret_is_even_asked_for(ory, connector, person, sent):
    made = make(ory, person.email, credentials=PASSWORD)
    connector.methods(RemoteIdentity(made, person.email))
    assert not [one for one in sent.requests if "include_credential" in one.url]


def test_an_identity_that_is_gone_is_not_found(connector):
    with pytest.raises(NotFound):
        connector.methods(RemoteIdentity("7e0c1f8e-6c7f-4c09-8c1f-5a7c1d2e3f40", "nobody"))


def test_a_registration_meets_nothing_there(ory, connector, person, sent):
    assert connector.preflight(RemoteIdentity("x", person.email), Intended()) == ()
    assert sent.requests == []


def test_nobody_is_signed_out_and_nobody_gets_a_pass(connector):
    for call in (connector.revoke_sessions, lambda one: connector.temporary_pass(one, minutes=60)):
        with pytest.raises(Refused):
            call(RemoteIdentity("x", "nobody"))
    assert not connector.capabilities.revokes_sessions
    assert not connector.capabilities.makes_passes
