"""One emulated project: everything that the faces share."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

from emulators.kit.emulator import Emulator
from emulators.kit.recorder import Masks
from emulators.ory.clients import Clients
from emulators.ory.editions import Edition
from emulators.ory.errors import OryError
from emulators.ory.identities import Identities
from emulators.ory.limits import Limits
from emulators.ory.login import Logins, RelyingParty
from emulators.ory.schemas import Schemas
from emulators.ory.seed import seed, seed_client
from emulators.ory.sessions import Sessions
from emulators.ory.variants import SWITCHES

DATABASE = "ory.db"
SECRET_FIELDS = frozenset(
    {
        "passkey_login", "session_token", "client_secret", "password", "hashed_password",
        "totp_url", "codes", "access_token",
    }
)  # fmt: skip
TOKEN = re.compile(r"\b(ory_(?:pat|apikey|wak|st|at)_)[\w-]+")


class Ory(Emulator):
    """An emulated Ory project.

    Args:
        data_dir: where its data lives and stays; None keeps it in memory.
        edition: flavour and version.
        party: RP ID and origins of the passkey method.
        proxy_header: name and value that a proxy before a self-hosted admin port demands
            (ory.md 1); empty name for none.
        gateway: whether an OAuth2 gateway stands before a self-hosted admin port.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        edition: Edition | None = None,
        party: RelyingParty | None = None,
        proxy_header: tuple[str, str] = ("", ""),
        gateway: bool = False,
    ) -> None:
        super().__init__(
            data_dir,
            database=DATABASE,
            switches=SWITCHES,
            masks=Masks(
                headers=frozenset({"x-session-token", proxy_header[0].lower()}),
                fields=SECRET_FIELDS,
                token=TOKEN,
            ),
            error_body=lambda status: json.dumps(OryError(status, "Failed on request").body()),
        )
        self.edition = edition or Edition()
        self.proxy_header = proxy_header
        self.gateway = gateway
        self.public_url = ""
        self.admin_url = ""
        self.lag = timedelta(seconds=4.8)
        """ory.md 2.6: how far lists lag under `eventual`."""
        self.limits = Limits(self.variants)
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
        seed_client(self.store, self.clients, now=self.now())

    @property
    def keys(self) -> dict[str, str]:
        """The keys: "project", "project_second" (the other prefix) and "workspace"."""
        return self.store.get("setting", "keys") or {}

    @property
    def api_key(self) -> str:
        """The project key."""
        return self.keys["project"]

    @property
    def client(self) -> dict[str, str]:
        """The `client_id` and `client_secret` of the client that every project has here."""
        return self.store.get("setting", "client") or {}

    def reset(self) -> None:
        """Back to a fresh project: data and faults go, keys, client and addresses stay."""
        keys, client = self.keys, self.client
        with self.store.transaction():
            self.store.clear()
            seed(self.store, self.schemas, self.identities, now=self.now())
            self.store.put("setting", "keys", keys)
            self.store.put("setting", "client", client)
            seed_client(self.store, self.clients, now=self.now())
        self.limits.clear()
        super().reset()

    def serve_at(self, *, public_url: str, admin_url: str) -> None:
        """Say where it is reached, and write that for the portal beside the data.

        `connection.json` (mode 0600) holds `endpoint`, `api_key`, `client_id`, `client_secret`
        and, for a self-hosted one, `admin_endpoint` and `token_url`.
        """
        self.public_url, self.admin_url = public_url, admin_url
        connection = {"endpoint": public_url, "api_key": self.api_key, **self.client}
        if not self.edition.network:
            token_url = f"{public_url}/oauth2/token"
            connection |= {"admin_endpoint": admin_url, "api_key": "", "token_url": token_url}
        self.write_connection(connection)
