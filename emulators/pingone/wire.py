"""Bodies as they come in: content types and JSON."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from emulators.pingone.errors import invalid, required, unreadable, unsupported_media_type

JSON = "application/json"


def body(*types: str) -> dict[str, Any]:
    """The JSON object that was sent.

    Args:
        types: the content types that this path takes; application/json when none is named.

    Raises:
        PingError: 415 for another one (pingone.md 1.3), 400 for what is no JSON object.
    """
    media(*types)
    try:
        given = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise unreadable("The body is not JSON") from error
    if not isinstance(given, dict):
        raise unreadable("The body is not a JSON object")
    return given


def media(*types: str) -> str:
    """The content type that came.

    Raises:
        PingError: 415 for another than `types`, or than application/json.
    """
    if request.mimetype not in (types or (JSON,)):
        raise unsupported_media_type(request.mimetype)
    return request.mimetype


def text(value: Any, target: str, *, longest: int, shortest: int = 1) -> str:
    """A text of a given length.

    Raises:
        PingError: 400 REQUIRED_VALUE, INVALID_VALUE, EMPTY_VALUE or SIZE_LIMIT_EXCEEDED.
    """
    if value is None:
        raise required(target)
    if not isinstance(value, str):
        raise invalid(target, f"{target} must be a string")
    if len(value) < shortest:
        raise invalid(target, f"{target} must not be empty", detail="EMPTY_VALUE")
    if len(value) > longest:
        raise invalid(
            target,
            f"{target} must have at most {longest} characters",
            detail="SIZE_LIMIT_EXCEEDED",
            inner={"maximumValue": longest},
        )
    return value


def choice(value: Any, target: str, allowed: tuple[str, ...]) -> str:
    """One of several words.

    Raises:
        PingError: 400 REQUIRED_VALUE or INVALID_VALUE, with the words in innerError.
    """
    if value is None:
        raise required(target)
    if value not in allowed:
        message = f"{target} must be one of {', '.join(allowed)}"
        raise invalid(target, message, inner={"allowedValues": list(allowed)})
    return str(value)


def flag(value: Any, target: str) -> bool:
    """True or false.

    Raises:
        PingError: 400 REQUIRED_VALUE or INVALID_VALUE.
    """
    if value is None:
        raise required(target)
    if not isinstance(value, bool):
        raise invalid(target, f"{target} must be true or false")
    return value


def part(value: Any, target: str) -> dict[str, Any]:
    """An object within the body.

    Raises:
        PingError: 400 REQUIRED_VALUE or INVALID_VALUE.
    """
    if value is None:
        raise required(target)
    if not isinstance(value, dict):
        raise invalid(target, f"{target} must be an object")
    return value
