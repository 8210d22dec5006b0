"""One emulated PingOne organisation: everything that the faces share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from emulators.kit.emulator import Emulator
from emulators.kit.recorder import Masks
from emulators.pingone.errors import error_body
from emulators.pingone.limits import Limits
from emulators.pingone.variants import SWITCHES

DATABASE = "pingone.db"
MASKS = Masks(
    fields=frozenset({"client_secret", "access_token", "secret", "password", "client_assertion"}),
    token=re.compile(r"\b(eyJ)[\w-]+\.[\w-]+\.[\w-]+"),
)

Document = dict[str, Any]


class PingOne(Emulator):
    """An emulated organisation: an environment with people, and one with administrators only.

    Args:
        data_dir: where its data lives and stays; None keeps it in memory.
        fill: puts into an empty one what a fresh one holds.
        rp_id: the relying party ID of the FIDO policy for the portal.
        people: how many people a fresh one holds.
    """

    def __init__(
        self,
        data_dir: Path | None,
        *,
        fill: Callable[[PingOne], None],
        rp_id: str = "localhost",
        people: int = 240,
    ) -> None:
        super().__init__(
            data_dir, database=DATABASE, switches=SWITCHES, masks=MASKS, error_body=error_body
        )
        self.rp_id = rp_id
        self.people = people
        self.url = ""
        self.limits = Limits(self.variants)
        self._fill = fill
        fill(self)

    @property
    def api(self) -> str:
        """The base of every address that it hands out."""
        return f"{self.url}/v1"

    def of(self, environment_id: str, kind: str) -> Iterator[Document]:
        """Every document of a kind in an environment, in the order of ids."""
        for document in self.store.all(kind):
            if document["environment"]["id"] == environment_id:
                yield document

    def one(self, environment_id: str, kind: str, document_id: str) -> Document | None:
        """One document, if it is in that environment."""
        found = self.store.get(kind, document_id.lower())
        return found if found and found["environment"]["id"] == environment_id else None

    def put(self, kind: str, document: Document) -> None:
        """Write a document under its id."""
        self.store.put(kind, document["id"], document)

    def reset(self) -> None:
        """Back to a fresh organisation; the secrets of its own applications stay."""
        with self.store.transaction():
            secrets = self.store.items("secret")
            self.store.clear()
            self._fill(self)
            for application, secret in secrets:
                if self.store.get("application", application):
                    self.store.put("secret", application, secret)
        self.limits.clear()
        super().reset()

    def close(self) -> None:
        """Let go of limits, faults and data."""
        self.limits.clear()
        super().close()
