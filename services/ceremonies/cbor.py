"""A strict reader for the CBOR that authenticators send.

py_webauthn reads CBOR with a general decoder: tags that build regular expressions and decimals of
any size, shared and cyclic values, and integers where it expects bytes (it then makes that many).
What a browser sends is held to CTAP2's form first: definite lengths, no tags, no floats, nested
only a little (CTAP 2.1 section 8, "Message Encoding"), no key twice.
"""

from __future__ import annotations

from typing import Any

MAX_DEPTH = 8

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, SIMPLE = 0, 1, 2, 3, 4, 5, 7
SIMPLE_VALUES = {20: False, 21: True, 22: None}


class CborError(ValueError):
    """The bytes are not CBOR in CTAP2's form."""


def read(data: bytes) -> Any:
    """The one value in `data`.

    Raises:
        CborError: when there is none, or more after it.
    """
    value, end = read_at(data, 0)
    if end != len(data):
        raise CborError("bytes after the value")
    return value


def read_at(data: bytes, start: int, depth: int = 0) -> tuple[Any, int]:
    """The value that begins at `start`, and where it ends.

    Raises:
        CborError: when none begins there.
    """
    if depth > MAX_DEPTH:
        raise CborError("nested too deep")
    if not 0 <= start < len(data):
        raise CborError("ends too early")
    major, info = data[start] >> 5, data[start] & 0b11111
    if major == SIMPLE:
        if info not in SIMPLE_VALUES:
            raise CborError("a simple value that is not used here")
        return SIMPLE_VALUES[info], start + 1
    argument, at = _argument(data, start + 1, info)
    if major == UNSIGNED:
        return argument, at
    if major == NEGATIVE:
        return -1 - argument, at
    if major in (BYTES, TEXT):
        end = at + argument
        if end > len(data):
            raise CborError("ends too early")
        chunk = data[at:end]
        return (chunk if major == BYTES else _text(chunk)), end
    if major == ARRAY:
        return _array(data, at, argument, depth)
    if major == MAP:
        return _map(data, at, argument, depth)
    raise CborError("a tag")


def _argument(data: bytes, at: int, info: int) -> tuple[int, int]:
    if info < 24:
        return info, at
    if info > 27:
        raise CborError("an indefinite length")
    end = at + (1 << (info - 24))
    if end > len(data):
        raise CborError("ends too early")
    return int.from_bytes(data[at:end], "big"), end


def _text(chunk: bytes) -> str:
    try:
        return chunk.decode()
    except UnicodeDecodeError:
        raise CborError("text that is not UTF-8") from None


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    values = []
    for _ in range(count):  # each item takes a byte at least, so this ends with the data
        value, at = read_at(data, at, depth + 1)
        values.append(value)
    return values, at


def _map(data: bytes, at: int, count: int, depth: int) -> tuple[dict[Any, Any], int]:
    values: dict[Any, Any] = {}
    for _ in range(count):
        key, at = read_at(data, at, depth + 1)
        if not isinstance(key, int | str) or isinstance(key, bool):
            raise CborError("a key that is neither a number nor text")
        if key in values:
            raise CborError("a key twice")
        values[key], at = read_at(data, at, depth + 1)
    return values, at
