"""From a person to traits, and whether a mapping fits a schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from directories import strict_json
from directories.base import PersonRecord
from directories.ory.naming import display_name
from directories.ory.schema import Trait, WalkedSchema, names_in, walk
from directories.ory.settings import TraitMapping

FIELDS = {
    "email": "E-mail",
    "given_name": "Given name",
    "family_name": "Family name",
    "display_name": "Display name",
}
"""What a mapping places, by field name, as pages call it."""


@dataclass(frozen=True)
class MappingProblem:
    """One thing that is wrong with a mapping."""

    field: str
    """As `mapping.email`, or `mapping.fixed.` and the trait path."""
    sentence: str


def check_mapping(
    schema: Mapping[str, Any] | WalkedSchema, mapping: TraitMapping
) -> tuple[MappingProblem, ...]:
    """Everything that would keep Ory from taking an identity made by this mapping.

    Args:
        schema: the identity schema as Ory gave it, or already walked.
        mapping: what goes where.
    """
    walked = schema if isinstance(schema, WalkedSchema) else walk(schema)
    found: list[MappingProblem] = []
    if not mapping.email:
        found.append(MappingProblem("mapping.email", "Choose the trait that takes the e-mail."))
    taken: dict[str, str] = {}
    for field, path in mapping.paths().items():
        if sentence := _misplaced(walked, path, taken):
            found.append(MappingProblem(f"mapping.{field}", sentence))
        taken.setdefault(path, FIELDS[field])
    for path, value in mapping.fixed.items():
        trait = walked.trait(path)
        if path in taken:
            sentence = f"{path} already takes: {taken[path]}."
        elif trait is None:
            sentence = f"The schema has no trait {path}."
        else:
            sentence = _unfit(trait, value)
        if sentence:
            found.append(MappingProblem(f"mapping.fixed.{path}", sentence))
    written = set(taken) | set(mapping.fixed)
    found += _left_unmapped(walked, written)
    return tuple(found)


def fixed_value(trait: Trait, text: str) -> Any:
    """A fixed value as an administrator typed it, in the type that the trait takes.

    Raises:
        ValueError: with a sentence, when the text does not fit.
    """
    if trait.takes_text:
        if not strict_json.storable(text):
            raise ValueError(f"{trait.path} takes no control characters.")
        value: Any = text
    else:
        try:
            value = strict_json.loads(text)
        except strict_json.NotStrict:
            raise ValueError(f"{trait.path} takes {_kinds(trait)}.") from None
    if sentence := _unfit(trait, value):
        raise ValueError(sentence)
    return value


def build_traits(mapping: TraitMapping, person: PersonRecord) -> dict[str, Any]:
    """The traits of a person. What is not known of them is left out, never sent empty."""
    traits: dict[str, Any] = {}
    values = {
        "email": person.email,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "display_name": display_name(person, mapping.display_format),
    }
    for path, value in mapping.fixed.items():
        _place(traits, path, deepcopy(value))
    for field, path in mapping.paths().items():
        if values[field]:
            _place(traits, path, values[field])
    return traits


def trait_at(traits: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    node = traits
    for name in names_in(path):
        if not isinstance(node, Mapping):
            return None
        node = node.get(name)
    return node


def _place(traits: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = names_in(path)
    node = traits
    for name in parents:
        inner = node.get(name)
        if not isinstance(inner, dict):
            inner = node[name] = {}
        node = inner
    node[last] = value


def _misplaced(walked: WalkedSchema, path: str, taken: Mapping[str, str]) -> str:
    if path in taken:
        return f"{path} already takes: {taken[path]}."
    trait = walked.trait(path)
    if trait is None:
        return f"The schema has no trait {path}."
    if not trait.takes_text or trait.enum:
        return f"{path} takes {_kinds(trait)}, not text about a person."
    return ""


def _left_unmapped(walked: WalkedSchema, written: set[str]) -> list[MappingProblem]:
    found = []
    for trait in walked.traits:
        if trait.path in written or trait.required_when is None:
            continue
        if trait.required:
            sentence = f"The schema requires {trait.path} ({trait.title}), and nothing fills it."
        elif any(path.startswith(f"{trait.required_when}.") for path in written):
            sentence = (
                f"The schema requires {trait.path} ({trait.title}) with everything in "
                f"{trait.required_when}, and nothing fills it."
            )
        else:
            continue
        found.append(MappingProblem(f"mapping.fixed.{trait.path}", sentence))
    return found


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, Mapping),
    "null": lambda value: value is None,
}


def _unfit(trait: Trait, value: Any) -> str:
    known = [_CHECKS[kind] for kind in trait.types if kind in _CHECKS]
    if trait.enum and value not in trait.enum:
        choices = ", ".join(str(choice) for choice in trait.enum[:20])
        return f"{trait.path} takes one of: {choices}."
    if known and not any(fits(value) for fits in known):
        return f"{trait.path} takes {_kinds(trait)}."
    return ""


def _kinds(trait: Trait) -> str:
    if trait.enum:
        return "one of a fixed list"
    return " or ".join(trait.types) or "a value"
