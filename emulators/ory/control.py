"""What tests and people may do to the emulator beside using it."""

from __future__ import annotations

from typing import Any

from emulators.ory.emulator import Ory
from emulators.ory.faults import Fault, Kind
from emulators.ory.login import RelyingParty
from emulators.ory.recorder import Seen


class Control:
    """The Python side of the control API."""

    def __init__(self, ory: Ory) -> None:
        self._ory = ory

    def fail(self, *, times: int = 1, status: int = 503, **more: Any) -> None:
        """Answer the next matching requests with a status.

        Args:
            times: how many.
            status: which.
            more: `method`, `path` (a regular expression), `body`, `headers`, `after` (let the
                request do its work first).
        """
        self.fault(Fault(Kind.STATUS, times=times, status=status, **more))

    def html(self, *, times: int = 1, status: int = 502, **more: Any) -> None:
        """Answer the next matching requests with an HTML page."""
        self.fault(Fault(Kind.HTML, times=times, status=status, **more))

    def redirect(self, location: str, *, times: int = 1, **more: Any) -> None:
        """Answer the next matching requests with 307."""
        self.fault(Fault(Kind.REDIRECT, times=times, location=location, **more))

    def drop(self, *, times: int = 1, **more: Any) -> None:
        """Cut the connection of the next matching requests (with `after=True`, once done)."""
        self.fault(Fault(Kind.DROP, times=times, **more))

    def delay(self, seconds: float, *, times: int = 1, **more: Any) -> None:
        """Answer the next matching requests late."""
        self.fault(Fault(Kind.DELAY, times=times, seconds=seconds, **more))

    def hold(self, *, times: int = 1, **more: Any) -> None:
        """Hold the next matching requests until `release`."""
        self.fault(Fault(Kind.HOLD, times=times, **more))

    def release(self) -> None:
        """Let held requests go on."""
        self._ory.faults.release()

    def wait_until_held(self, seconds: float = 10.0) -> bool:
        """Wait until a request is held; False when none came."""
        return self._ory.faults.wait_until_held(seconds)

    def fault(self, fault: Fault) -> None:
        """Let the next matching requests fail."""
        self._ory.faults.add(fault)

    def clear_faults(self) -> None:
        """Forget faults and limits."""
        self._ory.faults.clear()
        self._ory.limits.clear()

    def limit(self, left: int, *, seconds: int = 60) -> None:
        """Answer `left` more admin requests, then 429 for a time (Ory Network only)."""
        self._ory.limits.set(left, seconds=seconds, now=self._ory.now())

    def vary(self, **switches: str) -> None:
        """Choose variants of doubtful rules (see `variants.SWITCHES`).

        Raises:
            ValueError: for an unknown switch or value.
        """
        for name, value in switches.items():
            self._ory.variants.choose(name, value)

    def relying_party(self, rp_id: str, *origins: str) -> None:
        """Configure the passkey method anew."""
        self._ory.logins.party = RelyingParty(rp_id, origins)

    def forward(self, seconds: float) -> None:
        """Move the emulator's time forward."""
        self._ory.forward(seconds)

    def expire_flows(self) -> None:
        """Make every login flow an expired one."""
        self._ory.logins.expire_flows(self._ory.now())

    def add_schema(self, schema_id: str, schema: dict[str, Any], *, default: bool = False) -> None:
        """Add an identity schema, or replace one."""
        self._ory.schemas.add(schema_id, schema, default=default)

    def requests(self, *, method: str = "", path: str = "") -> list[Seen]:
        """The requests received, oldest first, secrets masked; by method and part of the path."""
        return [
            seen
            for seen in self._ory.recorder.all()
            if (not method or seen.method == method) and path in seen.path
        ]

    def forget_requests(self) -> None:
        """Start a new record."""
        self._ory.recorder.clear()

    def identities(self) -> list[dict[str, Any]]:
        """Every identity as stored, credentials with config included."""
        return list(self._ory.identities.all())

    def reset(self) -> None:
        """Back to a fresh project; the keys stay."""
        self._ory.reset()
