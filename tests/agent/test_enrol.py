"""`latchkey-agent enrol` on a key that is not there, with a portal that says yes."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from fido2.ctap2 import Ctap2
from fido2.webauthn import AttestationObject, CollectedClientData

from latchkey_agent import cli
from latchkey_agent.pins import MAX_BYTES
from latchkey_agent.stop import Exit, Stop
from tests.agent.conftest import PIN, plugged
from tests.agent.device import VirtualKey
from tests.agent.fake_portal import LINK, FakePortal
from tests.agent.terminal import Terminal
from tests.authenticator.key import decoded, encoded

BEFORE = ["look"]
TO_THE_TOUCH = ["look", "exchange", "options"]


def code_of(talk: Terminal) -> str:
    return talk.results[-1]["error"]["code"]


def test_a_key_is_registered_and_its_answer_sent(enrol):
    key = VirtualKey(pin=PIN)
    code, talk, portal = enrol(key)
    assert code == Exit.DONE
    assert portal.questions() == [*TO_THE_TOUCH, "answer", "state"]
    (answer,) = portal.answers
    client = CollectedClientData(decoded(answer["response"]["clientDataJSON"]))
    attested = AttestationObject(decoded(answer["response"]["attestationObject"]))
    assert client.origin == "https://portal.example.com"
    assert attested.fmt == "packed"
    assert attested.auth_data.is_user_verified()
    assert answer["id"] == answer["rawId"] == encoded(key.kept[0].id)
    assert answer["response"]["transports"] == ["usb"]
    assert talk.results[-1]["settled"]


def test_who_and_what_for_is_shown_before_the_touch(enrol):
    key = VirtualKey(pin=PIN)
    _, talk, _ = enrol(key)
    (shown,) = talk.waited
    for fact in ("Grace Hopper", "portal.example.com", "A passkey for portal.example.com"):
        assert fact in shown
    assert "Touch the key now." not in shown
    assert "Touch the key now." in talk.text


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


def test_a_touch_that_comes_late_can_be_made_again(enrol):
    key = VirtualKey(pin=PIN, touches=["late"])
    code, talk, portal = enrol(key)
    assert code == Exit.DONE
    assert "not touched in time" in talk.text
    assert portal.questions().count("options") == 1


@pytest.mark.parametrize("touch", ["late", "denied"])
def test_a_touch_that_never_comes_cancels_at_the_portal(enrol, touch):
    key = VirtualKey(pin=PIN, touches=[touch] * 3)
    code, _, portal = enrol(key)
    assert code == Exit.TIMEOUT
    assert portal.questions() == [*TO_THE_TOUCH, "cancel"]
    assert portal.asked[-1][1] == {"ceremony": "00000000-0000-4000-8000-000000000001"}


def test_nobody_is_asked_again_by_a_script(enrol):
    key = VirtualKey(pin=PIN, touches=["late"])
    code, _, portal = enrol(key, tries_again=False)
    assert code == Exit.TIMEOUT
    assert portal.questions()[-1] == "cancel"


def test_a_key_that_is_taken_away_is_told(enrol):
    key = VirtualKey(pin=PIN, touches=["removed"])
    code, talk, portal = enrol(key)
    assert (code, code_of(talk)) == (Exit.REMOVED, "key_removed")
    assert portal.questions()[-1] == "cancel"


def test_a_key_that_is_taken_away_early_costs_no_link(enrol):
    key = VirtualKey(pin=PIN)
    find = plugged(key)

    def then_gone():
        found = find()
        key.gone = True
        return found

    talk, portal = Terminal(PIN), FakePortal()
    code = cli.main(["enrol", LINK], find=then_gone, talk=talk, connect=portal.connect)
    assert (code, code_of(talk)) == (Exit.REMOVED, "key_removed")
    assert portal.questions() == BEFORE


def test_interrupting_cancels_at_the_portal(enrol):
    key = VirtualKey(pin=PIN, touches=["interrupted"])
    code, talk, portal = enrol(key)
    assert (code, code_of(talk)) == (Exit.CANCELLED, "cancelled")
    assert portal.questions()[-1] == "cancel"


@pytest.mark.parametrize(
    ("key", "exit", "why"),
    [
        (VirtualKey(pin=PIN, keeps=False), Exit.UNSUITABLE, "key_keeps_none"),
        (VirtualKey(knows_pin=False), Exit.UNSUITABLE, "key_without_pin"),
        (VirtualKey(pin=PIN, remaining=0), Exit.UNSUITABLE, "key_full"),
        (VirtualKey(pin=PIN, remaining=None, manages=0), Exit.UNSUITABLE, "key_full"),
        (VirtualKey(speaks_ctap2=False), Exit.NO_KEY, "key_none"),
    ],
    ids=["keeps none", "no PIN", "full by getInfo", "full by its management", "U2F only"],
)
def test_a_key_that_will_not_do_costs_no_link(enrol, key, exit, why):
    code, talk, portal = enrol(key)
    assert (code, code_of(talk)) == (exit, why)
    assert portal.questions() == BEFORE


def test_a_key_that_turns_out_full_is_told(enrol):
    key, portal = VirtualKey(pin=PIN), FakePortal()
    post = portal.post

    def filled_meanwhile(what, **fields):
        if what == "options":
            key.remaining = 0
        return post(what, **fields)

    portal.post = filled_meanwhile
    code, talk, _ = enrol(key, portal=portal)
    assert (code, code_of(talk)) == (Exit.UNSUITABLE, "key_full")
    assert portal.questions()[-1] == "cancel"


def test_a_key_of_another_model_is_refused_before_the_touch(enrol):
    key = VirtualKey(pin=PIN)
    allowed = {str(UUID(int=7)): "Good Key"}
    code, talk, portal = enrol(key, portal=FakePortal(models=allowed))
    assert (code, code_of(talk)) == (Exit.NOT_ALLOWED, "model_not_allowed")
    assert "Good Key" in talk.results[-1]["error"]["message"]
    assert portal.questions() == BEFORE
    assert not key.commands(0x01)


def test_of_several_keys_the_one_of_an_allowed_model_is_taken(enrol):
    good, other = VirtualKey(pin=PIN), VirtualKey(pin="0000")
    good.maker.aaguid = UUID(int=7)
    code, _, _ = enrol(other, good, portal=FakePortal(models={str(UUID(int=7)): "Good Key"}))
    assert code == Exit.DONE
    assert (len(good.kept), len(other.kept)) == (1, 0)


def test_of_several_keys_the_person_chooses(enrol):
    first, second = VirtualKey(pin=PIN), VirtualKey(pin=PIN)
    assert enrol(first, second, choice=1)[0] == Exit.DONE
    assert (len(first.kept), len(second.kept)) == (0, 1)


def test_of_several_keys_a_script_names_one(enrol):
    first, second = VirtualKey(pin=PIN), VirtualKey(pin=PIN)
    assert enrol(first, second, options=("--key", "key 2"))[0] == Exit.DONE
    assert (len(first.kept), len(second.kept)) == (0, 1)


def test_several_keys_and_nobody_to_choose_is_an_answer_of_its_own(enrol):
    code, talk, portal = enrol(VirtualKey(pin=PIN), VirtualKey(pin=PIN))
    assert (code, code_of(talk)) == (Exit.SEVERAL, "key_several")
    assert portal.questions() == BEFORE


def test_no_key_costs_no_link(enrol):
    code, talk, portal = enrol()
    assert (code, code_of(talk)) == (Exit.NO_KEY, "key_none")
    assert portal.questions() == BEFORE


def test_a_key_with_an_entry_already_is_told(enrol):
    key = VirtualKey(pin=PIN)
    assert enrol(key)[0] == Exit.DONE
    excluded = [{"type": "public-key", "id": encoded(key.kept[0].id)}]
    portal = FakePortal(options={"excludeCredentials": excluded})
    code, talk, _ = enrol(key, portal=portal)
    assert (code, code_of(talk)) == (Exit.EXCLUDED, "key_excluded")
    assert portal.questions()[-1] == "cancel"


@pytest.mark.parametrize(
    ("rp_id", "origin"),
    [
        ("login.microsoft.com", "https://portal.example.com"),
        ("login.microsoft.com", "https://login.microsoftonline.com"),
        ("portal.example.com", "http://portal.example.com"),
        ("com", "https://portal.example.com"),
        ("example.com", "https://notexample.com"),
        ("", "https://portal.example.com"),
    ],
)
def test_an_origin_that_the_rp_id_does_not_cover_is_never_claimed(enrol, rp_id, origin):
    key = VirtualKey(pin=PIN)
    code, talk, portal = enrol(key, portal=FakePortal(rp_id=rp_id, origin=origin))
    assert (code, code_of(talk)) == (Exit.UNSAFE, "origin_wrong")
    assert not key.commands(0x01)
    assert portal.questions()[-1] == "cancel"


@pytest.mark.parametrize("options", [{"rp": None}, {"user": None}, {"timeout": "soon"}])
def test_options_that_cannot_be_read_are_refused(enrol, options):
    code, talk, _ = enrol(VirtualKey(pin=PIN), portal=FakePortal(options=options))
    assert (code, code_of(talk)) == (Exit.UNSAFE, "options_unreadable")


def test_what_entra_asks_of_a_key_reaches_it(enrol):
    asked = {
        "hmacCreateSecret": True,
        "enforceCredentialProtectionPolicy": True,
        "credentialProtectionPolicy": "userVerificationOptional",
    }
    key = VirtualKey(pin=PIN)
    portal = FakePortal(
        rp_id="login.microsoft.com",
        origin="https://login.microsoft.com",
        options={"extensions": asked, "timeout": 0},
    )
    assert enrol(key, portal=portal)[0] == Exit.DONE
    (made,) = key.commands(0x01)
    assert made[6] == {"credProtect": 1, "hmac-secret": True}
    assert portal.answers[0]["clientExtensionResults"] == {"hmacCreateSecret": True}


def test_a_key_without_hmac_secret_is_warned_of(enrol):
    key = VirtualKey(pin=PIN, extensions=())
    portal = FakePortal(options={"extensions": {"hmacCreateSecret": True}})
    code, talk, _ = enrol(key, portal=portal)
    assert code == Exit.DONE
    assert "knows no hmac-secret" in talk.text


def test_a_long_name_is_cut_for_the_key_alone(enrol):
    key = VirtualKey(pin=PIN)
    name = "ö" * 40 + "@example.com"
    user = {"id": encoded(b"grace"), "name": name, "displayName": name}
    assert enrol(key, portal=FakePortal(options={"user": user}))[0] == Exit.DONE
    assert key.kept[0].user["name"] == "ö" * 32


def test_every_step_of_a_link_is_run_with_one_pin(enrol):
    key = VirtualKey(pin=PIN)
    code, talk, portal = enrol(key, portal=FakePortal(steps=2))
    assert code == Exit.DONE
    assert portal.questions() == [*TO_THE_TOUCH, "answer", "options", "answer", "state"]
    assert len(talk.results[-1]["passkeys"]) == 2
    assert talk.pins == []


def test_a_refused_answer_is_told_in_the_portals_words(enrol):
    portal = FakePortal(refuses={"answer": "attestation_untrusted.path"})
    code, talk, _ = enrol(VirtualKey(pin=PIN), portal=portal)
    assert (code, code_of(talk)) == (Exit.REFUSED, "attestation_untrusted.path")
    assert portal.questions()[-1] == "cancel"


@pytest.mark.parametrize("question", ["look", "exchange", "options"])
def test_a_refused_link_is_told_in_the_portals_words(enrol, question):
    portal = FakePortal(refuses={question: "agent_token_used"})
    code, talk, _ = enrol(VirtualKey(pin=PIN), portal=portal)
    assert (code, code_of(talk)) == (Exit.REFUSED, "agent_token_used")


def test_the_places_are_waited_for(enrol, monkeypatch):
    monkeypatch.setattr("latchkey_agent.enrol.SETTLE_SECONDS", 0)
    moving = [{"name": "Ory", "state": "on its way"}]
    ready = [{"name": "Ory", "state": "ready"}]
    code, talk, portal = enrol(VirtualKey(pin=PIN), portal=FakePortal(places=[moving, ready]))
    assert code == Exit.DONE
    assert portal.questions().count("state") == 2
    assert talk.results[-1]["places"] == ready


@pytest.mark.parametrize("state", ["held", "on its way"])
def test_a_place_that_is_not_ready_has_an_exit_code_of_its_own(enrol, monkeypatch, state):
    monkeypatch.setattr("latchkey_agent.enrol.SETTLE_SECONDS", 0)
    portal = FakePortal(places=[[{"name": "Ory", "state": state}]])
    code, talk, _ = enrol(VirtualKey(pin=PIN), portal=portal)
    assert code == Exit.UNSETTLED
    assert not talk.results[-1]["settled"]


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


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), Stop(Exit.UNREACHABLE, "gone", "Gone.")])
def test_what_goes_wrong_after_the_passkey_is_registered_is_no_failure_of_it(enrol, trouble):
    portal = FakePortal()

    def failing(_what):
        raise trouble

    portal.get = failing
    code, talk, _ = enrol(VirtualKey(pin=PIN), portal=portal)
    assert code == Exit.UNSETTLED
    assert len(talk.results[-1]["passkeys"]) == 1
    assert "cancel" not in portal.questions()


def test_a_card_stays_on_its_reader():
    key, talk, portal = VirtualKey(pin=PIN), Terminal(PIN), FakePortal()
    find = plugged(key, transport="reader", notes=("No USB here.",))
    assert cli.main(["enrol", LINK], find=find, talk=talk, connect=portal.connect) == Exit.DONE
    assert "Leave the card on the reader" in talk.text
    assert "No USB here." in talk.text


def test_what_nobody_foresaw_is_still_an_answer():
    def broken():
        raise RuntimeError("secret")

    talk, portal = Terminal(PIN), FakePortal()
    code = cli.main(["enrol", LINK], find=broken, talk=talk, connect=portal.connect)
    assert (code, code_of(talk)) == (Exit.UNFORESEEN, "unforeseen")
    assert "secret" not in json.dumps(talk.results)
