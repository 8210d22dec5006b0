"""Rate limits, set on request (pingone.md 1.3, 1.4 [D RATE; C GOC])."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from werkzeug.http import http_date

from emulators.kit.variants import Variants
from emulators.pingone.errors import PingError
from emulators.pingone.moments import stamp


class Limits:
    """How many requests to the API are still answered, and until when.

    They are counted for the licence, so for all environments together (1.4). The token endpoint
    is in none of the groups that the contract names and is not counted.
    """

    def __init__(self, variants: Variants) -> None:
        self._variants = variants
        self._lock = threading.Lock()
        self._left: int | None = None
        self._until: datetime | None = None

    def set(self, left: int, *, seconds: int, now: datetime) -> None:
        """Answer `left` more requests, then 429 until `seconds` have passed."""
        with self._lock:
            self._left, self._until = left, now + timedelta(seconds=seconds)

    def clear(self) -> None:
        """No limit."""
        with self._lock:
            self._left = self._until = None

    def count(self, path: str, now: datetime) -> PingError | None:
        """Count a request; the 429 when there are none left."""
        if not path.startswith("/v1/"):
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
            return self._too_many(self._until, now)

    def _too_many(self, until: datetime, now: datetime) -> PingError:
        """429 with Retry-After, and the same in innerError (pingone.md 1.4)."""
        way = self._variants["retry_after"]
        headers = {}
        if way == "seconds":
            headers["Retry-After"] = str(max(1, round((until - now).total_seconds())))
        elif way == "date":
            headers["Retry-After"] = http_date(until)
        return PingError(
            429,
            detail=self._variants["rate_limit_code"],
            message="The rate limit was exceeded",
            inner={"retryAfter": stamp(until), "quotaResetTime": stamp(until)},
            headers=headers,
        )
