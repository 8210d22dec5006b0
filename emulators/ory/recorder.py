"""The requests that came in, with every secret masked."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

KEPT = 2000
SECRET_HEADERS = {"authorization", "x-session-token", "cookie", "proxy-authorization"}
SECRET_FIELDS = {
    "passkey_login", "session_token", "client_secret", "password", "hashed_password", "totp_url",
    "codes", "access_token",
}  # fmt: skip
TOKEN = re.compile(r"\b(ory_(?:pat|apikey|wak|st|at)_)[\w-]+")
SCHEMES = ("basic", "bearer")
MASK = "***"


@dataclass(frozen=True)
class Seen:
    """One request and the status it got; 0 where the connection was cut."""

    face: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any
    status: int


class Recorder:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: deque[Seen] = deque(maxlen=KEPT)

    def add(self, seen: Seen) -> None:
        """Keep one."""
        with self._lock:
            self._seen.append(seen)

    def all(self) -> list[Seen]:
        """Every kept request."""
        with self._lock:
            return list(self._seen)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._seen.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """Every kept request, for the control API."""
        return [asdict(seen) for seen in self.all()]


def masked_headers(headers: Mapping[str, str], *, also: str = "") -> dict[str, str]:
    """Headers without secrets; of a token its kind is kept.

    Args:
        headers: of the request.
        also: one more header whose value is secret.
    """
    secret = SECRET_HEADERS | {also.lower()}
    return {
        name: _masked_token(value) if name.lower() in secret else value
        for name, value in headers.items()
    }


def _masked_token(value: str) -> str:
    if TOKEN.search(value):
        return TOKEN.sub(rf"\g<1>{MASK}", value)
    scheme = value.partition(" ")[0]
    return f"{scheme} {MASK}" if scheme.lower() in SCHEMES else MASK


def masked_body(body: bytes, content_type: str) -> Any:
    """A body without secrets: parsed JSON, or text."""
    if not body:
        return None
    if "form-urlencoded" in content_type:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return urlencode([(name, MASK if name in SECRET_FIELDS else v) for name, v in pairs])
    try:
        return _masked(json.loads(body))
    except (ValueError, RecursionError):
        return TOKEN.sub(rf"\g<1>{MASK}", body.decode("utf-8", "replace"))


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: MASK if k in SECRET_FIELDS else _masked(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return TOKEN.sub(rf"\g<1>{MASK}", value) if isinstance(value, str) else value
