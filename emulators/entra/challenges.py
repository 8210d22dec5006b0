"""Challenges of creation options: long, with an end, for one user (entra.md 2.1)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from emulators.entra.jwt import encode64
from emulators.kit.store import Store

CERTIFICATE = 1134
"""Bytes of each certificate in the challenge, so that it is about 6.9 KB (entra.md 2.1 [M])."""


@dataclass(frozen=True)
class Challenge:
    """What stands behind a challenge."""

    user_id: str
    expires: datetime
    used: bool


class Challenges:
    """The challenges that were given out; theirs is stateless, here their hashes are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, user_id: str, *, minutes: int, now: datetime) -> tuple[str, datetime]:
        """A challenge (base64url) and its end, in whole seconds as Graph writes it."""
        text = encode64(_jwe().encode())
        expires = (now + timedelta(minutes=minutes)).replace(microsecond=0)
        kept = {"user": user_id, "expires": expires.isoformat(), "used": False}
        self._store.put("challenge", _hashed(text), kept)
        return text, expires

    def find(self, text: str) -> Challenge | None:
        """What a challenge was given out for; None for one that never was."""
        kept = self._store.get("challenge", _hashed(text))
        if kept is None:
            return None
        expires = datetime.fromisoformat(kept["expires"])
        return Challenge(kept["user"], expires, kept["used"])

    def use(self, text: str) -> None:
        """Mark a challenge as answered."""
        kept = self._store.get("challenge", _hashed(text))
        if kept is not None:
            self._store.put("challenge", _hashed(text), kept | {"used": True})


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _header() -> str:
    chain = [base64.b64encode(secrets.token_bytes(CERTIFICATE)).decode() for _ in range(2)]
    return encode64(json.dumps({"alg": "RSA-OAEP-256", "enc": "A256GCM", "x5c": chain}).encode())


def _jwe() -> str:
    """The form of a JWE in its five parts; nobody but Entra could read a real one."""
    sizes = (256, 12, 512, 16)  # key, initialisation vector, content, tag
    return ".".join([_header(), *(encode64(secrets.token_bytes(size)) for size in sizes)])
