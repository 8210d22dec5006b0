"""Credential ids in the three encodings that are seen (entra.md 2.2)."""

from __future__ import annotations

import base64

from emulators.entra.jwt import encode64

ENCODINGS = ("token", "base64url", "base64")


def token(value: bytes) -> str:
    """Base64url with the number of padding signs in place of them, as .NET's UrlTokenEncode."""
    padded = base64.urlsafe_b64encode(value).decode()
    bare = padded.rstrip("=")
    return f"{bare}{len(padded) - len(bare)}"


def encode(value: bytes, encoding: str) -> str:
    """A credential id in one encoding; "mixed" takes one by the id itself."""
    if encoding == "mixed":
        encoding = ENCODINGS[value[0] % len(ENCODINGS)]
    if encoding == "base64":
        return base64.b64encode(value).decode()
    return token(value) if encoding == "token" else encode64(value)
