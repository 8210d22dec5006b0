"""Credential ids as Graph writes them: in three encodings, without saying in which.

Entra contract section 2.2: standard base64, base64url without padding, and base64url with the
number of the paddings that were dropped as its last digit (.NET's UrlTokenEncode). Some texts can
be read in two of them, so every reading is kept.
"""

from __future__ import annotations

import base64
import binascii
import re

from directories.entra.credentials import GUID

LONGEST_ID = 1023
"""Bytes (WebAuthn L3 section 4, credential id)."""

_URL = re.compile(r"[A-Za-z0-9_-]+")
_STANDARD = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_PADDED_URL = re.compile(r"[A-Za-z0-9_-]+={1,2}")


def readings(text: str) -> tuple[bytes, ...]:
    """Every credential id that a text can stand for; none where it is no such text."""
    if GUID.fullmatch(text):
        return ()  # some pages of the documentation show a method's id as one: not encoded bytes
    found: dict[bytes, None] = {}
    for reading in (_as_token(text), _as_base64url(text), _as_base64(text)):
        if reading is not None and 0 < len(reading) <= LONGEST_ID:
            found.setdefault(reading)
    return tuple(found)


def base64url(value: bytes) -> str:
    """Base64url without padding, as Graph takes it."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _as_token(text: str) -> bytes | None:
    """Base64url with the number of its paddings at the end."""
    body, digit = text[:-1], text[-1:]
    if digit not in ("0", "1", "2") or (len(body) + int(digit)) % 4:
        return None
    return _as_base64url(body)


def _as_base64url(text: str) -> bytes | None:
    if _PADDED_URL.fullmatch(text):
        return _decoded(text, b"-_") if len(text) % 4 == 0 else None
    if not _URL.fullmatch(text) or len(text) % 4 == 1:
        return None
    return _decoded(text + "=" * (-len(text) % 4), b"-_")


def _as_base64(text: str) -> bytes | None:
    if not _STANDARD.fullmatch(text) or len(text) % 4:
        return None
    return _decoded(text, b"+/")


def _decoded(text: str, others: bytes) -> bytes | None:
    """The bytes, where exactly this text encodes them: bits left over must be zero."""
    try:
        value = base64.b64decode(text, altchars=others, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if base64.b64encode(value, altchars=others).decode("ascii") == text else None
