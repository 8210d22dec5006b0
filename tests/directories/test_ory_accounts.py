"""Making identities of the emulated Ory inactive, and active again."""

from __future__ import annotations

import pytest

from directories.base import NotFound, RemoteIdentity
from tests.directories.conftest import entries, stored


def test_only_the_state_changes(ory, connector, person, passkey):
    identity = connector.put_identity(person, passkey).identity
    before, keys = stored(ory, identity.remote_id), entries(ory, identity.remote_id)
    connector.set_enabled(identity, False)
    assert connector.find_identity(person, identity.remote_id).enabled is False
    connector.set_enabled(identity, False)
    connector.set_enabled(identity, True)
    assert connector.find_identity(person, identity.remote_id).enabled is True
    after = stored(ory, identity.remote_id)
    assert entries(ory, identity.remote_id) == keys
    changing = {"state_changed_at", "updated_at"}
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }


def test_a_passkey_put_into_an_inactive_identity_leaves_it_inactive(connector, person, passkey):
    identity = connector.put_identity(person, None).identity
    connector.set_enabled(identity, False)
    connector.put_passkey(identity, passkey, None)
    assert connector.find_identity(person, identity.remote_id).enabled is False


def test_an_identity_that_is_gone_is_not_found(connector):
    with pytest.raises(NotFound):
        connector.set_enabled(RemoteIdentity("6d1f0f0e-0000-4000-8000-000000000000", "gone"), False)
