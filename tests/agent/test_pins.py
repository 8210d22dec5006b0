"""PINs in `latchkey-agent enrol`: typed, set, wrong, blocked, and their rules."""

from __future__ import annotations

import json

import pytest
from fido2.ctap2 import Ctap2
from fido2.webauthn import AttestationObject

from latchkey_agent.pins import MAX_BYTES
from latchkey_agent.stop import Exit
from tests.agent.conftest import BEFORE, PIN, code_of
from tests.agent.device import VirtualKey
from tests.agent.fake_portal import FakePortal
from tests.agent.terminal import Terminal
from tests.authenticator.key import decoded


@pytest.mark.parametrize("protocols", [(1,), (2,), (2, 1)], ids=str)
def test_either_pin_protocol_will_do(enrol, protocols):
    versions = ("FIDO_2_0",) if protocols == (1,) else ("FIDO_2_0", "FIDO_2_1")
    key = VirtualKey(pin=PIN, protocols=protocols, versions=versions)
    assert enrol(key)[0] == Exit.DONE


def test_a_key_without_a_pin_gets_one_before_the_token_is_traded(enrol):
    key = VirtualKey()
    talk = Terminal("1234", "9999", PIN, PIN)
    code, _, portal = enrol(key, talk=talk)
    assert code == Exit.DONE
    assert key.pin == PIN
    assert "Those two were not the same." in talk.text
    assert portal.questions()[0] == "look"


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [("123", "too short"), ("é" * 32, "too long")],
    ids=["fewer characters than the key wants", f"more than {MAX_BYTES} bytes"],
)
def test_a_new_pin_keeps_to_the_rules_of_ctap(enrol, typed, complaint):
    key = VirtualKey()
    talk = Terminal(typed, PIN, PIN)
    assert enrol(key, talk=talk)[0] == Exit.DONE
    assert complaint in talk.text
    assert key.pin == PIN


def test_the_length_of_a_pin_is_counted_in_characters(enrol):
    key = VirtualKey(min_pin_length=6)
    talk = Terminal("ééé", "éééééé", "éééééé")
    assert enrol(key, talk=talk)[0] == Exit.DONE
    assert key.pin == "éééééé"


def test_a_pin_is_composed_as_ctap_wants_it(enrol):
    key = VirtualKey(pin="caf\u00e9s")
    assert enrol(key, talk=Terminal("cafe\u0301s"))[0] == Exit.DONE


def test_a_wrong_pin_can_be_typed_again(enrol):
    key = VirtualKey(pin=PIN)
    talk = Terminal("0000", PIN)
    assert enrol(key, talk=talk)[0] == Exit.DONE
    assert "7 tries are left" in talk.text


def test_three_wrong_pins_ask_for_the_key_to_be_taken_out(enrol):
    key = VirtualKey(pin=PIN)
    talk = Terminal("0000", "0001", "0002")
    code, _, portal = enrol(key, talk=talk)
    assert (code, code_of(talk)) == (Exit.PIN, "pin_paused")
    assert portal.questions() == BEFORE


def test_the_last_tries_are_warned_of(enrol):
    key = VirtualKey(pin=PIN)
    key.pin_tries = 3
    _, talk, _ = enrol(key)
    assert "only 3 tries" in talk.text


def test_the_last_wrong_pin_blocks_the_key(enrol):
    key = VirtualKey(pin=PIN)
    key.pin_tries = 1
    talk = Terminal("0000")
    code, _, portal = enrol(key, talk=talk)
    assert (code, code_of(talk)) == (Exit.PIN, "pin_blocked")
    assert portal.questions() == BEFORE


def test_a_blocked_key_is_not_asked_for_its_pin(enrol):
    key = VirtualKey(pin=PIN)
    key.pin_tries = 0
    code, talk, portal = enrol(key)
    assert (code, code_of(talk)) == (Exit.PIN, "pin_blocked")
    assert talk.pins == [PIN]
    assert portal.questions() == BEFORE


def test_a_blocked_key_that_was_reset_gets_a_pin_and_a_passkey(enrol):
    key = VirtualKey(pin=PIN)
    key.pin_tries = 0
    Ctap2(key).reset()
    assert enrol(key, talk=Terminal("778899", "778899"))[0] == Exit.DONE
    assert key.pin == "778899"


def test_no_pin_typed_does_nothing(enrol):
    code, talk, portal = enrol(VirtualKey(pin=PIN), talk=Terminal(""))
    assert (code, code_of(talk)) == (Exit.PIN, "pin_missing")
    assert portal.questions() == BEFORE


def test_a_key_that_demands_another_pin_gets_it_first(enrol):
    key = VirtualKey(pin=PIN, force_pin_change=True)
    talk = Terminal(PIN, "778899", "778899")
    assert enrol(key, talk=talk)[0] == Exit.DONE
    assert key.pin == "778899"
    assert not key.force_pin_change


def test_the_pin_goes_to_the_key_alone(enrol, caplog, capsys):
    caplog.set_level(1)
    key = VirtualKey(pin=PIN)
    _, talk, portal = enrol(key)
    everything = [json.dumps(portal.asked), talk.text, json.dumps(talk.results), caplog.text]
    everything += list(capsys.readouterr())
    assert not [text for text in everything if PIN in text]


def test_rules_for_the_pin_are_set_after_the_touch(enrol):
    key = VirtualKey(pin=PIN)
    code, _, _ = enrol(key, options=("--min-pin-length", "8", "--force-pin-change"))
    assert code == Exit.DONE
    assert key.min_pin_length == 8
    assert key.force_pin_change
    order = [command for command, _ in key.asked if command in (0x01, 0x0D)]
    assert order == [0x01, 0x0D]


def test_a_new_pin_has_the_length_that_is_to_be_demanded(enrol):
    key = VirtualKey()
    talk = Terminal(PIN, "88888888", "88888888")
    assert enrol(key, talk=talk, options=("--min-pin-length", "8"))[0] == Exit.DONE
    assert key.pin == "88888888"
    assert not key.force_pin_change


def test_a_key_that_takes_no_rules_for_its_pin_is_told(enrol):
    key = VirtualKey(pin=PIN, configures=False)
    code, talk, _ = enrol(key, options=("--force-pin-change",))
    assert code == Exit.DONE
    assert talk.results[-1]["pin_rules"] == "unable"


def test_a_key_that_refuses_rules_for_its_pin_has_an_exit_code_of_its_own(enrol):
    key = VirtualKey(pin=PIN)
    portal = FakePortal()
    post = portal.post

    def then_deaf(what, **fields):
        if what == "answer":
            key.gone = True
        return post(what, **fields)

    portal.post = then_deaf
    code, talk, _ = enrol(key, portal=portal, options=("--force-pin-change",))
    assert code == Exit.PIN_RULES
    assert talk.results[-1]["pin_rules"] == "failed"
    assert "cancel" not in portal.questions()


def test_a_fingerprint_stands_for_the_pin(enrol):
    key = VirtualKey(pin=PIN, reads_finger=True)
    code, talk, portal = enrol(key)
    assert code == Exit.DONE
    assert talk.pins == [PIN]
    assert "Put your finger on the key." in talk.text
    attested = AttestationObject(decoded(portal.answers[0]["response"]["attestationObject"]))
    assert attested.auth_data.is_user_verified()
