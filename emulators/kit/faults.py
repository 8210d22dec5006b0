"""Failures on request: which requests fail, how, and how often."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Answer = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""
HOLD_LIMIT = 30.0
"""Seconds after which a held request goes on by itself, so that no test hangs."""


class Kind(StrEnum):
    """How a request fails."""

    STATUS = "status"
    """A status with the vendor's own body, or with `body`."""
    HTML = "html"
    """A status with an HTML page, as a gateway sends it."""
    REDIRECT = "redirect"
    """307 to `location`."""
    DROP = "drop"
    """The connection is cut without an answer."""
    DELAY = "delay"
    """Answered as usual, `seconds` late."""
    HOLD = "hold"
    """Answered as usual, once released."""


@dataclass
class Fault:
    """A failure of the next `times` requests that match.

    `after` lets the request do its work first, so that the caller learns nothing of its success.
    """

    kind: Kind
    method: str = ""
    path: str = ""
    """A regular expression, searched in the path."""
    times: int = 1
    status: int = 503
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    location: str = ""
    seconds: float = 0.0
    after: bool = False

    def matches(self, method: str, path: str) -> bool:
        """Whether it concerns this request."""
        return (not self.method or self.method == method) and bool(re.search(self.path, path))


class Faults:
    """The failures that are still to come.

    Args:
        error_body: the vendor's JSON for a status.
    """

    def __init__(self, error_body: Callable[[int], str]) -> None:
        self._error_body = error_body
        self._lock = threading.Lock()
        self._waiting: deque[Fault] = deque()
        self._released = threading.Event()
        self._held = threading.Semaphore(0)

    def add(self, fault: Fault) -> None:
        """Let the next matching requests fail."""
        with self._lock:
            if fault.kind is Kind.HOLD:
                self._released.clear()
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget every failure and release what is held."""
        with self._lock:
            self._waiting.clear()
        self._released.set()

    def release(self) -> None:
        """Let held requests go on."""
        self._released.set()

    def wait_until_held(self, seconds: float = 10.0) -> bool:
        """Wait until one more request is held; False when none came."""
        return self._held.acquire(timeout=seconds)

    def take(self, method: str, path: str) -> Fault | None:
        """The failure of this request, counted down."""
        with self._lock:
            for fault in self._waiting:
                if fault.matches(method, path):
                    fault.times -= 1
                    if fault.times < 1:
                        self._waiting.remove(fault)
                    return fault
        return None

    def pause(self, fault: Fault) -> None:
        """Wait as a delay or a hold demands."""
        if fault.kind is Kind.DELAY:
            time.sleep(fault.seconds)
        elif fault.kind is Kind.HOLD:
            self._held.release()
            self._released.wait(HOLD_LIMIT)

    def answer(self, fault: Fault) -> Answer | None:
        """Status, headers and body; None where the request is answered as usual."""
        if fault.kind is Kind.REDIRECT:
            return 307, [("Location", fault.location), *fault.headers.items()], b""
        if fault.kind is Kind.HTML:
            page = fault.body or f"<!doctype html><title>{fault.status}</title><h1>Bad gateway</h1>"
            headers = {"Content-Type": "text/html", **fault.headers}
            return fault.status, list(headers.items()), page.encode()
        if fault.kind is Kind.STATUS:
            text = fault.body if fault.body is not None else self._error_body(fault.status)
            headers = {"Content-Type": "application/json", **fault.headers}
            return fault.status, list(headers.items()), text.encode()
        return None

    @staticmethod
    def from_json(given: dict[str, Any]) -> Fault:
        """A fault as the control API takes it.

        Raises:
            ValueError: for unknown names or kinds.
        """
        try:
            return Fault(**{**given, "kind": Kind(given.get("kind", ""))})
        except TypeError as error:
            raise ValueError(str(error)) from error
