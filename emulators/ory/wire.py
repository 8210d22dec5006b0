"""Request bodies as Go's encoding/json decodes them: known fields, types, base64 (ory.md 2.1, 2.2).

Errors come in the order of the body, because Go keeps the first one it meets. The strict decoder
(POST, batch) refuses unknown fields at any depth, the lenient one (PUT) skips them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulators.kit.variants import Variants
from emulators.ory.errors import OryError, undecodable

ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


@dataclass(frozen=True)
class Scalar:
    """A Go type without fields: string, bool, uint32, []byte, time.Time, uuid or raw JSON."""

    go: str


@dataclass(frozen=True)
class Struct:
    """A Go struct: its JSON field names and their types."""

    fields: Mapping[str, Shape]


@dataclass(frozen=True)
class Many:
    """A Go slice."""

    item: Shape


Shape = Scalar | Struct | Many

TEXT = Scalar("string")
FLAG = Scalar("bool")
COUNT = Scalar("uint32")
BINARY = Scalar("[]uint8")
MOMENT = Scalar("time.Time")
UUID = Scalar("uuid.UUID")
RAW = Scalar("json.RawMessage")


def parse(body: bytes) -> Any:
    """The JSON of a body, its keys in their order.

    Raises:
        OryError: 400 when it is no JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise undecodable("EOF" if not body.strip() else "invalid character in JSON") from error


class Decoder:
    """One decoding of one body."""

    def __init__(self, *, strict: bool, variants: Variants) -> None:
        self._strict = strict
        self._variants = variants
        self._unknown: list[str] = []

    def decode(self, shape: Shape, value: Any) -> Any:
        """The value with binary fields as bytes, unknown fields gone and nulls left out.

        Raises:
            OryError: 400 with Go's message.
        """
        try:
            decoded = self._value(shape, value, "")
        except OryError:
            # Go keeps the first error of the body: an unknown field before it goes before it.
            self._refuse_unknown()
            raise
        self._refuse_unknown()
        return decoded

    def _refuse_unknown(self) -> None:
        if self._unknown:
            first = self._variants["unknown_field"] == "first"
            name = self._unknown[0 if first else -1]
            raise undecodable(f"json: unknown field {json.dumps(name)}")

    def _value(self, shape: Shape, value: Any, path: str) -> Any:
        if isinstance(shape, Struct):
            return self._struct(shape, value, path)
        if isinstance(shape, Many):
            if not isinstance(value, list):
                raise self._mismatch(value, path, "slice")
            return [self._value(shape.item, item, path) for item in value]
        return self._scalar(shape, value, path)

    def _struct(self, shape: Struct, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._mismatch(value, path, "struct")
        # Go prefers the exact name and falls back to one that differs in case only.
        folded = {name.casefold(): name for name in shape.fields}
        decoded: dict[str, Any] = {}
        for key, item in value.items():
            name = key if key in shape.fields else folded.get(key.casefold())
            if name is None:
                if self._strict:
                    self._unknown.append(key)
                continue
            field = shape.fields[name]
            if item is None and field is not RAW:
                continue
            decoded[name] = self._value(field, item, f"{path}.{name}" if path else name)
        return decoded

    def _scalar(self, shape: Scalar, value: Any, path: str) -> Any:
        if shape is RAW:
            return value
        if shape is BINARY:
            return self._binary(value, path)
        if shape is FLAG and isinstance(value, bool):
            return value
        if shape is COUNT and type(value) is int and 0 <= value < 2**32:
            return value
        if shape in (TEXT, MOMENT, UUID) and isinstance(value, str):
            if shape is MOMENT:
                return _moment(value)
            return _uuid(value) if shape is UUID else value
        raise self._mismatch(value, path, shape.go)

    def _binary(self, value: Any, path: str) -> bytes:
        """[]byte is standard base64 with padding (ory.md 3.2 rule 1)."""
        if isinstance(value, list) and self._variants["byte_arrays"] == "accepted":
            if all(type(item) is int and 0 <= item < 256 for item in value):
                return bytes(value)
            raise self._mismatch(value, path, "uint8")
        if not isinstance(value, str):
            raise self._mismatch(value, path, BINARY.go)
        text = re.sub(r"[\r\n]", "", value)
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            place = next((n for n, sign in enumerate(text) if sign not in ALPHABET), len(text))
            raise undecodable(f"illegal base64 data at input byte {place}") from error

    @staticmethod
    def _mismatch(value: Any, path: str, go: str) -> OryError:
        kinds = {dict: "object", list: "array", str: "string", bool: "bool"}
        kind = kinds.get(type(value), "number")
        return undecodable(
            f"json: cannot unmarshal {kind} into Go struct field {path or 'body'} of type {go}"
        )


def _moment(value: str) -> str:
    if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$", value):
        raise undecodable(f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse')
    try:
        datetime.fromisoformat(value[:19])
    except ValueError as error:
        raise undecodable(f'parsing time "{value}": out of range') from error
    return value


def _uuid(value: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError as error:
        raise undecodable(f"uuid: incorrect UUID format in string {json.dumps(value)}") from error
