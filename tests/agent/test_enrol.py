"""`latchkey-agent enrol` on a key that is not there, with a portal that says yes."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from fido2.webauthn import AttestationObject, CollectedClientData

from latchkey_agent import cli
from latchkey_agent.stop import Exit, Stop
from tests.agent.conftest import BEFORE, PIN, TO_THE_TOUCH, code_of, plugged
from tests.agent.device import VirtualKey
from tests.agent.fake_portal import LINK, FakePortal
from tests.agent.terminal import Terminal
from tests.authenticator.key import decoded, encoded


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
