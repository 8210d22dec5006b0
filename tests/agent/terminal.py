"""A terminal whose person has made up their mind beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from latchkey_agent.talk import Talk


class Terminal(Talk):
    """Keeps what it is told, and answers by a list.

    Args:
        pins: what is typed at each question for a PIN.
        choice: which of several, from 0 on; None where nobody answers.
        tries_again: whether Enter is pressed where that tries again.
    """

    def __init__(
        self,
        *pins: str,
        choice: int | None = None,
        tries_again: bool = True,
        as_json: bool = True,
        unasked: bool = False,
    ) -> None:
        super().__init__(as_json=as_json, unasked=unasked)
        self.pins = list(pins)
        self.choice = choice
        self.tries_again = tries_again
        self.said: list[str] = []
        self.waited: list[str] = []
        self.results: list[Mapping[str, Any]] = []

    @property
    def text(self) -> str:
        """Everything said."""
        return "\n".join(self.said)

    def say(self, text: str) -> None:
        self.said.append(text)

    def go_on(self, question: str) -> None:
        self.waited.append("\n".join(self.said))

    def may_try_again(self, sentence: str) -> bool:
        self.say(sentence)
        return self.tries_again

    def choose(self, question: str, options: Sequence[str]) -> int | None:
        self.said.extend(options)
        return self.choice

    def secret(self, question: str) -> str:
        self.said.append(question)
        return self.pins.pop(0) if self.pins else ""

    def result(self, sentence: str, values: Mapping[str, Any]) -> None:
        self.results.append(values)
