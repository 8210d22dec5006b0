"""Rules there, side by side with the policy here."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from directories.rules import Admission, Attestation, Demand, DirectoryRules, Profile
from services.attestation.hid import HID_CRESCENDO
from services.attestation.metadata import MetadataSource
from services.comparison import Agreement, Standing, compare
from services.policies import POLICIES, Kind

HID = POLICIES[Kind.HID_CRESCENDO]
ANY = POLICIES[Kind.ANY]
OURS = frozenset(HID_CRESCENDO)
YUBIKEY = uuid.UUID("cb69481e-8ff7-4039-93ec-0a2729a154a8")
STRANGER = uuid.UUID("12345678-1234-1234-1234-123456789abc")
ORIGINS = ("https://keys.example.com",)

PROFILE = Profile(
    name="Default",
    applies_to="everyone",
    admission=Admission(only=OURS),
    device_bound=True,
    synced=False,
    attestation=Attestation.ENFORCED,
)
RULES = DirectoryRules(
    source="The passkey policy",
    enabled=True,
    profiles=(PROFILE,),
    self_service=True,
    rp_id="example.com",
    discoverable=Demand.REQUIRED,
    user_verification=Demand.REQUIRED,
    where={"profiles": "the policy’s list", "self_service": "the policy’s switches"},
)


@pytest.fixture(scope="module")
def metadata():
    return MetadataSource.load(None)


@pytest.fixture
def against(metadata):
    """Compare these rules with a policy."""
    return lambda rules, policy=HID: compare(rules, policy, metadata, origins=ORIGINS)


def with_profiles(*profiles):
    return replace(RULES, profiles=profiles)


def profile(**changes):
    return replace(PROFILE, **changes)


def line(comparison, code):
    return next(one for one in comparison.lines if one.code == code)


def standing(comparison, aaguid):
    return next(one for one in comparison.ours if one.aaguid == aaguid)


def test_rules_that_are_the_same_agree(against):
    comparison = against(RULES)
    assert comparison.agrees
    assert comparison.refused == 0
    assert {one.agreement for one in comparison.lines} == {Agreement.AGREES}


def test_a_model_of_ours_that_is_not_listed_there_is_refused_there(against):
    missing = min(OURS)
    comparison = against(with_profiles(profile(admission=Admission(only=OURS - {missing}))))
    assert comparison.refused == 1
    first = comparison.ours[0]
    assert (first.aaguid, first.standing) == (missing, Standing.REFUSED)
    assert first.why == "It is not on the list there."
    assert not comparison.agrees


def test_a_model_that_is_blocked_there_is_refused_there(against):
    blocked = min(OURS)
    admission = Admission(only=None, blocked=frozenset({blocked}))
    comparison = against(with_profiles(profile(admission=admission)))
    assert standing(comparison, blocked).why == "It is blocked there."
    assert comparison.any_there
    assert not comparison.agrees


def test_a_model_that_only_the_directory_admits_is_named(against):
    comparison = against(with_profiles(profile(admission=Admission(only=OURS | {YUBIKEY}))))
    assert [one.aaguid for one in comparison.only_there] == [YUBIKEY]
    assert comparison.only_there[0].model.name
    assert not comparison.agrees


def test_an_id_that_names_no_model_cannot_be_compared(against):
    missing = min(OURS)
    admission = Admission(only=OURS - {missing}, unmapped=("mds-4711",))
    comparison = against(with_profiles(profile(admission=admission)))
    assert comparison.unmapped == ("mds-4711",)
    assert standing(comparison, missing).standing is Standing.UNKNOWN
    assert comparison.refused == 0


def test_profiles_add_up_and_a_match_in_any_admits(against):
    few, rest = min(OURS), OURS - {min(OURS)}
    comparison = against(
        with_profiles(
            profile(name="Default", admission=Admission(only=rest)),
            profile(name="Pilot", admission=Admission(only=OURS)),
        )
    )
    assert comparison.refused == 0
    partly = standing(comparison, few)
    assert partly.standing is Standing.ADMITTED
    assert partly.profiles == ("Pilot",)
    assert "Pilot" in partly.why
    assert not comparison.agrees


def test_a_profile_for_synced_passkeys_alone_admits_no_security_key(against):
    comparison = against(with_profiles(profile(device_bound=False, synced=True)))
    assert comparison.refused == len(OURS)
    assert not comparison.any_there


def test_nobody_is_meant_where_there_is_no_profile(against):
    comparison = against(with_profiles())
    assert comparison.refused == len(OURS)


def test_an_unpublished_model_is_refused_where_attestation_is_enforced(against):
    policy = replace(HID, allowed_models=frozenset({STRANGER}))
    rules = with_profiles(profile(admission=Admission()))
    assert "FIDO publishes nothing" in against(rules, policy).ours[0].why
    lax = with_profiles(profile(admission=Admission(), attestation=Attestation.ASKED))
    assert against(lax, policy).ours[0].standing is Standing.ADMITTED


def test_a_policy_for_any_model_is_compared_by_what_is_blocked_there(against):
    admission = Admission(blocked=frozenset({YUBIKEY}))
    comparison = against(with_profiles(profile(admission=admission)), ANY)
    assert comparison.any_here and comparison.any_there
    assert [one.aaguid for one in comparison.ours] == [YUBIKEY]
    assert comparison.only_there == ()


@pytest.mark.parametrize(
    ("change", "code", "there"),
    [
        ({"enabled": False}, "enabled", "no"),
        ({"self_service": False}, "self_service", "no"),
        ({"rp_id": "pingone.eu"}, "rp_id", "pingone.eu"),
        ({"rp_id": "ample.com"}, "rp_id", "ample.com"),
        ({"discoverable": Demand.DISCOURAGED}, "discoverable", "discouraged"),
        ({"user_verification": Demand.PREFERRED}, "user_verification", "preferred"),
    ],
)
def test_a_rule_that_differs_says_what_to_change_and_where(against, change, code, there):
    found = line(against(replace(RULES, **change)), code)
    assert (found.agreement, found.there) == (Agreement.DIFFERS, there)
    assert found.means
    assert "the policy’s" in found.change


@pytest.mark.parametrize(
    "code", ["enabled", "self_service", "rp_id", "discoverable", "user_verification"]
)
def test_what_is_not_told_cannot_be_compared(against, code):
    assert line(against(replace(RULES, **{code: None})), code).agreement is Agreement.UNKNOWN


def test_self_service_is_left_out_where_the_directory_has_no_such_thing(against):
    rules = replace(RULES, self_service=None, where={})
    assert "self_service" not in {one.code for one in against(rules).lines}


def test_a_preferred_passkey_on_the_key_is_enough(against):
    rules = replace(RULES, discoverable=Demand.PREFERRED)
    assert line(against(rules), "discoverable").agreement is Agreement.AGREES


@pytest.mark.parametrize(
    ("policy", "attestations", "agreement"),
    [
        (HID, [Attestation.ENFORCED], Agreement.AGREES),
        (HID, [Attestation.ASKED], Agreement.DIFFERS),
        (HID, [Attestation.NONE], Agreement.DIFFERS),
        (HID, [Attestation.ENFORCED, Attestation.NONE], Agreement.DIFFERS),
        (HID, [Attestation.ENFORCED, None], Agreement.UNKNOWN),
        (HID, [], Agreement.UNKNOWN),
        (ANY, [Attestation.NONE], Agreement.AGREES),
        (ANY, [Attestation.ASKED], Agreement.AGREES),
        (ANY, [Attestation.NONE, Attestation.ENFORCED], Agreement.DIFFERS),
    ],
)
def test_the_weakest_and_the_strongest_attestation_count(against, policy, attestations, agreement):
    profiles = [profile(attestation=one) for one in attestations]
    found = line(against(with_profiles(*profiles), policy), "attestation")
    assert found.agreement is agreement
    assert bool(found.means) is (agreement is Agreement.DIFFERS)


@pytest.mark.parametrize(
    ("policy", "synced", "agreement"),
    [
        (HID, [False], Agreement.AGREES),
        (HID, [False, True], Agreement.DIFFERS),
        (HID, [None], Agreement.UNKNOWN),
        (ANY, [True], Agreement.AGREES),
        (ANY, [True, False], Agreement.DIFFERS),
    ],
)
def test_copied_passkeys_are_compared_over_all_profiles(against, policy, synced, agreement):
    profiles = [profile(synced=one) for one in synced]
    assert line(against(with_profiles(*profiles), policy), "synced").agreement is agreement
