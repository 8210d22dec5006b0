"""HID's prescription for PingOne's policies, line by line."""

from __future__ import annotations

import uuid

import pytest

from directories import registry
from directories.base import CheckState
from directories.pingone.checks import NEEDED
from tests.directories.pingone.conftest import ALL, OURS, check, connect, not_met, report, states


@pytest.mark.parametrize("fido2", [{"enabled": False}, {"pairingDisabled": True}])
def test_an_mfa_policy_that_pairs_nothing_blocks(ping, connector, fido2):
    ping.control.mfa_policy(**fido2)
    found = report(connector)
    assert "pingone.mfa_policy" in not_met(found)
    assert (found.verified, found.signs_in) == (False, False)


def test_an_mfa_policy_that_is_gone_blocks(ping):
    found = report(connect(ping, mfa_policy_id=str(uuid.uuid4()), mfa_policy_name="Old"))
    assert check(found, "pingone.mfa_policy").evidence == (
        "The MFA policy Old is not there any more."
    )
    assert not found.verified


def test_before_a_policy_is_chosen_the_connection_connects_and_is_not_verified(ping):
    found = report(connect(ping, mfa_policy_id=""))
    assert states(found)["pingone.mfa_policy"] == "unknown"
    assert "pingone.sign_on_step" not in states(found)
    assert not found.verified
    assert registry.connects("pingone", found)


def test_what_is_chosen_later_does_not_stop_connecting(ping, connector):
    ping.control.mfa_policy(enabled=False)
    assert registry.connects("pingone", report(connector))
    assert not registry.connects("pingone", report(connect(ping, secret="wrong")))


@pytest.mark.parametrize("null", ["absent", "null"])
def test_an_mfa_policy_without_a_fido_policy_uses_the_default_one(ping, connector, null):
    ping.control.vary(null_policy_id=null)
    ping.control.mfa_policy(fido2PolicyId=None)
    found = report(connector)
    assert "(the environment's default)" in check(found, "pingone.fido_policy").evidence
    assert (found.verified, found.signs_in) == (True, False)


def test_pingones_own_relying_party_id_keeps_browsers_here_out(ping, connector):
    ping.control.fido_policy(relyingPartyId="pingone.com")
    found = report(connector)
    line = check(found, "pingone.enrols_here")
    assert line.state is CheckState.FAILED
    assert "This is the value that HID prescribes." in line.evidence
    assert "custom domain" in line.remedy
    assert (found.verified, found.signs_in) == (True, False)
    assert "sign in on PingOne's page at auth.pingone.com" in found.sentence


def test_a_domain_that_covers_us_and_the_custom_domain_does_both(ping, connector):
    ping.control.fido_policy(relyingPartyId="example.com")
    found = report(connector, origins=("https://keys.example.com",))
    assert found.signs_in is True
    assert "sign in on PingOne's page at login.example.com" in found.sentence


def test_a_pinned_relying_party_id_that_changed_there_blocks(ping):
    found = report(connect(ping, relying_party_id="example.com"))
    line = check(found, "pingone.relying_party")
    assert line.state is CheckState.FAILED
    assert "useless under the other" in line.remedy
    assert not found.verified
    assert states(report(connect(ping, relying_party_id="localhost"))) == {
        **ALL,
        "pingone.relying_party": "passed",
    }


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"discoverableCredentials": "DISCOURAGED"}, "pingone.discoverable"),
        ({"authenticatorAttachment": "PLATFORM"}, "pingone.attachment"),
    ],
)
def test_a_fido_policy_value_that_does_not_fit_only_warns(ping, connector, values, code):
    ping.control.fido_policy(**values)
    found = report(connector)
    assert not_met(found) == {code}
    assert found.verified


def test_keys_that_nobody_asks_for_are_said(ping, connector):
    ping.control.sign_on(mfa_policy_id=str(uuid.uuid4()))
    found = report(connector)
    assert not_met(found) == {"pingone.sign_on_step", "pingone.sign_on_assigned"}
    assert found.verified


def test_an_application_without_the_policy_is_said(ping, connector):
    ping.control.sign_on(assigned=False)
    line = check(report(connector), "pingone.sign_on_assigned")
    assert line.state is CheckState.FAILED
    assert "default policy" in line.evidence


@pytest.mark.parametrize("named", ["Intranet", ""])
def test_the_application_is_found_by_its_name_or_left_out(ping, named):
    line = check(report(connect(ping, sign_on_application=named)), "pingone.sign_on_assigned")
    assert line.state is (CheckState.PASSED if named else CheckState.UNKNOWN)


def test_an_application_that_is_not_there_is_unknown(ping):
    line = check(report(connect(ping, sign_on_application="X")), "pingone.sign_on_assigned")
    assert (line.state, line.evidence) == (CheckState.UNKNOWN, "There is no application X.")


@pytest.mark.parametrize("status", ["403", "404", "500"])
def test_a_new_environment_whose_mfa_is_not_ready_blocks_nothing(ping, connector, status):
    ping.control.vary(young_environment=status)
    ping.control.new_environment()
    found = report(connector)
    assert states(found)["pingone.mfa_policy"] == "unknown"
    assert found.verified


def test_every_blocking_check_is_one_that_a_delivery_needs(connector):
    assert NEEDED - {"pingone.relying_party"} <= ALL.keys()


@pytest.mark.parametrize(
    "path", ["/environments/[^/]+$", "/users", "/deviceAuth", "/fido2", "/app"]
)
def test_a_page_that_is_no_api_never_breaks_a_test(ping, connector, path):
    ping.control.html(times=3, status=200, path=path)
    found = report(connector, OURS)
    assert {one.state for one in found.checks} > {CheckState.PASSED}
