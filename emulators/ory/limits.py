"""Ory Network's rate limits, set on request (ory.md 2.7, 7)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from emulators.kit.variants import Variants
from emulators.ory.errors import OryError


class Limits:
    """How many requests to the admin API are still answered, and until when."""

    def __init__(self, variants: Variants) -> None:
        self._variants = variants
        self._lock = threading.Lock()
        self._left: int | None = None
        self._until: datetime | None = None
        self._seconds = 1

    def set(self, left: int, *, seconds: int, now: datetime) -> None:
        """Answer `left` more admin requests, then 429 until `seconds` have passed."""
        with self._lock:
            self._left, self._seconds = left, seconds
            self._until = now + timedelta(seconds=seconds)

    def clear(self) -> None:
        """No limit."""
        with self._lock:
            self._left = self._until = None

    def count(self, path: str, now: datetime) -> OryError | None:
        """Count a request; the 429 when there are none left."""
        if not path.startswith("/admin/"):
            return None
        with self._lock:
            if self._left is None or self._until is None:
                return None
            if now >= self._until:
                self._left = self._until = None
                return None
            self._left -= 1
            if self._left >= 0:
                return None
            reset = max(1, round((self._until - now).total_seconds()))
        return self.too_many("The rate limit was exceeded", reset=reset)

    def too_many(self, reason: str, *, reset: int = 1) -> OryError:
        """429 with Ory's headers; Retry-After only by its switch (ory.md 7: not documented)."""
        headers = {
            "x-ratelimit-limit": "10, 10;w=1, 300;w=60",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(reset),
        }
        if self._variants["retry_after"] == "present":
            headers["Retry-After"] = str(reset)
        return OryError(429, "Too many requests", reason, headers=headers)
