"""The tenant's own rules for passkeys, in the words that every directory shares."""

from __future__ import annotations

import uuid

import pytest

from directories.base import Misconfigured
from directories.rules import Attestation, Demand
from emulators.entra.policy import DEFAULT_PROFILE, PILOT_PROFILE

CRESCENDO = "692db549-7ae5-44d5-a1e5-dd20a493b723"
OTHER = "2fc0579f-8113-47ea-b116-bb5a8db9202a"
POLICY = "Policy.Read.AuthenticationMethod"
NONE = {"isEnforced": False, "enforcementType": "block", "aaGuids": []}


@pytest.fixture(autouse=True)
def may_read(tenant):
    tenant.control.grant(POLICY)


def profile(guid: str = PILOT_PROFILE, /, **changes) -> dict:
    return {
        "id": guid,
        "name": "Pilots",
        "passkeyTypes": "deviceBound,synced",
        "attestationEnforcement": "registrationOnly",
        "keyRestrictions": NONE,
    } | changes


def target(name: str, *profiles: str) -> dict:
    return {
        "targetType": "group",
        "id": name,
        "isRegistrationRequired": False,
        "allowedPasskeyProfiles": list(profiles),
    }


def test_a_fresh_tenant_lets_everyone_have_any_security_key(connector):
    found = connector.rules()
    assert (found.enabled, found.self_service) == (True, True)
    assert (found.discoverable, found.user_verification) == (Demand.REQUIRED, Demand.REQUIRED)
    assert found.rp_id is None
    [one] = found.profiles
    assert (one.name, one.applies_to) == ("Default passkey profile", "everyone")
    assert (one.device_bound, one.synced, one.attestation) == (True, False, Attestation.ASKED)
    assert one.admission.admits(uuid.UUID(CRESCENDO))


@pytest.mark.parametrize("variant", ["in the answer", "only with $expand"])
def test_profiles_are_read_wherever_graph_has_them(tenant, connector, sent, variant):
    tenant.control.vary(passkey_profiles=variant)
    tenant.control.restrict("allow", CRESCENDO)
    [one] = connector.rules().profiles
    assert one.admission.only == {uuid.UUID(CRESCENDO)}
    assert len(sent.of("GET", "/fido2")) == (1 if variant == "in the answer" else 2)


def test_where_graph_knows_no_profiles_the_older_restrictions_count(tenant, connector):
    tenant.control.vary(passkey_profiles="not known")
    tenant.control.restrict("block", OTHER)
    tenant.control.enforce_attestation()
    [one] = connector.rules().profiles
    assert (one.name, one.applies_to) == ("Key restrictions", "everyone")
    assert one.admission.blocked == {uuid.UUID(OTHER)}
    assert one.attestation is Attestation.ENFORCED
    assert one.synced is None


def test_when_the_older_restrictions_are_gone_the_profiles_still_tell(tenant, connector):
    tenant.control.vary(deprecated_restrictions="gone")
    tenant.control.restrict("allow", CRESCENDO)
    [one] = connector.rules().profiles
    assert one.admission.only == {uuid.UUID(CRESCENDO)}


def test_a_tenant_that_tells_neither_tells_nothing_of_models_or_attestation(tenant, connector):
    tenant.control.vary(passkey_profiles="not known", deprecated_restrictions="gone")
    [one] = connector.rules().profiles
    assert one.attestation is None
    assert one.admission.only is None


def test_each_profile_says_whom_it_is_for_by_name(tenant, connector):
    pilots, council = (tenant.control.group(name) for name in ("Key pilots", "Works council"))
    tenant.control.policy(
        passkeyProfiles=[
            profile(DEFAULT_PROFILE, name="Default passkey profile"),
            profile(keyRestrictions={**NONE, "isEnforced": True, "aaGuids": [OTHER.upper()]}),
        ],
        includeTargets=[
            target("all_users", DEFAULT_PROFILE),
            target(pilots["id"], PILOT_PROFILE, DEFAULT_PROFILE),
        ],
        excludeTargets=[{"targetType": "group", "id": council["id"]}],
    )
    default, for_pilots = connector.rules().profiles
    assert default.applies_to == "everyone, except Works council"
    assert for_pilots.applies_to == "Key pilots, except Works council"
    assert for_pilots.admission.blocked == {uuid.UUID(OTHER)}
    assert (for_pilots.device_bound, for_pilots.synced) == (True, True)
    assert for_pilots.attestation is Attestation.ENFORCED


