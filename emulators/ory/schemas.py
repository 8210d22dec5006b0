"""Identity schemas: the list, traits held against them, and what Kratos derives (ory.md 4.2)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
from jsonschema import Draft7Validator, FormatChecker

from emulators.kit.store import Store
from emulators.ory.errors import OryError, bad_request

KEYWORD = "ory.sh/kratos"
FORMATS = FormatChecker(formats=())


@FORMATS.checks("email")
def _is_email(value: object) -> bool:
    return not isinstance(value, str) or bool(
        re.fullmatch(r"[^@\s\"<>]+@[A-Za-z0-9.-]*[A-Za-z0-9]", value)
    )


def encoded_id(schema_id: str) -> str:
    """A schema id as `schema_url` carries it: base64url without padding (ory.md 4.2)."""
    return base64.urlsafe_b64encode(schema_id.encode()).rstrip(b"=").decode()


class Schemas:
    """The project's identity schemas."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, schema_id: str, schema: dict[str, Any], *, default: bool = False) -> None:
        """Put a schema; the default one is used where a create names none (ory.md 2.1)."""
        self._store.put("schema", schema_id, {"id": schema_id, "schema": schema})
        if default:
            self._store.put("setting", "default_schema", {"id": schema_id})

    @property
    def default(self) -> str:
        """The id of the default schema."""
        setting = self._store.get("setting", "default_schema")
        return setting["id"] if setting else ""

    def all(self) -> list[dict[str, Any]]:
        """Every schema as `{"id", "schema"}`."""
        return list(self._store.all("schema"))

    def served(self, requested: str) -> dict[str, Any]:
        """A schema by its raw id or by the base64url of it (ory.md 4.2).

        Raises:
            OryError: 404.
        """
        for entry in self.all():
            if requested in (entry["id"], encoded_id(entry["id"])):
                return entry["schema"]
        raise OryError(
            404,
            "The requested resource could not be found",
            f"Identity schema `{requested}` could not be found.",
        )

    def named(self, schema_id: str) -> dict[str, Any]:
        """A schema that an identity names.

        Raises:
            OryError: 400 "Unable to find JSON Schema ID: x" (ory.md 4.2).
        """
        entry = self._store.get("schema", schema_id)
        if entry is None:
            raise bad_request(f"Unable to find JSON Schema ID: {schema_id}")
        return entry["schema"]

    def check(self, schema_id: str, traits: Any) -> None:
        """Hold traits against their schema.

        Raises:
            OryError: 400 with the schema's text as reason (ory.md 7).
        """
        validator = Draft7Validator(self.named(schema_id), format_checker=FORMATS)
        errors = sorted(validator.iter_errors({"traits": traits}), key=lambda e: list(e.path))
        if errors:
            raise bad_request("\n".join(_sentence(error) for error in errors))


def leaves(
    schema: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The traits with Ory's keyword: their paths below `traits`, and the keyword's value."""
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get(KEYWORD), dict):
        yield path, schema[KEYWORD]
    for name, below in schema.get("properties", {}).items():
        yield from leaves(below, (*path, name))
    for word in ("allOf", "anyOf", "oneOf"):
        for below in schema.get(word, ()):
            yield from leaves(below, path)


def flagged(schema: dict[str, Any], traits: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Each trait value that the schema flags, with its flags."""
    for path, flags in leaves(schema.get("properties", {}).get("traits", {})):
        value = traits
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            yield flags, value


def _sentence(error: jsonschema.ValidationError) -> str:
    """One schema violation in the words of Ory's validator (ory.md 7: I[…] S[…] …)."""
    where = "#" + "".join(f"/{part}" for part in error.absolute_path)
    rule = "#" + "".join(f"/{part}" for part in error.absolute_schema_path)
    kind = error.validator
    said = error.message
    if kind == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        said = "missing properties: " + ", ".join(f'"{name}"' for name in missing)
    elif kind == "additionalProperties":
        known = error.schema.get("properties", {})
        extra = [name for name in error.instance if name not in known]
        said = "additionalProperties " + ", ".join(f'"{name}"' for name in extra) + " not allowed"
    elif kind == "format":
        said = f'"{error.instance}" is not valid "{error.validator_value}"'
    elif kind == "minLength":
        said = f"length must be >= {error.validator_value}, but got {len(error.instance)}"
    elif kind == "type":
        said = f"expected {error.validator_value}, but got another type"
    return f"I[{where}] S[{rule}] {said}"
