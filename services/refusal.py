"""The one way a service says no to a person."""

from __future__ import annotations


class Refusal(Exception):
    """Something that a person asked for and does not get.

    Args:
        code: stable, for tests, support and docs; never changes once released.
        sentence: what a person reads. It says what was wrong and, where it can, what to do.
        status: the HTTP status a page should answer with.
    """

    def __init__(self, code: str, sentence: str, *, status: int = 422) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.status = status