def test_for_a_target_without_profiles_the_older_restrictions_count(tenant, connector):
    pilots = tenant.control.group("Key pilots")["id"]
    tenant.control.policy(
        keyRestrictions={"isEnforced": True, "enforcementType": "block", "aaGuids": [OTHER]},
        includeTargets=[target("all_users"), target(pilots, DEFAULT_PROFILE)],
    )
    by_profile, by_restrictions = connector.rules().profiles
    assert (by_profile.name, by_profile.applies_to) == ("Default passkey profile", "Key pilots")
    assert by_profile.admission.blocked == frozenset()
    assert (by_restrictions.name, by_restrictions.applies_to) == ("Key restrictions", "everyone")
    assert by_restrictions.admission.blocked == {uuid.UUID(OTHER)}


@pytest.mark.parametrize("default", [DEFAULT_PROFILE, None])
def test_a_target_without_profiles_is_never_nobody(tenant, connector, default):
    tenant.control.policy(includeTargets=[target("all_users")], defaultPasskeyProfile=default)
    [one] = connector.rules().profiles
    assert (one.name, one.applies_to) == ("Key restrictions", "everyone")


def test_once_the_older_restrictions_are_gone_it_gets_the_default_profile(tenant, connector):
    tenant.control.vary(deprecated_restrictions="gone")
    tenant.control.policy(includeTargets=[target("all_users")])
    [one] = connector.rules().profiles
    assert (one.name, one.applies_to) == ("Default passkey profile", "everyone")


def test_a_profile_that_is_for_nobody_binds_nobody(tenant, connector):
    tenant.control.policy(
        passkeyProfiles=[profile(DEFAULT_PROFILE, name="Default"), profile()],
    )
    assert [one.name for one in connector.rules().profiles] == ["Default"]


def test_a_group_whose_name_cannot_be_read_is_shown_by_its_id(tenant, connector):
    tenant.control.revoke("Group.Read.All", "GroupMember.Read.All", "Directory.Read.All")
    group = tenant.control.group("Key pilots")["id"]
    tenant.control.policy(includeTargets=[target(group, DEFAULT_PROFILE)])
    [one] = connector.rules().profiles
    assert one.applies_to == group


def test_an_id_that_is_no_aaguid_is_handed_on(tenant, connector):
    tenant.control.restrict("allow", CRESCENDO, "YubiKey 5")
    [one] = connector.rules().profiles
    assert one.admission.only == {uuid.UUID(CRESCENDO)}
    assert one.admission.unmapped == ("YubiKey 5",)


def test_a_kind_of_restriction_that_is_not_known_is_not_guessed_at(tenant, connector):
    tenant.control.restrict("prefer", CRESCENDO)
    [one] = connector.rules().profiles
    assert (one.admission.only, one.admission.blocked) == (None, frozenset())
    assert one.admission.unmapped == (CRESCENDO, "enforcementType prefer")


def test_a_policy_that_is_off_is_told(tenant, connector):
    tenant.control.policy(state="disabled", isSelfServiceRegistrationAllowed=False)
    found = connector.rules()
    assert (found.enabled, found.self_service) == (False, False)


def test_without_the_permission_the_permission_is_named(tenant, connector):
    tenant.control.revoke(POLICY)
    with pytest.raises(Misconfigured) as error:
        connector.rules()
    assert error.value.code == "entra.permission"
    assert POLICY in error.value.reason


def test_what_can_be_changed_says_where(connector):
    where = connector.rules().where
    assert set(where) == {"enabled", "self_service", "profiles"}
    assert all("Entra admin center" in place for place in where.values())
