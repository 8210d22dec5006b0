"""JSON Web Tokens, just enough to write an access token and to read a client assertion."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Token:
    """A token in its parts."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    """What the signature is over."""
    signature: bytes


def encode64(value: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode64(text: str) -> bytes:
    """Base64url without padding, strictly.

    Raises:
        ValueError: for padding, another alphabet or a length that cannot be.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise ValueError("no base64url without padding")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def write(header: dict[str, Any], claims: dict[str, Any], *, key: bytes) -> str:
    """A token signed with HS256."""
    parts = [encode64(json.dumps(part).encode()) for part in (header, claims)]
    signature = hmac.new(key, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, encode64(signature)])


def read(text: str) -> Token:
    """The parts of a token, nothing verified.

    Raises:
        ValueError: when it is malformed.
    """
    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError("a token has three parts")
    header, claims = (json.loads(decode64(part)) for part in parts[:2])
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise ValueError("header and claims are objects")
    return Token(header, claims, ".".join(parts[:2]).encode(), decode64(parts[2]))
