"""What becomes of a key at the emulated PingOne once it is activated: asked for, named, renamed."""

from __future__ import annotations

import pytest

from directories.base import NotAccepted, NotFound, Refused, RemotePasskey, TouchAgain
from tests.authenticator.key import SoftwareKey
from tests.directories.conftest import passkey_of
from tests.directories.pingone.conftest import user
from tests.directories.pingone.test_enrolment import SOMEBODY, touched


@pytest.fixture
def ada(connector):
    return user(connector, SOMEBODY)


@pytest.fixture
def record(key):
    return passkey_of(key, nickname="Blue key")


def mfa(connector) -> bool | None:
    return user(connector, SOMEBODY).detail.get("mfa_enabled")


def test_a_user_who_was_not_asked_for_mfa_is_from_then_on(ping, connector, ada, record, sent):
    ping.control.change_user(SOMEBODY, mfaEnabled=False)
    written = connector.put_passkey(ada, record, touched(connector.creation_options(ada)))
    assert (written.shortfall, mfa(connector)) == (None, True)
    assert len(sent.of("PUT", "/mfaEnabled")) == 1


def test_a_user_who_is_asked_for_mfa_is_left_as_they_are(connector, ada, record, sent):
    connector.put_passkey(ada, record, touched(connector.creation_options(ada)))
    assert sent.of("PUT", "/mfaEnabled") == []


@pytest.mark.parametrize("how", [{"status": 403}, {"status": 400}, {"status": 200, "body": "{}"}])
def test_mfa_that_stays_off_is_told_beside_the_key(ping, connector, ada, record, how):
    ping.control.change_user(SOMEBODY, mfaEnabled=False)
    ping.control.fail(method="PUT", path="/mfaEnabled", **how)
    written = connector.put_passkey(ada, record, touched(connector.creation_options(ada)))
    assert written.passkey is not None
    assert written.shortfall.code == "pingone.mfa_off"


def test_a_key_is_given_another_name(connector, ada, record):
    key = connector.put_passkey(ada, record, touched(connector.creation_options(ada))).passkey
    assert connector.rename_passkey(ada, key, "Red " * 40).name == ("Red " * 40)[:99]


def test_a_name_that_it_did_not_take_is_not_claimed(ping, connector, ada, record):
    key = connector.put_passkey(ada, record, touched(connector.creation_options(ada))).passkey
    ping.control.fail(status=200, body="{}", method="PUT", path="/nickname")
    with pytest.raises(Refused) as caught:
        connector.rename_passkey(ada, key, "Red key")
    assert caught.value.code == "pingone.name_kept"


def test_a_key_that_is_gone_has_no_name(connector, ada):
    with pytest.raises(NotFound):
        connector.rename_passkey(
            ada, RemotePasskey("5f0c1a52-7d7b-4c0e-9d4e-3a1b2c3d4e5f", None), "Red key"
        )


def test_what_only_a_new_touch_mends_is_told_from_a_key_that_is_not_accepted(
    connector, ada, record
):
    with pytest.raises(TouchAgain):
        connector.put_passkey(ada, record, None)
    twisted = touched(connector.creation_options(ada), key=SoftwareKey(), signature=b"wrong")
    with pytest.raises(NotAccepted):
        connector.put_passkey(ada, record, twisted)


def test_nothing_is_ever_in_the_way(connector, ada, record):
    assert connector.in_the_way(ada, record) == ()
    connector.make_room(ada, record)
