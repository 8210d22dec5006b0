"""The requests that came in, with every secret masked."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

KEPT = 2000
USUAL_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
SCHEMES = ("basic", "bearer")
MASK = "***"


@dataclass(frozen=True)
class Masks:
    """What is secret in requests.

    Args:
        headers: names in lower case, beside the usual ones.
        fields: of JSON and form bodies, at any depth.
        token: the form of a token; its first group, the kind, is kept. None where there is none.
    """

    headers: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    token: re.Pattern[str] | None = None

    def of_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers without secrets; of a token its kind is kept."""
        secret = USUAL_HEADERS | self.headers
        return {
            name: self._credential(value) if name.lower() in secret else value
            for name, value in headers.items()
        }

    def of_body(self, body: bytes, content_type: str) -> Any:
        """A body without secrets: parsed JSON, or text."""
        if not body:
            return None
        if "form-urlencoded" in content_type:
            pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
            return urlencode([(name, MASK if name in self.fields else v) for name, v in pairs])
        try:
            return self._value(json.loads(body))
        except (ValueError, RecursionError):
            return self.of_text(body.decode("utf-8", "replace"))

    def of_text(self, text: str) -> str:
        """A text without tokens."""
        return self.token.sub(rf"\g<1>{MASK}", text) if self.token else text

    def _credential(self, value: str) -> str:
        if self.token and self.token.search(value):
            return self.of_text(value)
        scheme = value.partition(" ")[0]
        return f"{scheme} {MASK}" if scheme.lower() in SCHEMES else MASK

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: MASK if self._is_secret(k) else self._value(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return self.of_text(value) if isinstance(value, str) else value

    def _is_secret(self, name: str) -> bool:
        """Fields by their name, and headers that a body carries (as batches do)."""
        return name in self.fields or name.lower() in USUAL_HEADERS


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
    """The last requests, oldest first.

    Args:
        masks: what is left out.
    """

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._lock = threading.Lock()
        self._seen: deque[Seen] = deque(maxlen=KEPT)

    def add(
        self,
        *,
        face: str,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        status: int,
    ) -> None:
        """Keep one request, masked."""
        folded = {name.lower(): value for name, value in headers.items()}
        seen = Seen(
            face=face,
            method=method,
            path=path,
            query=self._masks.of_text(query),
            headers=self._masks.of_headers(headers),
            body=self._masks.of_body(body, folded.get("content-type", "")),
            status=status,
        )
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
