"""What tests and people may do to the emulator beside using it."""

from __future__ import annotations

from typing import Any

from emulators.kit.control import Control as Base
from emulators.ory.emulator import Ory
from emulators.ory.login import RelyingParty


class Control(Base):
    """The Python side of the control API."""

    def __init__(self, ory: Ory) -> None:
        super().__init__(ory)
        self._ory = ory

    def state(self) -> dict[str, Any]:
        """Edition, relying party and switches."""
        party = self._ory.logins.party
        return {
            "flavour": self._ory.edition.flavour,
            "version": self._ory.edition.version,
            "relying_party": {"id": party.id, "origins": party.origins},
            **super().state(),
        }

    def clear_faults(self) -> None:
        """Forget faults and limits."""
        super().clear_faults()
        self._ory.limits.clear()

    def limit(self, left: int, *, seconds: int = 60) -> None:
        """Answer `left` more admin requests, then 429 for a time (Ory Network only)."""
        self._ory.limits.set(left, seconds=seconds, now=self._ory.now())

    def relying_party(self, rp_id: str, *origins: str) -> None:
        """Configure the passkey method anew."""
        self._ory.logins.party = RelyingParty(rp_id, origins)

    def expire_flows(self) -> None:
        """Make every login flow an expired one."""
        self._ory.logins.expire_flows(self._ory.now())

    def add_schema(self, schema_id: str, schema: dict[str, Any], *, default: bool = False) -> None:
        """Add an identity schema, or replace one."""
        self._ory.schemas.add(schema_id, schema, default=default)

    def revoke_tokens(self) -> None:
        """End every access token of an OAuth2 client before its time."""
        self._ory.clients.revoke_tokens()

    def identities(self) -> list[dict[str, Any]]:
        """Every identity as stored, credentials with config included."""
        return list(self._ory.identities.all())
