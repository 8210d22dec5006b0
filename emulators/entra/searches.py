"""`$search` of the directory: `"displayName:kim" OR "mail:kim"` (entra.md 3 [D S26])."""

from __future__ import annotations

import re
from typing import Any

from emulators.entra.errors import bad_request
from emulators.entra.filters import Predicate
from emulators.entra.shapes import Shape

CLAUSE = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*')
JOINT = re.compile(r"(AND|OR)\b")
# Only these are cut into words; of the others the beginning counts.
IN_WORDS = ("displayName", "description")


def parse(text: str, shape: Shape) -> Predicate:
    """Read a search: clauses in double quotes, joined by AND and OR; AND binds closer.

    Raises:
        GraphError: 400.
    """
    either: list[list[Predicate]] = [[]]
    at = 0
    while True:
        found = CLAUSE.match(text, at)
        if found is None:
            raise bad_request(f"Syntax error: character is not valid at position {at} in '{text}'.")
        either[-1].append(_clause(re.sub(r"\\(.)", r"\1", found[1]), shape))
        at = found.end()
        if at == len(text):
            return lambda thing: any(all(part(thing) for part in parts) for parts in either)
        joint = JOINT.match(text, at)
        if joint is None:
            raise bad_request(f"Syntax error at position {at} in '{text}'.")
        if joint[1] == "OR":
            either.append([])
        at = joint.end()


def _clause(text: str, shape: Shape) -> Predicate:
    prop, colon, wanted = text.partition(":")
    if not colon or prop not in shape.searched:
        raise bad_request(f"Property '{prop}' is not searchable on '{shape.name}'.")
    parts = _words(wanted)
    if not parts:
        raise bad_request("A search clause has no value.")
    if prop in IN_WORDS:
        return lambda thing: _words_match(thing.get(prop), parts)
    start = wanted.strip().casefold()
    return lambda thing: str(thing.get(prop) or "").casefold().startswith(start)


def _words_match(held: Any, parts: list[str]) -> bool:
    words = _words(str(held or ""))
    return all(any(word.startswith(part) for word in words) for part in parts)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
