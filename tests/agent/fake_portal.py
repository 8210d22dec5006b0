"""A portal that says yes, for tests of the agent alone."""

from __future__ import annotations

import json
import secrets
from typing import Any

from latchkey_agent.link import Link
from latchkey_agent.portal import Portal
from latchkey_agent.stop import Refused
from tests.authenticator.key import encoded

TOKEN = "t" * 43
LINK = f"https://portal.example.com/agent/{TOKEN}"


class FakePortal(Portal):
    """Answers as the interface does, and keeps what it was asked.

    Args:
        options: members that differ from a plain registration's.
        refuses: what is refused, with the code.
        steps: how many ceremonies the link takes.
    """

    def __init__(
        self,
        link: Link | None = None,
        *,
        rp_id: str = "portal.example.com",
        origin: str = "https://portal.example.com",
        models: dict[str, str] | None = None,
        options: dict[str, Any] | None = None,
        refuses: dict[str, str] | None = None,
        steps: int = 1,
        places: list[list[dict[str, str]]] | None = None,
    ) -> None:
        super().__init__(link or Link("https://portal.example.com", "agent", TOKEN))
        self.rp_id, self.origin, self.models = rp_id, origin, models
        self.changes = options or {}
        self.refuses = refuses or {}
        self.steps = steps
        self.places = places or [[]]
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: list[dict[str, Any]] = []

    def connect(self, link: Link) -> FakePortal:
        """What `main` is given to speak to the link's portal."""
        return self

    def questions(self) -> list[str]:
        """What was asked for, in order."""
        return [what for what, _ in self.asked]

    def post(self, what: str, **fields: str) -> dict[str, Any]:
        self.asked.append((what, fields))
        if what in self.refuses:
            raise Refused(self.refuses[what], "No.")
        match what:
            case "look":
                return self._about()
            case "exchange":
                return {**self._about(), "secret": "s" * 43, "expires": "2030-01-01T00:00:00+00:00"}
            case "options":
                return {
                    "ceremony": "00000000-0000-4000-8000-000000000001",
                    "options": self._options(),
                    "origin": self.origin,
                }
            case "answer":
                self.answers.append(json.loads(fields["response"]))
                self.steps -= 1
                return {
                    "passkey": "00000000-0000-4000-8000-000000000002",
                    "nickname": "Example Key",
                    "model": "Example Key",
                    "places": [],
                    "next": self._about() if self.steps else None,
                }
        return {}

    def get(self, what: str) -> dict[str, Any]:
        self.asked.append((what, {}))
        now = self.places.pop(0) if len(self.places) > 1 else self.places[0]
        return {"places": now, "moving": any(one["state"] == "on its way" for one in now)}

    def _about(self) -> dict[str, Any]:
        return {
            "person": "Grace Hopper",
            "portal": "Example",
            "directory": None,
            "way": "own",
            "rp_id": self.rp_id,
            "models": None
            if self.models is None
            else [{"aaguid": one, "name": name} for one, name in self.models.items()],
        }

    def _options(self) -> dict[str, Any]:
        return {
            "rp": {"id": self.rp_id, "name": "Example"},
            "user": {"id": encoded(b"grace"), "name": "grace", "displayName": "Grace"},
            "challenge": encoded(secrets.token_bytes(32)),
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "timeout": 60_000,
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "direct",
            **self.changes,
        }
