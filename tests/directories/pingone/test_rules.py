"""The emulated environment's own rules, and its MFA policies to choose from."""

from __future__ import annotations

import uuid

import pytest

from directories.base import Misconfigured, Refused
from directories.rules import Attestation, Demand
from emulators.pingone.seed_policies import MODELS
from tests.directories.pingone.conftest import connect

KNOWN = uuid.UUID(MODELS[0][0])


def test_mfa_policies_come_with_the_fido_policy_behind_each(ping, connector):
    default, portal = connector.mfa_policies()
    assert (default.default, default.fido_policy.relying_party_id) == (True, "pingone.com")
    assert (portal.id, portal.name) == (ping.mfa_policy_id, ping.mfa_policy_name)
    assert portal.pairs
    assert portal.fido_policy.relying_party_id == "localhost"
    assert portal.fido_policy.discoverable == "REQUIRED"


def test_mfa_policies_are_offered_without_fido_policies_that_cannot_be_read(ping, connector):
    ping.control.fail(status=403, body='{"code": "ACCESS_FAILED"}', path="/fido2Policies")
    assert [one.fido_policy for one in connector.mfa_policies()] == [None, None]


def test_rules_are_those_of_the_policy_that_pairs_keys(connector):
    found = connector.rules()
    assert found.source == "MFA policy Keys of the portal, FIDO policy Passkeys of the portal"
    assert (found.enabled, found.self_service, found.rp_id) == (True, True, "localhost")
    assert (found.discoverable, found.user_verification) == (Demand.REQUIRED, Demand.REQUIRED)
    assert found.profiles[0].attestation is Attestation.ASKED
    assert found.profiles[0].admission.only is None


@pytest.mark.parametrize("field", ["mdsIdentifier", "id"])
def test_named_authenticators_lead_to_models(ping, connector, field):
    ping.control.vary(mds_identifier_field=field)
    (entry,) = (
        one
        for one in connector._api.authenticators()
        if one.get("aaguid", "").replace("-", "") == KNOWN.hex
    )
    allowed = [{"id": entry[field]}, {"id": "unheard-of"}]
    needs = {"option": "SPECIFIC", "enforceDuringAuthentication": True}
    ping.control.fido_policy(
        mdsAuthenticatorsRequirements=needs | {"allowedAuthenticators": allowed}
    )
    (profile,) = connector.rules().profiles
    assert profile.admission.only == {KNOWN}
    assert profile.admission.unmapped == ("unheard-of",)
    assert profile.attestation is Attestation.ENFORCED


def test_a_table_that_cannot_be_read_maps_nothing(ping, connector):
    needs = {"option": "GLOBAL", "enforceDuringAuthentication": True}
    ping.control.fido_policy(mdsAuthenticatorsRequirements=needs)
    assert KNOWN in connector.rules().profiles[0].admission.only
    ping.control.fail(status=403, body='{"code": "ACCESS_FAILED"}', path="/fidoDevicesMetadata")
    (profile,) = connector.rules().profiles
    assert not profile.admission.admits(KNOWN)
    assert profile.admission.unmapped


def test_pairing_that_is_off_is_told_with_the_rules(ping, connector):
    ping.control.mfa_policy(pairingDisabled=True)
    assert connector.rules().self_service is False


@pytest.mark.parametrize("policy", ["", "5f0c1a52-7d7b-4c0e-9d4e-3a1b2c3d4e5f"])
def test_without_an_mfa_policy_there_are_no_rules(ping, policy):
    with pytest.raises(Refused) as caught:
        connect(ping, mfa_policy_id=policy).rules()
    assert caught.value.code == "pingone.no_mfa_policy"


def test_without_a_readable_fido_policy_there_are_no_rules(ping, connector):
    ping.control.fail(status=403, body='{"code": "ACCESS_FAILED"}', path="/fido2Policies")
    with pytest.raises(Misconfigured) as caught:
        connector.rules()
    assert caught.value.code == "pingone.no_fido_policy"
