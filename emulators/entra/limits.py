"""Throttling on request (entra.md 3 [D S27 S31])."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta

from emulators.entra.errors import GraphError
from emulators.kit.variants import Variants


class Limits:
    """How many requests to Graph are still answered, and from when on again."""

    def __init__(self, variants: Variants) -> None:
        self._variants = variants
        self._lock = threading.Lock()
        self._left: int | None = None
        self._seconds = 0
        self._path = ""
        self._until: datetime | None = None

    def set(self, left: int, *, seconds: int, path: str = "") -> None:
        """Answer `left` more requests, then 429 until nobody asked for `seconds`.

        Args:
            left: how many.
            seconds: what Retry-After says; a refused request counts too, and starts them anew.
            path: a regular expression, searched in the path; all of Graph when empty.
        """
        with self._lock:
            self._left, self._seconds, self._path, self._until = left, seconds, path, None

    def clear(self) -> None:
        """No limit."""
        with self._lock:
            self._left = self._until = None

    def count(self, path: str, now: datetime) -> GraphError | None:
        """Count a request; the 429 when there are none left."""
        with self._lock:
            if self._left is None or not re.search(self._path, path):
                return None
            if self._until is not None and now >= self._until:
                self._left = self._until = None
                return None
            self._left -= 1
            if self._left >= 0:
                return None
            self._until = now + timedelta(seconds=self._seconds)
        return self._too_many()

    def _too_many(self) -> GraphError:
        headers = {
            "x-ms-throttle-limit-percentage": "1.2",
            "x-ms-throttle-scope": "Tenant_Application/ReadWrite",
            "x-ms-throttle-information": "ResourceUnitLimitExceeded",
        }
        if self._variants["retry_after"] == "present":
            headers["Retry-After"] = str(self._seconds)
        return GraphError(429, "TooManyRequests", "Too many requests.", headers=headers)


def cost(method: str, path: str, *, selected: bool) -> int | None:
    """Resource units of a directory call (entra.md 3 [D S27]); None elsewhere."""
    if "/authentication" in path or "/policies" in path or method != "GET":
        return None
    if "/transitiveMembers" in path:
        units = 5
    elif re.search(r"/groups/[^/]+/members", path):
        units = 3
    elif re.search(r"/(users|groups)\b", path):
        units = 2
    else:
        return None
    return max(1, units - selected)
