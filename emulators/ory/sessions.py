"""Sessions opened by a sign-in, and their end (ory.md 8b step 3 and 4)."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from emulators.kit.store import Store
from emulators.ory.errors import OryError
from emulators.ory.identities import stamp

LIFE = timedelta(hours=24)


class Sessions:
    """The sessions of the project; tokens are kept hashed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, identity_id: str, now: datetime) -> dict[str, Any]:
        """A session by passkey: `session_token`, `session`, `identity_id`, `continue_with`."""
        token = f"ory_st_{secrets.token_urlsafe(24)}"
        time = stamp(now)
        session = {
            "id": str(uuid.uuid4()),
            "active": True,
            "expires_at": stamp(now + LIFE),
            "authenticated_at": time,
            "authenticator_assurance_level": "aal1",
            "authentication_methods": [{"method": "passkey", "aal": "aal1", "completed_at": time}],
            "issued_at": time,
            "devices": [{"id": str(uuid.uuid4()), "ip_address": "127.0.0.1"}],
        }
        self._store.put("session", _hashed(token), {"session": session, "identity": identity_id})
        return {
            "session_token": token,
            "session": session,
            "identity_id": identity_id,
            "continue_with": [{"action": "set_ory_session_token", "ory_session_token": token}],
        }

    def find(self, token: str, now: datetime) -> tuple[dict[str, Any], str] | None:
        """The live session of a token, with its identity's id."""
        kept = self._store.get("session", _hashed(token))
        if kept is None or not kept["session"]["active"]:
            return None
        if kept["session"]["expires_at"] < stamp(now):
            return None
        return kept["session"], kept["identity"]

    def end(self, token: str) -> None:
        """Log out: fine if it was ended already.

        Raises:
            OryError: 403 for a token that never was.
        """
        with self._store.transaction():
            kept = self._store.get("session", _hashed(token))
            if kept is None:
                raise OryError(
                    403,
                    "The requested action was forbidden",
                    "The provided Ory Session Token could not be found, is invalid, or otherwise "
                    "malformed.",
                )
            kept["session"]["active"] = False
            self._store.put("session", _hashed(token), kept)

    def of_identity(self, identity_id: str) -> list[dict[str, Any]]:
        """The sessions of an identity."""
        sessions = self._store.all("session")
        return [kept["session"] for kept in sessions if kept["identity"] == identity_id]

    def end_all(self, identity_id: str) -> None:
        """Remove every session of an identity."""
        with self._store.transaction():
            for digest, kept in self._store.items("session"):
                if kept["identity"] == identity_id:
                    self._store.delete("session", digest)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
