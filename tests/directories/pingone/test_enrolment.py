"""Enrolling a key at the emulated PingOne: begun there, touched here, finished there."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from directories.base import (
    CeremonyAnswer,
    DirectoryError,
    Misconfigured,
    Refused,
    RemotePasskey,
    Transient,
)
from tests.authenticator.key import SoftwareKey
from tests.directories.conftest import passkey_of
from tests.directories.pingone.conftest import connect, user

ORIGIN = "http://localhost:5000"
SOMEBODY = "kiosk.one"


@pytest.fixture
def ada(connector):
    return user(connector, SOMEBODY)


@pytest.fixture
def record(key):
    return passkey_of(key, nickname="Blue key")


def touched(begun, *, origin: str = ORIGIN, key=None, **twists) -> CeremonyAnswer:
    """What the page hands over after a touch."""
    response = (key or SoftwareKey()).create(dict(begun.options), origin=origin, **twists)
    return CeremonyAnswer(json.loads(json.dumps(response)), origin, begun.remote)


def pending(ping, identity) -> list[str]:
    held = ping.control.devices(identity.remote_id)
    return [one["id"] for one in held if one["status"] == "ACTIVATION_REQUIRED"]


def test_one_touch_puts_a_key_into_pingone(ping, connector, ada, record):
    begun = connector.creation_options(ada)
    written = connector.put_passkey(ada, record, touched(begun))
    assert written.shortfall is None
    assert written.passkey.remote_id == begun.remote["device_id"]
    assert written.passkey.name == "Blue key"
    assert connector.list_passkeys(ada) == (written.passkey,)
    connector.remove_passkey(ada, written.passkey)
    assert connector.list_passkeys(ada) == ()


def test_what_was_begun_can_be_kept_and_says_until_when(connector, ada):
    begun = connector.creation_options(ada)
    assert json.loads(json.dumps(dict(begun.remote))) == begun.remote
    assert begun.rp_id == "localhost"
    assert begun.options["rp"]["name"]
    left = begun.not_after - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(minutes=10)


@pytest.mark.parametrize(
    ("rp_id", "custom_domain", "origin"),
    [
        ("pingone.com", "", "https://auth.pingone.com"),
        ("example.com", "", "https://example.com"),
        ("example.com", "login.example.com", "https://login.example.com"),
    ],
)
def test_a_client_that_is_no_browser_is_told_its_origin(ping, rp_id, custom_domain, origin):
    ping.control.fido_policy(relyingPartyId=rp_id)
    connector = connect(ping, custom_domain=custom_domain)
    assert connector.creation_options(user(connector, SOMEBODY)).origins == (origin,)


def test_a_page_under_a_domain_of_the_customers_enrols(ping, connector, ada, record):
    ping.control.fido_policy(relyingPartyId="example.com")
    begun = connector.creation_options(ada)
    answer = touched(begun, origin="https://keys.example.com")
    assert connector.put_passkey(ada, record, answer).passkey is not None


@pytest.mark.parametrize("named", ["absent", "present"])
@pytest.mark.parametrize("taken", ["standard", "either"])
def test_forms_that_are_not_certain_all_work(ping, connector, ada, record, named, taken):
    ping.control.vary(options_rp_name=named, attestation_base64=taken)
    answer = touched(connector.creation_options(ada))
    assert connector.put_passkey(ada, record, answer).passkey is not None


@pytest.mark.parametrize("override", ["accepted", "refused"])
@pytest.mark.parametrize("bare", ["accepted", "refused"])
def test_the_policys_own_relying_party_id_is_sent(ping, connector, ada, sent, override, bare):
    ping.control.vary(rp_override=override, bare_create=bare)
    connector.creation_options(ada)
    (asked,) = sent.of("POST", "/devices")
    assert json.loads(asked.body) == {
        "type": "FIDO2",
        "rp": {"id": "localhost", "name": "localhost"},
        "policy": {"id": ping.mfa_policy_id},
    }


def test_keys_that_a_person_has_are_not_made_again(ping, connector, ada, record):
    key = SoftwareKey()
    connector.put_passkey(ada, record, touched(connector.creation_options(ada), key=key))
    begun = connector.creation_options(ada)
    assert [one["type"] for one in begun.options["excludeCredentials"]] == ["public-key"]


# -- what keeps a registration from beginning ---------------------------------------------------


def test_a_policy_that_changed_its_relying_party_id_begins_nothing(ping, ada, sent):
    pinned = connect(ping, relying_party_id="example.com")
    with pytest.raises(Misconfigured) as caught:
        pinned.creation_options(ada)
    assert caught.value.code == "pingone.relying_party"
    assert not sent.of("POST", "/devices")


def test_policies_that_cannot_be_read_need_a_relying_party_id(ping, connector, ada):
    ping.control.roles("Identity Data Admin")
    with pytest.raises(Misconfigured):
        connector.creation_options(ada)
    begun = connect(ping, relying_party_id="localhost").creation_options(ada)
    assert begun.rp_id == "localhost"


@pytest.mark.parametrize("fido2", [{"enabled": False}, {"pairingDisabled": True}])
def test_a_policy_that_pairs_nothing_begins_nothing(ping, connector, ada, fido2):
    ping.control.mfa_policy(**fido2)
    with pytest.raises(Misconfigured) as caught:
        connector.creation_options(ada)
    assert caught.value.code == "pingone.pairing"


@pytest.mark.parametrize("code", ["INVALID_VALUE", "CONSTRAINT_VIOLATION"])
def test_pingones_own_refusal_of_pairing_is_passed_on(ping, ada, code):
    ping.control.vary(pairing_disabled_code=code)
    ping.control.mfa_policy(pairingDisabled=True)
    blind = connect(ping, relying_party_id="localhost")
    ping.control.roles("Identity Data Admin")
    with pytest.raises(Refused) as caught:
        blind.creation_options(ada)
    assert "Pairing is disabled" in caught.value.said


@pytest.mark.parametrize("policy", ["", "5f0c1a52-7d7b-4c0e-9d4e-3a1b2c3d4e5f"])
def test_without_an_mfa_policy_nothing_begins(ping, ada, policy):
    with pytest.raises(Misconfigured) as caught:
        connect(ping, mfa_policy_id=policy).creation_options(ada)
    assert caught.value.code == "pingone.no_mfa_policy"


@pytest.mark.parametrize("switch", ["mfa_disabled_pairing", "disabled_user_pairing"])
@pytest.mark.parametrize("how", ["accepted", "refused"])
def test_a_user_who_may_not_pair_is_refused_in_pingones_words(ping, connector, ada, switch, how):
    ping.control.change_user(SOMEBODY, enabled=False, mfaEnabled=False)
    others = {"mfa_disabled_pairing": "accepted", "disabled_user_pairing": "accepted"}
    ping.control.vary(**{**others, switch: how})
    if how == "accepted":
        assert connector.creation_options(ada).options
        return
    with pytest.raises(Refused) as caught:
        connector.creation_options(ada)
    assert caught.value.said


def test_a_person_with_every_device_allowed_is_told_so_and_not_asked_again(ping, connector, sent):
    full = user(connector, "grace.byron.001")
    with pytest.raises(Refused) as caught:
        connector.creation_options(full)
    assert caught.value.code == "pingone.too_many_devices"
    assert caught.value.said
    assert len(sent.of("POST", "/devices")) == 1


@pytest.mark.parametrize("counted", ["not counted", "counted"])
def test_begun_registrations_may_fill_the_limit(ping, connector, ada, counted):
    ping.control.vary(pending_devices=counted)
    for _ in range(5):
        connector.creation_options(ada)
    if counted == "not counted":
        assert connector.creation_options(ada).options
        return
    with pytest.raises(Refused) as caught:
        connector.creation_options(ada)
    assert caught.value.code == "pingone.too_many_devices"


@pytest.mark.parametrize("told", ["seconds", "date", "absent"])
@pytest.mark.parametrize("code", ["LIMIT_EXCEEDED", "QUOTA_EXCEEDED"])
def test_a_rate_limit_is_not_taken_for_too_many_devices(ping, connector, ada, told, code):
    ping.control.vary(retry_after=told, rate_limit_code=code)
    body = json.dumps(
        {"id": "r", "code": "REQUEST_LIMITED", "message": "Slow.", "details": [{"code": code}]}
    )
    headers = {"Retry-After": "7"} if told != "absent" else {}
    ping.control.fail(status=429, method="POST", path="/devices", body=body, headers=headers)
    with pytest.raises(Transient) as caught:
        connector.creation_options(ada)
    assert caught.value.code == "http.rate"


def test_options_that_cannot_be_carried_out_leave_nothing_behind(ping, connector, ada, sent):
    body = json.dumps({"id": str(uuid.uuid4()), "publicKeyCredentialCreationOptions": "{}"})
    ping.control.fail(status=201, method="POST", path="/devices", body=body)
    with pytest.raises(Misconfigured) as caught:
        connector.creation_options(ada)
    assert caught.value.code == "pingone.options"
    assert sent.of("DELETE", "/devices/")


# -- what keeps it from being finished ----------------------------------------------------------


def refused(connector, identity, record, answer) -> Refused:
    with pytest.raises(Refused) as caught:
        connector.put_passkey(identity, record, answer)
    return caught.value


def test_without_an_answer_a_touch_is_needed(connector, ada, record):
    assert refused(connector, ada, record, None).code == "pingone.no_ceremony"


def test_an_answer_begun_for_somebody_else_is_refused(ping, connector, ada, record, sent):
    begun = connector.creation_options(user(connector, "kiosk.two"))
    answer = touched(begun)
    assert refused(connector, ada, record, answer).code == "pingone.no_ceremony"
    odd = replace(answer, remote={"user_id": ada.remote_id, "device_id": 7})
    assert refused(connector, ada, record, odd).code == "pingone.no_ceremony"


@pytest.mark.parametrize("code", ["INVALID_VALUE", "CONSTRAINT_VIOLATION"])
@pytest.mark.parametrize(
    "twists",
    [
        {"challenge": b"another"},
        {"rp_id": "example.org"},
        {"user_verified": False},
        {"signature": b"wrong"},
        {"attestation": "none"},
    ],
)
def test_a_key_that_pingone_refuses_leaves_nothing_behind(
    ping, connector, ada, record, code, twists
):
    ping.control.vary(activation_code=code)
    if twists.get("attestation") == "none":
        ping.control.vary(direct_without_statement="refused")
    answer = touched(connector.creation_options(ada), **twists)
    found = refused(connector, ada, record, answer)
    assert found.code == "pingone.not_accepted"
    assert found.said
    assert found.request_id
    assert pending(ping, ada) == []


def test_another_origin_than_the_pages_is_refused(ping, connector, ada, record):
    answer = touched(connector.creation_options(ada))
    other = replace(answer, origin="http://localhost:5001")
    found = refused(connector, ada, record, other)
    assert "origin" in found.said.lower()
    assert pending(ping, ada) == []


def test_an_answer_that_comes_too_late_is_not_sent(ping, connector, ada, record, sent):
    answer = touched(connector.creation_options(ada))
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    late = replace(answer, remote={**answer.remote, "not_after": past})
    assert refused(connector, ada, record, late).code == "pingone.begin_again"
    assert pending(ping, ada) == []
    assert len(sent.of("POST", "/devices")) == 1


def test_an_answer_that_is_none_is_not_sent(ping, connector, ada, record):
    answer = touched(connector.creation_options(ada))
    assert refused(connector, ada, record, replace(answer, response={})).code == (
        "pingone.begin_again"
    )
    assert pending(ping, ada) == []


def test_a_registration_that_is_gone_needs_a_new_touch(ping, connector, ada, record):
    begun = connector.creation_options(ada)
    connector.remove_passkey(ada, RemotePasskey(begun.remote["device_id"], None))
    assert refused(connector, ada, record, touched(begun)).code == "pingone.begin_again"


def test_a_registration_that_is_discarded_leaves_no_device(ping, connector, ada):
    begun = connector.creation_options(ada)
    assert pending(ping, ada) == [begun.leaves]
    for _ in range(2):
        connector.discard(ada, begun.remote)
        assert pending(ping, ada) == []
    assert connector.list_passkeys(ada) == ()


def test_a_key_is_never_discarded_once_it_was_activated(connector, ada, record):
    begun = connector.creation_options(ada)
    written = connector.put_passkey(ada, record, touched(begun))
    connector.discard(ada, begun.remote)
    assert connector.list_passkeys(ada) == (written.passkey,)


def test_what_could_not_be_discarded_is_said(ping, connector, ada):
    begun = connector.creation_options(ada)
    ping.control.fail(times=3, status=503)
    with pytest.raises(Transient):
        connector.discard(ada, begun.remote)
    ping.control.clear_faults()
    assert pending(ping, ada) == [begun.remote["device_id"]]


def test_a_registration_without_a_device_leaves_nothing_to_discard(connector, ada, sent):
    before = len(sent.requests)
    connector.discard(ada, {})
    assert len(sent.requests) == before


def test_finishing_twice_finishes_once(ping, connector, ada, record, sent):
    answer = touched(connector.creation_options(ada))
    first = connector.put_passkey(ada, record, answer)
    assert connector.put_passkey(ada, record, answer) == first
    assert len(sent.of("POST", "/devices/")) == 1


def test_a_lost_answer_is_looked_after(ping, connector, ada, record):
    answer = touched(connector.creation_options(ada))
    ping.control.drop(method="POST", path="/devices/", after=True)
    assert connector.put_passkey(ada, record, answer).passkey is not None


def test_a_request_that_never_arrived_is_tried_again_later(ping, connector, ada, record):
    answer = touched(connector.creation_options(ada))
    ping.control.drop(method="POST", path="/devices/")
    with pytest.raises(Transient):
        connector.put_passkey(ada, record, answer)
    assert connector.put_passkey(ada, record, answer).passkey is not None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failure_that_passes_keeps_the_registration(ping, connector, ada, record, status):
    answer = touched(connector.creation_options(ada))
    ping.control.fail(status=status, method="POST", path="/devices/")
    with pytest.raises(Transient):
        connector.put_passkey(ada, record, answer)
    assert connector.put_passkey(ada, record, answer).passkey is not None


def test_a_name_that_is_refused_spoils_nothing(ping, connector, ada, record):
    answer = touched(connector.creation_options(ada))
    ping.control.fail(status=400, path="/nickname")
    assert connector.put_passkey(ada, record, answer).passkey is not None


def test_a_long_name_is_cut(ping, connector, ada, record):
    answer = touched(connector.creation_options(ada))
    long = replace(record, nickname="k" * 200)
    assert connector.put_passkey(ada, long, answer).passkey.name == "k" * 100


def test_a_key_that_is_not_active_afterwards_is_not_claimed(ping, connector, ada, record):
    answer = touched(connector.creation_options(ada))
    ping.control.fail(status=200, body="{}", method="POST", path="/devices/")
    written = connector.put_passkey(ada, record, answer)
    assert written.passkey is None
    assert written.shortfall.code == "pingone.not_active"


@pytest.mark.parametrize("life", ["unlimited", "as the timeout"])
def test_a_challenge_may_end_before_we_think_so(ping, connector, ada, record, life):
    ping.control.vary(challenge_life=life)
    answer = touched(connector.creation_options(ada))
    ping.control.forward(20 * 60)
    try:
        assert connector.put_passkey(ada, record, answer).passkey is not None
    except DirectoryError as error:
        assert life == "as the timeout"
        assert error.code == "pingone.not_accepted"
    assert pending(ping, ada) == []


@pytest.mark.parametrize("suffix", ["enforced", "not enforced"])
def test_our_origin_is_under_the_relying_party_id_anyway(ping, connector, ada, record, suffix):
    ping.control.vary(origin_suffix=suffix)
    answer = touched(connector.creation_options(ada))
    assert connector.put_passkey(ada, record, answer).passkey is not None
