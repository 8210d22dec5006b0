"""What every emulator holds: a movable clock, its data, switches, faults and the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from emulators.kit.faults import Faults
from emulators.kit.files import write_private
from emulators.kit.recorder import Masks, Recorder
from emulators.kit.store import Store
from emulators.kit.variants import Switch, Variants

CONNECTION = "connection.json"


class Emulator:
    """The base of an emulator.

    Args:
        data_dir: where its data lives and stays; None keeps it in memory.
        database: the name of its file there.
        switches: its doubtful rules.
        masks: what its record leaves out.
        error_body: the vendor's JSON for a status that was asked for.
    """

    def __init__(
        self,
        data_dir: Path | None,
        *,
        database: str,
        switches: Mapping[str, Switch],
        masks: Masks,
        error_body: Callable[[int], str],
    ) -> None:
        self._data_dir = data_dir
        self._ahead = timedelta()
        self.store = Store(data_dir / database if data_dir else None)
        self.variants = Variants(switches)
        self.faults = Faults(error_body)
        self.recorder = Recorder(masks)

    def now(self) -> datetime:
        """The emulator's time: the clock's, moved forward on request."""
        return datetime.now(UTC) + self._ahead

    def forward(self, seconds: float) -> None:
        """Move time forward."""
        self._ahead += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Back to a fresh emulator; a subclass puts its data back too."""
        self.variants.reset()
        self.faults.clear()
        self.recorder.clear()

    def write_connection(self, connection: Mapping[str, Any]) -> None:
        """Write beside the data what the portal needs to connect, for its owner only."""
        if self._data_dir is not None:
            text = json.dumps(connection, indent=2) + "\n"
            write_private(self._data_dir / CONNECTION, text)

    def close(self) -> None:
        """Let go of the data."""
        self.faults.clear()
        self.store.close()
