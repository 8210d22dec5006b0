"""The one way the agent gives up: a code, a sentence, and the exit code that scripts go by.

Stop
 |- Refused    the portal said no; its code and sentence are passed on
 `- Again      nothing is lost: the same step can be tried once more
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes. They never change once released; docs/desk-agent.md lists them."""

    DONE = 0
    UNFORESEEN = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    NO_KEY = 5
    UNSUITABLE = 6
    NOT_ALLOWED = 7
    PIN = 8
    TIMEOUT = 9
    EXCLUDED = 10
    REMOVED = 11
    UNSETTLED = 12
    UNSAFE = 13
    SEVERAL = 14
    PIN_RULES = 15
    CANCELLED = 130


MEANINGS: dict[Exit, str] = {
    Exit.DONE: "done, and every directory has confirmed it",
    Exit.UNFORESEEN: "something that the agent does not foresee",
    Exit.USAGE: "the command was not understood, or the address is none of a portal's",
    Exit.REFUSED: "the portal refused: the link, the answer, or the person",
    Exit.UNREACHABLE: "the portal does not answer, or not securely",
    Exit.NO_KEY: "no security key was found",
    Exit.UNSUITABLE: "the key cannot hold such a passkey, or has no room left",
    Exit.NOT_ALLOWED: "the key is of a model that the organisation does not allow",
    Exit.PIN: "the PIN is wrong, blocked, or was not given",
    Exit.TIMEOUT: "the key was not touched in time",
    Exit.EXCLUDED: "the key has an entry for this account already",
    Exit.REMOVED: "the key was taken away, or stopped answering",
    Exit.UNSETTLED: "registered, but not every directory has confirmed it yet",
    Exit.UNSAFE: "the portal asked for what no portal may ask for",
    Exit.SEVERAL: "several keys are there and nobody said which",
    Exit.PIN_RULES: "registered, but the rules for the key's PIN that were asked for are not set",
    Exit.CANCELLED: "cancelled",
}


class Stop(Exception):
    """The agent gives up.

    Args:
        exit: what the process exits with.
        code: stable, for scripts.
        sentence: what the person reads; it says what to do.
    """

    def __init__(self, exit: Exit, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.exit = exit
        self.code = code
        self.sentence = sentence


class Refused(Stop):
    """The portal said no, in its own words."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(Exit.REFUSED, code, sentence)


class Again(Stop):
    """It did not work this time, and can be tried again with the same options."""
