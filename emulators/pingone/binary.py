"""Binary values in an activation: base64url for `id`, standard base64 for the rest (3.2)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from emulators.pingone.errors import invalid, required

URL = re.compile(r"[A-Za-z0-9_-]+")


def base64url(value: Any, target: str) -> bytes:
    """Base64url without padding.

    Raises:
        PingError: 400 REQUIRED_VALUE or INVALID_VALUE.
    """
    if value is None:
        raise required(target)
    if not isinstance(value, str) or not URL.fullmatch(value) or len(value) % 4 == 1:
        raise invalid(target, f"{target} is not base64url")
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def standard(value: Any, target: str, *, either: bool) -> bytes:
    """Standard base64 with padding [D ACT]; base64url too where `either` (7 [U]).

    Raises:
        PingError: 400 REQUIRED_VALUE or INVALID_VALUE.
    """
    if value is None:
        raise required(target)
    if not isinstance(value, str) or not value:
        raise invalid(target, f"{target} is not base64")
    if either and URL.fullmatch(value):
        return base64url(value, target)
    try:
        return base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid(target, f"{target} is not base64 with padding") from error
