"""What the person at the desk reads and is asked.

Everything said goes to standard error, so that standard output is the outcome alone: a sentence,
or with `--json` one object. A PIN is typed without being shown.
"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from latchkey_agent.stop import Exit, Stop


class Talk:
    """A terminal.

    Args:
        as_json: print the outcome as one JSON object.
        unasked: answer "go on" wherever only Enter would be waited for.
    """

    def __init__(self, *, as_json: bool = False, unasked: bool = False) -> None:
        self.as_json = as_json
        self.unasked = unasked

    def say(self, text: str) -> None:
        """Tell something."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Tell names and values, one under another; rows without a value are left out."""
        known = [(name, value) for name, value in rows if value]
        width = max((len(name) for name, _ in known), default=0)
        for name, value in known:
            self.say(f"  {name.ljust(width)}  {value}")

    def go_on(self, question: str) -> None:
        """Wait for Enter; Ctrl-C cancels.

        Raises:
            Stop: `nobody_there`, when nobody can press it.
        """
        if self.unasked:
            return
        self._ask(f"{question} ")

    def may_try_again(self, sentence: str) -> bool:
        """Tell what went wrong and wait for Enter; False where nobody is asked."""
        self.say(sentence)
        if self.unasked:
            return False
        self._ask("Press Enter to try again, or Ctrl-C to stop. ")
        return True

    def choose(self, question: str, options: Sequence[str]) -> int | None:
        """Which of several; None where nobody is asked."""
        if self.unasked:
            return None
        for number, option in enumerate(options, 1):
            self.say(f"  {number}  {option}")
        while True:
            answer = self._ask(f"{question} [1-{len(options)}] ")
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return int(answer) - 1

    def secret(self, question: str) -> str:
        """A PIN, not shown while it is typed.

        Raises:
            Stop: `nobody_there`.
        """
        try:
            return getpass.getpass(f"{question} ")
        except EOFError:
            raise _nobody() from None

    def result(self, sentence: str, values: Mapping[str, Any]) -> None:
        """The outcome: the only thing on standard output."""
        text = json.dumps(values, indent=2, ensure_ascii=False) if self.as_json else sentence
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def _ask(self, question: str) -> str:
        sys.stderr.write(question)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise _nobody()
        return line.strip()


def _nobody() -> Stop:
    return Stop(
        Exit.USAGE,
        "nobody_there",
        "Nobody is there to answer. Run this in a terminal, or see --yes and --key.",
    )
