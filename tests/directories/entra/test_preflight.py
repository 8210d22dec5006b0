"""What a registration for somebody would meet there, looked at before it is begun."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from directories.base import Finding, Intended, RemoteIdentity, Transient
from emulators.entra.policy import DEFAULT_PROFILE, PILOT_PROFILE
from tests.directories.entra.conftest import connect, identity_of
from tests.directories.entra.test_rules import profile, target

POLICY = "Policy.Read.AuthenticationMethod"
CRESCENDO = uuid.UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")
OTHER = uuid.UUID("2fc0579f-8113-47ea-b116-bb5a8db9202a")
ONE = Intended({CRESCENDO: "Crescendo Key"}, frozenset({CRESCENDO}))
BOTH = Intended({CRESCENDO: "Crescendo Key", OTHER: "Other Key"}, frozenset({CRESCENDO}))
ANY = Intended()


@pytest.fixture(autouse=True)
def may_read(tenant):
    tenant.control.grant(POLICY)


def member(tenant) -> tuple[RemoteIdentity, str]:
    """Somebody who is in a group, and that group."""
    for group in tenant.control.groups():
        for one in group["members"]:
            if one["type"] == "user":
                return identity_of(tenant.control.user(one["id"])), group["id"]
    raise AssertionError("no group has people in it")


def found(connector, identity, intended: Intended = ONE) -> dict[str, Finding]:
    return {one.code: one for one in connector.preflight(identity, intended)}


def states(connector, identity, intended: Intended = ONE) -> dict[str, str]:
    return {code: one.state.value for code, one in found(connector, identity, intended).items()}


GOOD = {
    "entra.policy_on": "passed",
    "entra.self_service_on": "passed",
    "entra.targeted": "passed",
    "entra.models_admitted": "passed",
    "entra.room": "passed",
}


def test_in_a_fresh_tenant_nothing_is_in_the_way(connector, somebody):
    assert states(connector, somebody) == GOOD
    assert not any(one.remedy for one in found(connector, somebody).values())


def test_a_person_is_told_of_whatever_keeps_them_from_a_key_and_of_nothing_else(
    tenant, connector, somebody
):
    tenant.control.policy(isSelfServiceRegistrationAllowed=False, state="disabled")
    told = found(connector, somebody)
    for one in told.values():
        assert bool(one.person) == (one.state.value == "failed"), one.code
    assert told["entra.policy_on"].person == "Passkeys are switched off there."


def test_looking_leaves_no_trace(tenant, connector, somebody, sent):
    connector.preflight(somebody, ONE)
    assert not sent.of("GET", "creationOptions")
    assert [one.url.rpartition("/")[2] for one in sent.of("POST")] in (
        ["token"],
        ["token", "checkMemberGroups"],
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "disabled"}, "entra.policy_on"),
        ({"isSelfServiceRegistrationAllowed": False}, "entra.self_service_on"),
        ({"includeTargets": []}, "entra.targeted"),
    ],
)
def test_what_the_tenant_has_off_is_found_with_its_remedy(
    tenant, connector, somebody, change, code
):
    tenant.control.policy(**change)
    one = found(connector, somebody)[code]
    assert one.state.value == "failed"
    assert "Policies → Passkey (FIDO2)" in one.remedy


def test_without_the_permission_the_policy_is_unknown_and_the_rest_is_told(
    tenant, connector, somebody
):
    tenant.control.revoke(POLICY)
    assert states(connector, somebody) == {"entra.policy_on": "unknown", "entra.room": "passed"}
    assert POLICY in found(connector, somebody)["entra.policy_on"].remedy


def test_without_any_permission_everything_is_unknown_and_nothing_is_raised(
    tenant, connector, somebody
):
    tenant.control.consent()
    assert set(states(connector, somebody).values()) == {"unknown"}


def test_a_policy_for_a_group_is_for_its_members_only(tenant, connector, somebody):
    inside, group = member(tenant)
    tenant.control.policy(includeTargets=[target(group, DEFAULT_PROFILE)])
    assert states(connector, inside)["entra.targeted"] == "passed"
    assert states(connector, somebody)["entra.targeted"] == "failed"
    assert "entra.models_admitted" not in states(connector, somebody)


def test_a_policy_that_excludes_a_group_is_not_for_its_members(tenant, connector, somebody):
    inside, group = member(tenant)
    tenant.control.policy(excludeTargets=[{"targetType": "group", "id": group}])
    assert states(connector, inside)["entra.targeted"] == "failed"
    assert states(connector, somebody)["entra.targeted"] == "passed"


def test_where_groups_may_not_be_read_only_what_is_for_everyone_is_known(tenant, connector):
    inside, group = member(tenant)
    tenant.control.fail(status=403, path="checkMemberGroups", times=100)
    tenant.control.policy(includeTargets=[target(group, DEFAULT_PROFILE)])
    assert states(connector, inside)["entra.targeted"] == "unknown"
    tenant.control.policy(includeTargets=[target("all_users", DEFAULT_PROFILE)])
    assert states(connector, inside)["entra.targeted"] == "passed"
    tenant.control.policy(excludeTargets=[{"targetType": "group", "id": group}])
    assert states(connector, inside)["entra.targeted"] == "unknown"


@pytest.mark.parametrize(
    ("kind", "listed", "intended", "state"),
    [
        ("allow", CRESCENDO, ONE, "passed"),
        ("allow", OTHER, ONE, "failed"),
        ("block", CRESCENDO, ONE, "failed"),
        ("block", OTHER, ONE, "passed"),
        ("allow", CRESCENDO, BOTH, "unknown"),
        ("block", OTHER, BOTH, "unknown"),
        ("allow", CRESCENDO, ANY, "unknown"),
    ],
)
def test_models_are_held_against_the_list_there(
    tenant, connector, somebody, kind, listed, intended, state
):
    tenant.control.restrict(kind, str(listed))
    one = found(connector, somebody, intended)["entra.models_admitted"]
    assert one.state.value == state
    if state != "passed" and intended is not ANY:
        assert ("Crescendo Key" if intended is ONE else "Other Key") in one.sentence
        assert one.remedy


def test_any_model_is_admitted_where_nothing_is_listed(connector, somebody):
    assert states(connector, somebody, ANY)["entra.models_admitted"] == "passed"


def test_profiles_of_the_persons_own_groups_count_and_add_up(tenant, connector, somebody):
    inside, group = member(tenant)
    allow = {"isEnforced": True, "enforcementType": "allow", "aaGuids": [str(CRESCENDO)]}
    tenant.control.restrict("allow", str(OTHER))
    everyone = tenant.control.state()["policy"]["passkeyProfiles"]
    tenant.control.policy(
        passkeyProfiles=[*everyone, profile(PILOT_PROFILE, keyRestrictions=allow)],
        includeTargets=[target("all_users", DEFAULT_PROFILE), target(group, PILOT_PROFILE)],
    )
    assert states(connector, inside)["entra.models_admitted"] == "passed"
    assert states(connector, somebody)["entra.models_admitted"] == "failed"


def test_copied_passkeys_alone_admit_no_security_key(tenant, connector, somebody):
    tenant.control.policy(
        passkeyProfiles=[profile(DEFAULT_PROFILE, passkeyTypes="synced")],
    )
    assert states(connector, somebody)["entra.models_admitted"] == "failed"


@pytest.mark.parametrize(
    ("intended", "state"),
    [(ONE, "passed"), (BOTH, "unknown"), (replace(ONE, attested=frozenset()), "failed")],
)
def test_enforced_attestation_takes_models_that_can_be_verified(
    tenant, connector, somebody, intended, state
):
    tenant.control.enforce_attestation()
    assert states(connector, somebody, intended)["entra.attestation"] == state


def test_many_passkeys_are_no_known_limit(tenant, connector, somebody):
    for number in range(10):
        tenant.control.add_passkey(somebody.remote_id, credential_id=bytes([number]) * 32)
    one = found(connector, somebody)["entra.room"]
    assert one.state.value == "unknown"
    assert "10 passkeys" in one.sentence


@pytest.mark.parametrize(
    ("change", "word"), [({"guest": True}, "guest"), ({"enabled": False}, "disabled")]
)
def test_an_account_that_can_have_no_use_of_a_key_is_found(connector, somebody, change, word):
    one = found(connector, replace(somebody, **change))["entra.account"]
    assert (one.state.value, word in one.sentence) == ("failed", True)


def test_only_what_entra_refuses_after_the_touch_blocks(tenant, connector, somebody):
    tenant.control.policy(
        isSelfServiceRegistrationAllowed=False,
        includeTargets=[target(PILOT_PROFILE, DEFAULT_PROFILE)],
    )
    blocking = {code for code, one in found(connector, somebody).items() if one.blocks}
    assert blocking == {"entra.targeted"}
    tenant.control.policy(includeTargets=[target("all_users", DEFAULT_PROFILE)])
    tenant.control.restrict("block", str(CRESCENDO))
    blocking = {code for code, one in found(connector, somebody).items() if one.blocks}
    assert blocking == {"entra.models_admitted"}
    tenant.control.restrict("block", str(OTHER))
    assert not any(one.blocks for one in found(connector, somebody, BOTH).values())


@pytest.mark.parametrize("path", ["/fido2$", "fido2Methods"])
def test_while_entra_does_not_answer_nothing_is_found(tenant, somebody, path):
    tenant.control.fail(status=503, path=path, times=100)
    with pytest.raises(Transient):
        connect(tenant).preflight(somebody, ONE)
