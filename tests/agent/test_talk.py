from __future__ import annotations

import io
import json

import pytest

from latchkey_agent.stop import Exit, Stop
from latchkey_agent.talk import Talk


@pytest.fixture
def typed(monkeypatch):
    """What is typed at the terminal."""

    def at(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return at


def test_what_is_said_is_not_the_outcome(capsys):
    talk = Talk(as_json=True)
    talk.say("Touch the key now.")
    talk.facts([("person", "Grace Hopper"), ("directory", "")])
    talk.result("Done.", {"exit": 0, "name": "Grâce"})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"exit": 0, "name": "Grâce"}
    assert err == "Touch the key now.\n  person  Grace Hopper\n"


def test_without_json_the_outcome_is_a_sentence(capsys):
    Talk().result("Done.", {"exit": 0})
    assert capsys.readouterr().out == "Done.\n"


def test_one_of_several_is_asked_for_until_it_is_one(typed, capsys):
    typed("\nnine\n0\n3\n2\n")
    assert Talk().choose("Which key?", ["One", "Two"]) == 1
    assert capsys.readouterr().err.count("Which key?") == 5


def test_nobody_is_asked_where_nobody_shall_be(typed):
    typed("")
    talk = Talk(unasked=True)
    talk.go_on("Press Enter.")
    assert talk.choose("Which key?", ["One", "Two"]) is None
    assert not talk.may_try_again("It was late.")


def test_enter_goes_on(typed):
    typed("\n\n")
    talk = Talk()
    talk.go_on("Press Enter.")
    assert talk.may_try_again("It was late.")


@pytest.mark.parametrize(
    "ask",
    [
        lambda talk: talk.go_on("Press Enter."),
        lambda talk: talk.may_try_again("It was late."),
        lambda talk: talk.choose("Which key?", ["One", "Two"]),
    ],
    ids=["go on", "try again", "choose"],
)
def test_a_closed_terminal_is_told(typed, ask):
    typed("")
    with pytest.raises(Stop) as stop:
        ask(Talk())
    assert (stop.value.exit, stop.value.code) == (Exit.USAGE, "nobody_there")


def test_a_pin_is_typed_without_being_shown(monkeypatch, capsys):
    monkeypatch.setattr("getpass.getpass", lambda question: f"{question}493825")
    assert Talk().secret("PIN:") == "PIN: 493825"
    assert capsys.readouterr() == ("", "")


def test_a_pin_that_nobody_can_type_is_told(monkeypatch):
    def closed(_question):
        raise EOFError

    monkeypatch.setattr("getpass.getpass", closed)
    with pytest.raises(Stop) as stop:
        Talk().secret("PIN:")
    assert stop.value.code == "nobody_there"
