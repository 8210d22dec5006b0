"""One emulated project: everything that the faces share."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from emulators.ory.clients import Clients
from emulators.ory.editions import Edition
from emulators.ory.faults import Faults
from emulators.ory.identities import Identities
from emulators.ory.limits import Limits
from emulators.ory.login import Logins, RelyingParty
from emulators.ory.recorder import Recorder
from emulators.ory.schemas import Schemas
from emulators.ory.seed import seed
from emulators.ory.sessions import Sessions
from emulators.ory.store import Store
from emulators.ory.variants import Variants

DATABASE = "ory.db"
CONNECTION = "connection.json"


class Ory:
    """An emulated Ory project.

    Args:
        data_dir: where its data lives and stays; None keeps it in memory.
        edition: flavour and version.
        party: RP ID and origins of the passkey method.
        proxy_header: name and value that a proxy before a self-hosted admin port demands
            (ory.md 1); empty name for none.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        edition: Edition | None = None,
        party: RelyingParty | None = None,
        proxy_header: tuple[str, str] = ("", ""),
    ) -> None:
        self.edition = edition or Edition()
        self.proxy_header = proxy_header
        self.public_url = ""
        self.admin_url = ""
        self.lag = timedelta(seconds=4.8)
        """ory.md 2.6: how far lists lag under `eventual`."""
        self.variants = Variants()
        self.faults = Faults()
        self.recorder = Recorder()
        self.limits = Limits(self.variants)
        self._ahead = timedelta()
        self._data_dir = data_dir
        self.store = Store(data_dir / DATABASE if data_dir else None)
        self.schemas = Schemas(self.store)
        self.identities = Identities(self.store, self.schemas, self.edition, self.variants)
        self.sessions = Sessions(self.store)
        self.logins = Logins(
            self.store,
            self.identities,
            self.edition,
            self.variants,
            self.sessions,
            party or RelyingParty("localhost", ("http://localhost:5000",)),
        )
        self.clients = Clients(self.store)
        seed(self.store, self.schemas, self.identities, now=self.now())

    def now(self) -> datetime:
        """The emulator's time: the clock's, moved forward on request."""
        return datetime.now(UTC) + self._ahead

    def forward(self, seconds: float) -> None:
        """Move time forward."""
        self._ahead += timedelta(seconds=seconds)

    @property
    def keys(self) -> dict[str, str]:
        """The keys: "project", "project_second" (the other prefix) and "workspace"."""
        return self.store.get("setting", "keys") or {}

    @property
    def api_key(self) -> str:
        """The project key."""
        return self.keys["project"]

    def reset(self) -> None:
        """Back to a fresh project: data and faults go, keys and addresses stay."""
        keys = self.keys
        with self.store.transaction():
            self.store.clear()
            seed(self.store, self.schemas, self.identities, now=self.now())
            self.store.put("setting", "keys", keys)
        self.variants.reset()
        self.faults.clear()
        self.limits.clear()
        self.recorder.clear()

    def serve_at(self, *, public_url: str, admin_url: str) -> None:
        """Say where it is reached, and write that for the portal beside the data.

        `connection.json` (mode 0600) holds `endpoint`, `api_key` and, for a self-hosted one,
        `admin_endpoint`.
        """
        self.public_url, self.admin_url = public_url, admin_url
        if self._data_dir is None:
            return
        connection = {"endpoint": public_url, "api_key": self.api_key}
        if not self.edition.network:
            connection |= {"admin_endpoint": admin_url, "api_key": ""}
        _write_private(self._data_dir / CONNECTION, json.dumps(connection, indent=2) + "\n")

    def close(self) -> None:
        """Let go of the data."""
        self.faults.clear()
        self.store.close()


def _write_private(path: Path, text: str) -> None:
    """Write a file at once and for its owner only (mkstemp makes it 0600)."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)
