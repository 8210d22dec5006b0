"""JSON from outside, held to what can be stored, sent on and shown.

Python reads more than JSON has (`NaN`, `1e999` as infinity), and JSON holds more than we can keep:
PostgreSQL stores no NUL in a text, no encoder writes half a surrogate pair, and what is nested
without end breaks whatever walks it later. All of it is refused where it comes in.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

DEEPEST = 100
"""Levels of nesting. Identities and their schemas have about ten."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class NotStrict(ValueError):
    """The text is not JSON, or holds what cannot be kept."""


def loads(text: str | bytes) -> Any:
    """Read JSON.

    Raises:
        NotStrict: for everything else.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotStrict("not JSON") from error
    _check(value)
    return value


def storable(text: str) -> bool:
    """Whether a text can be kept and sent: no NUL, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def _refuse(name: str) -> Any:
    raise NotStrict(f"{name} is not JSON")


def _check(value: Any) -> None:
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            raise NotStrict("nested too deep")
        deeper: list[Any] = []
        for one in level:
            if isinstance(one, str):
                if not storable(one):
                    raise NotStrict("a text that cannot be kept")
            elif isinstance(one, float):
                if not math.isfinite(one):
                    raise NotStrict("a number without end")
            elif isinstance(one, dict):
                deeper += one.keys()
                deeper += one.values()
            elif isinstance(one, list):
                deeper += one
        level, depth = deeper, depth + 1
