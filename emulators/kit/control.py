"""What tests and people may do to an emulator beside using it."""

from __future__ import annotations

from typing import Any

from emulators.kit.emulator import Emulator
from emulators.kit.faults import Fault, Kind
from emulators.kit.recorder import Seen


class Control:
    """The Python side of the control API; a vendor adds what is its own.

    Args:
        emulator: what is controlled.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def state(self) -> dict[str, Any]:
        """What `GET /_emulator/` shows; no secrets."""
        return {"variants": self._emulator.variants.all()}

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
        self._emulator.faults.release()

    def wait_until_held(self, seconds: float = 10.0) -> bool:
        """Wait until a request is held; False when none came."""
        return self._emulator.faults.wait_until_held(seconds)

    def fault(self, fault: Fault) -> None:
        """Let the next matching requests fail."""
        self._emulator.faults.add(fault)

    def clear_faults(self) -> None:
        """Forget every fault."""
        self._emulator.faults.clear()

    def vary(self, **switches: str) -> None:
        """Choose variants of doubtful rules (see the vendor's `variants.SWITCHES`).

        Raises:
            ValueError: for an unknown switch or value.
        """
        for name, value in switches.items():
            self._emulator.variants.choose(name, value)

    def forward(self, seconds: float) -> None:
        """Move the emulator's time forward."""
        self._emulator.forward(seconds)

    def requests(self, *, method: str = "", path: str = "") -> list[Seen]:
        """The requests received, oldest first, secrets masked; by method and part of the path."""
        return [
            seen
            for seen in self._emulator.recorder.all()
            if (not method or seen.method == method) and path in seen.path
        ]

    def forget_requests(self) -> None:
        """Start a new record."""
        self._emulator.recorder.clear()

    def reset(self) -> None:
        """Back to a fresh emulator; its credentials and addresses stay."""
        self._emulator.reset()
