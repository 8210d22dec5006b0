"""Ory identity schemas: which traits there are, which must be filled, and what Ory does with them.

An identity schema is a JSON Schema whose `properties.traits` holds the traits, nested at will, with
the keyword `ory.sh/kratos` on leaves. It comes from the directory, so it is walked with bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 16
MOST_TRAITS = 500
MOST_NODES = 5000
"""References can make a short schema a huge tree: two that name each other double at each step."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
"""An array index of RFC 6901, no longer than any list here."""
_KEYWORD = "ory.sh/kratos"
_ALTERNATIVES = ("anyOf", "oneOf")
_CONDITIONS = ("if", "patternProperties", "dependencies", "dependentRequired", "dependentSchemas")


@dataclass(frozen=True)
class IdentitySchema:
    """One schema of a project."""

    id: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Trait:
    """One leaf of the traits."""

    path: str
    """Dotted, from inside `traits`; a dot inside a name is written with a backslash before it."""
    title: str
    types: tuple[str, ...]
    """JSON Schema types; empty where the schema does not say."""
    required_when: str | None
    """None: optional. Empty: always required. A path: once anything below that path is written."""
    enum: tuple[Any, ...] = ()
    identifier: bool = False
    """Ory finds people by it: it signs in with a password, a code or webauthn."""
    passkey_display_name: bool = False
    """Ory names new passkeys after it."""

    @property
    def required(self) -> bool:
        """Whether every identity must have it."""
        return self.required_when == ""

    @property
    def takes_text(self) -> bool:
        """Whether a name or an address fits."""
        return not self.types or "string" in self.types


@dataclass(frozen=True)
class WalkedSchema:
    """The traits of a schema, and what could not be read in it."""

    traits: tuple[Trait, ...]
    notes: tuple[str, ...] = ()

    def trait(self, path: str) -> Trait | None:
        """The trait at a path."""
        return next((trait for trait in self.traits if trait.path == path), None)

    @property
    def passkey_display_name(self) -> Trait | None:
        """The trait that Ory names new passkeys after."""
        return next((trait for trait in self.traits if trait.passkey_display_name), None)


def walk(schema: Mapping[str, Any]) -> WalkedSchema:
    """List the traits of an identity schema, in its own order.

    References inside the document and `allOf` are followed. What cannot be followed (references
    elsewhere, alternatives, conditions) is named in the notes, never guessed.
    """
    walker = _Walker(schema)
    walker.start()
    return WalkedSchema(tuple(walker.traits.values()), tuple(dict.fromkeys(walker.notes)))


def escaped(name: str) -> str:
    """A trait's name as a part of a dotted path."""
    return name.replace("\\", "\\\\").replace(".", "\\.")


def names_in(path: str) -> tuple[str, ...]:
    """The names that a dotted path is made of."""
    names = [""]
    characters = iter(path)
    for character in characters:
        if character == "\\":
            names[-1] += next(characters, "")
        elif character == ".":
            names.append("")
        else:
            names[-1] += character
    return tuple(names)


class _TooLargeError(Exception):
    """There is more in a schema than is read."""


