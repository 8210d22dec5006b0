"""Passkeys that people have there: how many, which, and taking one out."""

from __future__ import annotations

import random

import pytest

from directories.base import Misconfigured, NotFound, RemotePasskey, Transient
from tests.directories.entra.conftest import connect, identity_of

CRESCENDO = "692db549-7ae5-44d5-a1e5-dd20a493b723"


@pytest.fixture
def somebody(tenant):
    return tenant.control.add_user(displayName="Key Holder")


def ids(size: int, many: int) -> list[bytes]:
    chance = random.Random(size)
    return [chance.randbytes(size) for _ in range(many)]


@pytest.mark.parametrize("size", [16, 20, 32, 48, 64])
def test_each_passkey_is_known_by_its_credential_id(tenant, connector, somebody, size):
    ours = ids(size, 8)
    for credential_id in ours:
        tenant.control.add_passkey(somebody["id"], credential_id=credential_id, aaguid=CRESCENDO)
    found = connector.list_passkeys(identity_of(somebody))
    assert len(found) == 8
    for credential_id in ours:
        assert [one.is_credential(credential_id) for one in found].count(True) == 1
    assert {one.model for one in found} == {"HID Crescendo Key"}
    assert all(one.created_at is not None and one.name == "Key" for one in found)


def test_a_passkey_under_a_guid_is_known_by_its_id_there_only(tenant, connector, somebody):
    tenant.control.vary(method_ids="guid")
    made = tenant.control.add_passkey(somebody["id"], credential_id=b"0" * 32)
    [one] = connector.list_passkeys(identity_of(somebody))
    assert one.remote_id == made["id"]
    assert one.is_credential(b"0" * 32) is None


def test_a_person_who_is_gone_is_not_found(tenant, connector, somebody):
    tenant.control.remove_user(somebody["id"])
    with pytest.raises(NotFound):
        connector.list_passkeys(identity_of(somebody))


def test_passkeys_of_many_people_are_counted_twenty_in_a_call(tenant, connector, sent):
    users = [user["id"] for user in tenant.control.users()][:45]
    for credential_id in ids(32, 3):
        tenant.control.add_passkey(users[7], credential_id=credential_id)
    found = connector.passkey_counts(users)
    assert found == {user: len(tenant.control.passkeys(user)) for user in users}
    assert found[users[7]] >= 3
    assert len(sent.of("POST", "batch")) == 3


def test_who_cannot_be_counted_spoils_nobody_else(tenant, connector):
    users = [user["id"] for user in tenant.control.users()][:4]
    tenant.control.remove_user(users[1])
    tenant.control.fail(status=429, path=f"{users[2]}/authentication", times=1)
    found = connector.passkey_counts(users)
    assert [found[user] is None for user in users] == [False, True, True, False]


def test_without_permission_nobody_is_counted(tenant, connector):
    tenant.control.revoke("UserAuthenticationMethod.ReadWrite.All")
    users = [user["id"] for user in tenant.control.users()][:3]
    assert connector.passkey_counts(users) == dict.fromkeys(users)


@pytest.mark.parametrize("ids_there", ["token", "guid"])
def test_a_passkey_is_removed_and_the_others_stay(tenant, connector, somebody, ids_there):
    tenant.control.vary(method_ids=ids_there)
    for credential_id in ids(32, 2):
        tenant.control.add_passkey(somebody["id"], credential_id=credential_id)
    one, other = connector.list_passkeys(identity_of(somebody))
    connector.remove_passkey(identity_of(somebody), one)
    assert connector.list_passkeys(identity_of(somebody)) == (other,)
    connector.remove_passkey(identity_of(somebody), one)  # twice is fine


def test_a_passkey_of_a_person_who_is_gone_is_gone(tenant, connector, somebody):
    tenant.control.remove_user(somebody["id"])
    connector.remove_passkey(identity_of(somebody), RemotePasskey("AAAA", None))


@pytest.mark.parametrize("variant", ["accepted", "refused"])
def test_removing_with_the_wide_permission_is_tried_and_its_refusal_names_the_narrow_one(
    tenant, connector, somebody, variant
):
    tenant.control.vary(delete_with_the_wide_role=variant)
    made = tenant.control.add_passkey(somebody["id"], credential_id=b"1" * 32)
    passkey = RemotePasskey(made["id"], None)
    if variant == "accepted":
        connector.remove_passkey(identity_of(somebody), passkey)
        assert tenant.control.passkeys(somebody["id"]) == []
        return
    with pytest.raises(Misconfigured) as error:
        connector.remove_passkey(identity_of(somebody), passkey)
    assert "UserAuthMethod-Passkey.ReadWrite.All" in error.value.reason


def test_a_removal_whose_answer_was_lost_can_be_tried_again(tenant, somebody):
    made = tenant.control.add_passkey(somebody["id"], credential_id=b"1" * 32)
    passkey = RemotePasskey(made["id"], None)
    tenant.control.drop(method="DELETE", after=True, times=1)
    with pytest.raises(Transient):
        connect(tenant).remove_passkey(identity_of(somebody), passkey)
    connect(tenant).remove_passkey(identity_of(somebody), passkey)
    assert tenant.control.passkeys(somebody["id"]) == []
