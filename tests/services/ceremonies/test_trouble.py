"""What a person is told when a directory begins nothing: what to do, and no words of operators."""

from __future__ import annotations

import pytest

from directories.base import CheckState, DirectoryError, Finding, Misconfigured, Refused, Transient
from services.ceremonies import DirectoryTrouble

ROOM = Finding("x.room", CheckState.FAILED, "They have 20 of 20.", "Allow more.", person="No room.")
OPERATORS = Finding("x.party", CheckState.FAILED, "The relying party ID changed.", "Put it back.")
FINE = Finding("x.on", CheckState.PASSED, "Passkeys are on.", person="never said")


def told(error: DirectoryError, *findings: Finding) -> str:
    return DirectoryTrouble("Ping", error, findings).for_the_person


def test_what_is_known_to_be_in_the_way_is_said_and_that_trying_again_does_not_help():
    sentence = told(Refused("No.", code="x.no", said="ERR 7"), FINE, ROOM, OPERATORS)
    assert sentence == (
        "Ping could not begin this now. Nothing was changed. No room. Trying again does not help "
        "before that is changed: tell your administrator."
    )


def test_what_passes_by_itself_is_tried_again():
    sentence = told(Transient("It answered 503.", code="http.503"), FINE)
    assert "Try again in a few minutes; if it stays like this, tell" in sentence
    assert "503" not in sentence


@pytest.mark.parametrize("error", [Misconfigured, Refused])
def test_what_only_operators_can_mend_is_left_to_them(error):
    sentence = told(error("The secret is wrong.", code="x.no"), OPERATORS)
    assert "Trying again does not help before it is put right: tell" in sentence
    assert "secret" not in sentence and "relying party" not in sentence
