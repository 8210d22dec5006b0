"""`$filter` of the directory (entra.md 3 [D S26])."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulators.entra.errors import bad_request, unsupported_query
from emulators.entra.shapes import Shape

Thing = dict[str, Any]
Predicate = Callable[[Thing], bool]

# A literal doubles its single quotes (entra.md 3 [D]); brackets, commas and words stand alone.
TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([(),])|([^\s'(),]+))")
COMPARISONS = ("eq", "ne", "ge", "le", "gt", "lt")
# What needs `ConsistencyLevel: eventual` and $count=true (entra.md 3 [D S26]).
ADVANCED = frozenset({"ne", "not", "endswith"})


@dataclass(frozen=True)
class Filter:
    """A parsed filter, and whether it is one of the advanced queries."""

    matches: Predicate
    advanced: bool


@dataclass(frozen=True)
class _Word:
    text: str
    quoted: bool


def parse(text: str, shape: Shape) -> Filter:
    """Read a filter.

    Raises:
        GraphError: 400.
    """
    return _Parser(text, shape).read()


class _Parser:
    def __init__(self, text: str, shape: Shape) -> None:
        self._shape = shape
        self._words = _split(text)
        self._at = 0
        self._advanced = False

    def read(self) -> Filter:
        matches = self._either()
        if self._at < len(self._words):
            raise _syntax(self._words[self._at].text)
        return Filter(matches, self._advanced)

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return lambda thing: any(part(thing) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return lambda thing: all(part(thing) for part in parts)

    def _one(self) -> Predicate:
        if self._take("not"):
            self._advanced = True
            inner = self._one()
            return lambda thing: not inner(thing)
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        word = self._next().text
        if self._take("("):
            return self._function(word)
        return self._comparison(word)

    def _function(self, name: str) -> Predicate:
        if name.lower() not in ("startswith", "endswith"):
            raise unsupported_query(f"Unsupported or invalid query filter clause: {name}.")
        self._advanced |= name.lower() in ADVANCED
        prop = self._property(self._next().text)
        if prop not in self._shape.properties:
            raise bad_request(f"{name} is not applicable to property '{prop}'.")
        self._expect(",")
        wanted = str(self._literal()).casefold()
        self._expect(")")
        if name.lower() == "startswith":
            return lambda thing: str(thing.get(prop) or "").casefold().startswith(wanted)
        return lambda thing: str(thing.get(prop) or "").casefold().endswith(wanted)

    def _comparison(self, name: str) -> Predicate:
        prop = self._property(name)
        operator = self._next().text
        if operator == "in":
            self._expect("(")
            wanted = [_folded(self._fitting(prop))]
            while self._take(","):
                wanted.append(_folded(self._fitting(prop)))
            self._expect(")")
            return lambda thing: _folded(thing.get(prop)) in wanted
        if operator not in COMPARISONS:
            raise _syntax(operator)
        if operator in ("ge", "le", "gt", "lt") and not prop.endswith("DateTime"):
            raise unsupported_query(f"Operator '{operator}' is not supported for '{prop}'.")
        self._advanced |= operator in ADVANCED
        value = _folded(self._fitting(prop))
        return lambda thing: _compared(operator, _folded(thing.get(prop)), value)

    def _property(self, name: str) -> str:
        if name not in self._shape.known:
            raise bad_request(
                f"Invalid filter clause: Could not find a property named '{name}' on type "
                f"'microsoft.graph.{self._shape.name}'.",
                code="BadRequest",
            )
        if name not in self._shape.filtered:
            raise unsupported_query(
                f"Unsupported or invalid query filter clause specified for property '{name}' of "
                f"resource '{self._shape.name}'."
            )
        return name

    def _fitting(self, prop: str) -> Any:
        """A literal of the property's type."""
        value = self._literal()
        if value is not None and isinstance(value, bool) != (prop in self._shape.flags):
            raise bad_request(
                "Invalid filter clause: A binary operator with incompatible types was detected.",
                code="BadRequest",
            )
        return value

    def _literal(self) -> Any:
        word = self._next()
        if word.quoted:
            return word.text
        if word.text in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word.text]
        if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", word.text):
            return word.text
        raise _syntax(word.text)

    def _next(self) -> _Word:
        if self._at >= len(self._words):
            raise _syntax("the end")
        self._at += 1
        return self._words[self._at - 1]

    def _take(self, text: str) -> bool:
        found = self._at < len(self._words) and self._words[self._at] == _Word(text, quoted=False)
        self._at += found
        return found

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise _syntax(text)


def _split(text: str) -> list[_Word]:
    words, at = [], 0
    text = text.strip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise _syntax(text[at:])
        quoted, bracket, word = found.groups()
        if quoted is not None:
            words.append(_Word(quoted.replace("''", "'"), quoted=True))
        else:
            words.append(_Word(bracket or word, quoted=False))
        at = found.end()
    return words


def _syntax(near: str) -> Exception:
    return bad_request(
        f"Invalid filter clause: There is a syntax error near {near!r}.", code="BadRequest"
    )


def _folded(value: Any) -> Any:
    """The directory compares without regard to case."""
    return value.casefold() if isinstance(value, str) else value


def _compared(operator: str, held: Any, wanted: Any) -> bool:
    if operator in ("eq", "ne"):
        return (held == wanted) is (operator == "eq")
    if held is None or wanted is None:
        return False
    order = int(held > wanted) - int(held < wanted)
    return {"ge": order >= 0, "le": order <= 0, "gt": order > 0, "lt": order < 0}[operator]
