"""SCIM filters, as far as PingOne takes them (pingone.md 2 [D SCIM], [D GRP], [D QPR])."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulators.pingone.errors import PingError, invalid

Document = dict[str, Any]
Match = Callable[[Document], bool]

TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<word>[^\s()\[\]"]+))', re.DOTALL
)
ESCAPES = re.compile(r"\\(.)", re.DOTALL)
DEEPEST = 50


@dataclass(frozen=True)
class Grammar:
    """What one list can be filtered by.

    Args:
        attributes: the operators of each attribute; `a[b]` stands for `a[b eq …]`.
        folded: whether text is compared without regard to case.
    """

    attributes: Mapping[str, tuple[str, ...]]
    folded: bool = True


@dataclass(frozen=True)
class _Token:
    kind: str
    value: str


def parse(text: str, grammar: Grammar) -> Match:
    """The test that a filter stands for.

    Raises:
        PingError: 400 INVALID_FILTER.
    """
    parser = _Parser(_tokens(text, grammar), grammar)
    match = parser.either()
    if parser.ahead() is not None:
        raise _refused(grammar, f"unexpected {parser.ahead()!r}")
    return match


class _Parser:
    """Recursive descent: `or` binds less than `and`."""

    def __init__(self, tokens: list[_Token], grammar: Grammar) -> None:
        self._tokens = tokens
        self._grammar = grammar
        self._at = 0
        self._depth = 0

    def either(self) -> Match:
        parts = [self._both()]
        while self._word() == "or":
            self._at += 1
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda one: any(part(one) for part in parts)

    def ahead(self) -> str | None:
        return self._tokens[self._at].value if self._at < len(self._tokens) else None

    def _both(self) -> Match:
        parts = [self._single()]
        while self._word() == "and":
            self._at += 1
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda one: all(part(one) for part in parts)

    def _single(self) -> Match:
        if self.ahead() == "(":
            return self._bracketed()
        attribute = self._take("word")
        if self.ahead() == "[":
            return self._of_list(attribute)
        operator = self._take("word").lower()
        allowed = self._grammar.attributes.get(attribute)
        if allowed is None or "[" in attribute:
            raise _refused(self._grammar, f"the attribute {attribute} is not supported")
        if operator not in allowed:
            raise _refused(self._grammar, f"{operator} is not supported for {attribute}")
        wanted = self._folded(self._text())
        test = TESTS[operator]

        def match(one: Document) -> bool:
            value = _value(one, attribute)
            return value is not None and test(self._folded(value), wanted)

        return match

    def _bracketed(self) -> Match:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _refused(self._grammar, "too many parentheses")
        self._take("mark", "(")
        match = self.either()
        self._take("mark", ")")
        self._depth -= 1
        return match

    def _of_list(self, attribute: str) -> Match:
        """`memberOfGroups[id eq "…"]` (pingone.md 2 [C SDK])."""
        self._take("mark", "[")
        name, operator = self._take("word"), self._take("word").lower()
        if operator not in self._grammar.attributes.get(f"{attribute}[{name}]", ()):
            raise _refused(self._grammar, f"{attribute}[{name} {operator}] is not supported")
        wanted = self._text()
        self._take("mark", "]")
        return lambda one: any(entry.get(name) == wanted for entry in one.get(attribute, []))

    def _word(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        return token.value.lower() if token is not None and token.kind == "word" else ""

    def _take(self, kind: str, value: str = "") -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token.kind != kind or (value and token.value != value):
            found = "the end" if token is None else repr(token.value)
            raise _refused(self._grammar, f"expected {value or kind}, found {found}")
        self._at += 1
        return token.value

    def _text(self) -> str:
        """A value in double quotes; anything else is refused (pingone.md 2 [3P KEY])."""
        return ESCAPES.sub(r"\1", self._take("text")[1:-1])

    def _folded(self, text: str) -> str:
        return text.casefold() if self._grammar.folded else text


def _tokens(text: str, grammar: Grammar) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            if not text[at:].strip():
                break
            raise _refused(grammar, f"cannot be read from character {at}")
        at = found.end()
        kind = str(found.lastgroup)
        tokens.append(_Token(kind, found[kind]))
    return tokens


def _value(document: Document, attribute: str) -> str | None:
    value: Any = document
    for name in attribute.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _refused(grammar: Grammar, why: str) -> PingError:
    """400 INVALID_FILTER; innerError says what is supported (pingone.md 1.3)."""
    operators = sorted({one for several in grammar.attributes.values() for one in several})
    return invalid(
        "filter",
        f"The filter is invalid: {why}",
        detail="INVALID_FILTER",
        inner={
            "supportedAttributes": sorted(grammar.attributes),
            "supportedOperators": [*operators, "and", "or"],
        },
    )


TESTS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "sw": lambda value, wanted: value.startswith(wanted),
    "ew": lambda value, wanted: value.endswith(wanted),
    "co": lambda value, wanted: wanted in value,
}
