"""One emulated tenant: everything that the token endpoint and Graph share."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

from emulators.entra.application import Application
from emulators.entra.challenges import Challenges
from emulators.entra.directory import Directory
from emulators.entra.errors import GraphError
from emulators.entra.limits import Limits
from emulators.entra.passkeys import LAG, Passkeys
from emulators.entra.people import DOMAIN, INITIAL_DOMAIN
from emulators.entra.policy import Policy
from emulators.entra.tokens import LIFE, Tokens
from emulators.entra.variants import SWITCHES
from emulators.kit.emulator import Emulator
from emulators.kit.recorder import Masks

DATABASE = "entra.db"
PEOPLE = 320
MASKS = Masks(
    fields=frozenset(
        {
            "client_secret", "client_assertion", "access_token", "temporaryAccessPass",
            "clientDataJSON", "attestationObject",
        }
    ),
    token=re.compile(r"\b()eyJ[\w-]+\.[\w-]+\.[\w-]*"),
)  # fmt: skip


class Entra(Emulator):
    """An emulated tenant with one registered application.

    Args:
        data_dir: where its data lives and stays; None keeps it in memory.
        people: how many users a fresh tenant has.
    """

    def __init__(self, data_dir: Path | None = None, *, people: int = PEOPLE) -> None:
        super().__init__(
            data_dir,
            database=DATABASE,
            switches=SWITCHES,
            masks=MASKS,
            error_body=self._error_body,
        )
        self.url = ""
        self._people = people
        self.application = Application(self.store)
        self.tokens = Tokens(self.store, self.variants)
        self.directory = Directory(self.store)
        self.policy = Policy(self.store, self.directory.is_member)
        self.passkeys = Passkeys(self.store, self.variants)
        self.challenges = Challenges(self.store)
        self.limits = Limits(self.variants)
        self.validated: frozenset[str] | None = None
        """AAGUIDs whose attestation Microsoft has validated; None for every model (2.7 [D S24])."""
        with self.store.transaction():
            if not self.application.registered:
                self.store.put("setting", "tenant", {"id": str(uuid.uuid4())})
                self.application.register(now=self.now())
                self._fill()

    def _fill(self) -> None:
        self.directory.fill(self._people, self.application.all())
        self.policy.reset()
        self.passkeys.fill(self.directory.users(), now=self.now())

    def _error_body(self, status: int) -> str:
        error = GraphError(status, "UnknownError", "Failed on request.")
        ids = {"request_id": str(uuid.uuid4()), "client_request_id": str(uuid.uuid4())}
        return json.dumps(error.body(now=self.now(), **ids))

    @property
    def tenant_id(self) -> str:
        """Directory (tenant) ID."""
        return str((self.store.get("setting", "tenant") or {})["id"])

    @property
    def tenant_names(self) -> tuple[str, ...]:
        """What a tenant may be called by: its GUID or a verified domain (entra.md 1)."""
        return (self.tenant_id, DOMAIN, INITIAL_DOMAIN)

    def organization(self) -> dict[str, Any]:
        """The tenant as Graph shows it."""
        domains = [(INITIAL_DOMAIN, True, False), (DOMAIN, False, True)]
        return {
            "id": self.tenant_id,
            "displayName": "Birchwood",
            "countryLetterCode": "BE",
            "createdDateTime": "2021-03-01T08:00:00Z",
            "onPremisesSyncEnabled": True,
            "tenantType": "AAD",
            "verifiedDomains": [
                {
                    "name": name,
                    "isInitial": initial,
                    "isDefault": default,
                    "type": "Managed",
                    "capabilities": "Email, OfficeCommunicationsOnline",
                }
                for name, initial, default in domains
            ],
        }

    def assertion_was_used(self, jti: str) -> bool:
        """Whether a client assertion came before; from now on it did."""
        with self.store.transaction():
            used = self.store.get("assertion", jti) is not None
            self.store.put("assertion", jti, {})
        return used

    def reset(self) -> None:
        """Back to a fresh tenant: data and faults go, ids and credentials stay."""
        tenant = self.store.get("setting", "tenant") or {}
        application = self.application.all()
        with self.store.transaction():
            self.store.clear()
            self.store.put("setting", "tenant", tenant)
            self.application.restore(application, now=self.now())
            self._fill()
        self.validated = None
        self.tokens.life = LIFE
        self.passkeys.lag = LAG
        self.limits.clear()
        super().reset()

    def serve_at(self, url: str) -> None:
        """Say where it is reached, and write that for the portal beside the data.

        `connection.json` (mode 0600) holds `tenant_id`, `client_id`, `credential`, `certificate`,
        `secret_expires_on`, `login_url`, `graph_url` and `secret`.
        """
        self.url = url
        self.write_connection(
            {
                "tenant_id": self.tenant_id,
                "client_id": self.application.client_id,
                "credential": "secret",
                "certificate": "",
                "secret_expires_on": f"{self.application.secret_expires:%Y-%m-%d}",
                "login_url": url,
                "graph_url": url,
                "secret": self.application.secret,
            }
        )
