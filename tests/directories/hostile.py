"""What hostile answers are made of, and what must hold of whatever comes out of a connector."""

from __future__ import annotations

import random
from typing import Any

from directories import strict_json

ODD = (
    None,
    True,
    -1,
    10**4000,
    0.5,
    float("nan"),
    float("inf"),
    "",
    "\0",
    "\ud800",
    "..",
    "é" * 300,
    "#/definitions/" + "9" * 5000,
    "#/definitions/0",
    "#",
    [],
    [[]] * 3,
    {},
    {"id": 7, "": None, "$ref": "#"},
    [{"id": "\n", "schema": {"$ref": "#"}}],
    [{"id": "\n", "value": {"@odata.nextLink": 1}}],
)
"""Values that no schema foresees."""

HEADERS = {
    "retry-after": ("-1", "1e9", "Mon, 99 Foo 99999 99:99:99 +9999", "\xff", "9" * 400),
    "x-ratelimit-reset": ("99999999999999999999", "0"),
    "content-type": ("text/html", "application/json; charset=\xff", ""),
    "date": ("yesterday", "Mon, 99 Foo 99999 99:99:99 +9999", "Sun, 22 Nov 2026 08:00:00 GMT"),
    "x-request-id": ("\x01" * 500,),
    "request-id": ("\x01" * 500,),
}
"""Headers that are read, as nobody should send them."""


def changed(body: Any, chance: random.Random) -> Any:
    """The body with one value, at any depth, replaced, renamed or dropped."""
    if not isinstance(body, dict | list) or not body or chance.random() < 0.15:
        return chance.choice(ODD)
    key = chance.choice(list(body) if isinstance(body, dict) else range(len(body)))
    if chance.random() < 0.1:
        del body[key]
    elif isinstance(body, dict) and chance.random() < 0.1:
        body[chance.choice(("\0", "\udfff", "a.b\\", ""))] = body.pop(key)
    else:
        body[key] = changed(body[key], chance)
    return body


def keepable(value: Any) -> None:
    """What databases, pages and requests need of everything that comes out."""
    if isinstance(value, dict):
        for name, inner in value.items():
            keepable(name)
            keepable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            keepable(inner)
    elif isinstance(value, str):
        assert strict_json.storable(value)
        value.encode()
