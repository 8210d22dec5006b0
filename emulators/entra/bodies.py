"""Bodies of writes: their content type, and only the members that Graph's types have."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from flask import request

from emulators.entra.errors import GraphError, bad_request


def read(*, needed: bool = True) -> dict[str, Any]:
    """The JSON object that was sent; an empty one where none is needed.

    Raises:
        GraphError: 400 or 415.
    """
    raw = request.get_data()
    if not raw and not needed:
        return {}
    if not request.mimetype:
        raise bad_request(
            "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
            code="BadRequest",
        )
    if request.mimetype != "application/json":
        raise GraphError(415, "UnsupportedMediaType", "The media type is not supported.")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error
    if not isinstance(body, dict):
        raise _unreadable()
    return body


def only(given: Any, names: Collection[str], kind: str) -> dict[str, Any]:
    """An object that has these members and no others; `@odata.` keys may be there.

    Raises:
        GraphError: 400.
    """
    if not isinstance(given, dict):
        raise bad_request(f"An object of type '{kind}' is expected.", code="BadRequest")
    members = {name: value for name, value in given.items() if "@odata." not in name}
    for name in members:
        if name not in names:
            raise bad_request(
                f"The property '{name}' does not exist on type 'microsoft.graph.{kind}'. Make "
                "sure to only use property names that are defined by the type.",
                code="BadRequest",
            )
    return members


def _unreadable() -> GraphError:
    return bad_request(
        "Unable to read JSON request payload. Please ensure Content-Type header is set and "
        "payload is of valid JSON format.",
        code="BadRequest",
    )