class _Walker:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.traits: dict[str, Trait] = {}
        self.notes: list[str] = []
        self._nodes = 0

    def start(self) -> None:
        try:
            self._start()
        except _TooLargeError:
            self.notes.append("The schema is too large to be read to its end.")

    def _start(self) -> None:
        parts = list(self._parts(self._document, "", 0))
        found = [
            traits
            for part in parts
            if (traits := _mapping(part.get("properties")).get("traits")) is not None
        ]
        if not found:
            self.notes.append("The schema has no traits.")
        for traits in found:
            if isinstance(traits, Mapping):
                self._walk_object(traits, prefix="", when="", depth=0)

    def _walk_object(
        self, node: Mapping[str, Any], *, prefix: str, when: str | None, depth: int
    ) -> None:
        """Walk what an object holds.

        Args:
            node: its schema.
            prefix: its path with a final dot; empty for the traits themselves.
            when: under which condition it is there at all, as `Trait.required_when`.
            depth: how deep this is.
        """
        parts = list(self._parts(node, prefix, depth))
        required = {
            name for part in parts for name in _list(part.get("required")) if isinstance(name, str)
        }
        declared = [
            (name, child)
            for part in parts
            for name, child in _mapping(part.get("properties")).items()
            if isinstance(name, str)
        ]
        for name, child in declared:
            # An object that may be absent demands its own leaves only once it is there.
            needed = when if name in required else None
            self._walk_child(name, child, prefix=prefix, when=needed, depth=depth)
        for name in sorted(required - {name for name, _ in declared}):
            self.notes.append(f"{prefix}{name} is required, and nothing says what it is.")
            self._add(Trait(prefix + escaped(name), name, (), when))

    def _walk_child(
        self, name: str, child: Any, *, prefix: str, when: str | None, depth: int
    ) -> None:
        self._count()
        path = prefix + escaped(name)
        if depth >= DEEPEST or len(self.traits) >= MOST_TRAITS:
            self.notes.append(f"{path} and what follows is too deep or too much to be read.")
            return
        node = _mapping(child)
        parts = list(self._parts(node, path, depth))
        if any(_mapping(part.get("properties")) for part in parts):
            inner = path if when is None else when
            self._walk_object(node, prefix=f"{path}.", when=inner, depth=depth + 1)
            return
        self._add(_leaf(path, name, parts, when))

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _TooLargeError

    def _add(self, trait: Trait) -> None:
        known = self.traits.get(trait.path)
        if known is None or (known.required_when is None and trait.required_when is not None):
            self.traits[trait.path] = trait

    def _parts(self, node: Mapping[str, Any], path: str, depth: int) -> Iterator[Mapping[str, Any]]:
        """A node, with everything that `$ref` and `allOf` add to it."""
        place = path.rstrip(".") or "The traits"
        left: list[tuple[Mapping[str, Any], int]] = [(node, depth)]
        seen: set[int] = set()
        while left:
            current, level = left.pop(0)
            if id(current) in seen:
                continue
            seen.add(id(current))
            self._count()
            if level > DEEPEST * 2 or len(seen) > MOST_TRAITS:
                self.notes.append(f"{place}: too many references to follow.")
                return
            yield current
            reference = current.get("$ref")
            if isinstance(reference, str):
                target = self._referenced(reference)
                if target is None:
                    self.notes.append(f"{place} refers to {reference[:80]!r}, not followed.")
                else:
                    left.append((target, level + 1))
            left += [
                (_mapping(one), level + 1) for one in _list(current.get("allOf"))[: MOST_TRAITS + 1]
            ]
            for keyword in (*_ALTERNATIVES, *_CONDITIONS):
                if keyword in current:
                    self.notes.append(f"{place} depends on {keyword}, which is not read.")

    def _referenced(self, reference: str) -> Mapping[str, Any] | None:
        """What a reference inside the document names (RFC 6901); None for any other."""
        if reference == "#":
            return self._document
        if not reference.startswith("#/"):
            return None
        node: Any = self._document
        for token in reference[2:].split("/"):
            key = token.replace("~1", "/").replace("~0", "~")
            if isinstance(node, Mapping):
                node = node.get(key)
            elif isinstance(node, list) and _INDEX.fullmatch(key) and int(key) < len(node):
                node = node[int(key)]
            else:
                return None
        return node if isinstance(node, Mapping) else None


def _leaf(path: str, name: str, parts: list[Mapping[str, Any]], required_when: str | None) -> Trait:
    types: list[Any] = []
    enum: list[Any] = []
    title, identifier, shown = "", False, False
    for part in parts:
        kind = part.get("type")
        types += [kind] if isinstance(kind, str) else _list(kind)
        enum += [part["const"]] if "const" in part else _list(part.get("enum"))
        if not title and isinstance(part.get("title"), str):
            title = part["title"][:120]
        credentials = _mapping(_mapping(part.get(_KEYWORD)).get("credentials"))
        identifier = identifier or any(
            _mapping(credentials.get(method)).get("identifier") is True
            for method in ("password", "webauthn", "code")
        )
        shown = shown or _mapping(credentials.get("passkey")).get("display_name") is True
    return Trait(
        path=path,
        title=title or name,
        types=tuple(dict.fromkeys(one for one in types if isinstance(one, str))),
        required_when=required_when,
        enum=tuple(enum),
        identifier=identifier,
        passkey_display_name=shown,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
