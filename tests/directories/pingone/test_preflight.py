"""What a registration for a user would meet, looked at before it is begun; and other devices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from directories.base import Intended, Refused
from tests.directories.pingone.conftest import connect

ANY = Intended()


@pytest.fixture
def somebody(connector):
    everybody = connector.people("", None).items
    return next(one for one in everybody if one.enabled and not one.note)


def found(connector, identity):
    return {one.code: one for one in connector.preflight(identity, ANY)}


def states(connector, identity):
    return {code: one.state.value for code, one in found(connector, identity).items()}


def test_in_a_fresh_environment_nothing_is_in_the_way(connector, somebody, sent):
    assert states(connector, somebody) == {
        "pingone.pairs": "passed",
        "pingone.relying_party_kept": "passed",
        "pingone.room": "passed",
    }
    assert not sent.of("POST", "/devices")


@pytest.mark.parametrize("change", [{"enabled": False}, {"pairingDisabled": True}])
def test_a_policy_that_pairs_nothing_is_found(ping, connector, somebody, change):
    ping.control.mfa_policy(**change)
    one = found(connector, somebody)["pingone.pairs"]
    assert one.state.value == "failed"
    assert one.remedy


def test_a_policy_that_is_gone_is_found(ping, somebody):
    other = connect(ping, mfa_policy_id="00000000-0000-0000-0000-000000000009")
    assert states(other, somebody)["pingone.pairs"] == "failed"


def test_a_relying_party_id_that_changed_is_found(ping, somebody):
    pinned = connect(ping, relying_party_id="localhost")
    assert states(pinned, somebody)["pingone.relying_party_kept"] == "passed"
    ping.control.fido_policy(relyingPartyId="shopco.com")
    one = found(pinned, somebody)["pingone.relying_party_kept"]
    assert one.state.value == "failed"
    assert "shopco.com" in one.sentence


def test_policies_that_may_not_be_read_are_unknown(ping, connector, somebody):
    ping.control.fail(status=403, body='{"code": "ACCESS_FAILED"}', path="Policies", times=100)
    assert states(connector, somebody) == {"pingone.pairs": "unknown", "pingone.room": "passed"}


def test_only_finished_devices_take_room(ping, connector, somebody):
    ping.control.mfa_settings(devices=len(connector.list_passkeys(somebody)) + 1)
    held = len(ping.control.devices(somebody.remote_id))
    ping.control.mfa_settings(devices=held + 1)
    connector.creation_options(somebody)
    assert states(connector, somebody)["pingone.room"] == "passed"
    ping.control.add_device(somebody.remote_id, "SMS")
    one = found(connector, somebody)["pingone.room"]
    assert one.state.value == "failed"
    assert f"{held + 1} are allowed" in one.sentence


def test_how_much_room_there_is_may_be_unknown(ping, connector, somebody):
    ping.control.fail(status=403, body='{"code": "ACCESS_FAILED"}', path="mfaSettings", times=9)
    assert states(connector, somebody)["pingone.room"] == "unknown"


def test_a_disabled_user_is_found(connector, somebody):
    one = found(connector, replace(somebody, enabled=False))["pingone.account"]
    assert one.state.value == "failed"


def test_other_devices_are_listed_beside_the_passkeys(ping, connector, somebody):
    before = {one.remote_id for one in connector.methods(somebody)}
    ping.control.add_device(somebody.remote_id, "SMS")
    ping.control.add_device(somebody.remote_id, "TOTP")
    connector.creation_options(somebody)
    added = [one for one in connector.methods(somebody) if one.remote_id not in before]
    assert sorted(one.kind for one in added) == [
        "Authenticator app (TOTP)",
        "Passcode by text message",
        "Passkey that was begun and never finished",
    ]
    begun = next(one for one in added if one.kind.startswith("Passkey"))
    assert begun.state == "activation required"
    assert not {one.remote_id for one in connector.list_passkeys(somebody)} & {
        one.remote_id for one in added
    }


def test_nobody_is_signed_out_and_nobody_gets_a_pass(connector, somebody):
    with pytest.raises(Refused):
        connector.revoke_sessions(somebody)
    with pytest.raises(Refused):
        connector.temporary_pass(somebody, minutes=60)
    assert not connector.capabilities.revokes_sessions
    assert not connector.capabilities.makes_passes
