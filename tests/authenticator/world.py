"""Keys of every kind that matters here, and the metadata that knows some of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.authenticator.key import SoftwareKey
from tests.authenticator.manufacturer import Manufacturer

CRESCENDO_KEY = UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")
CRESCENDO_KEY_V2 = UUID("2d3bec26-15ee-4f5d-88b2-53622490270b")
CRESCENDO_FUSION = UUID("c4ddaf11-3032-4e77-b3b9-3a340369b9ad")
CRESCENDO_C2300 = UUID("aeb6569c-f8fb-4950-ac60-24ca2bbe2e52")
CRESCENDO_C3000 = UUID("c80dbd9a-533f-4a17-b941-1a2f1c7cedff")
NOBODYS = UUID("0e1d2c3b-4a59-4687-9786-a5b4c3d2e1f0")


class World:
    """One manufacturer whose models stand in for HID's, and some who are not so good.

    Metadata gets its intermediate as an anchor of the HID models named above, so that a software
    key can be what only a real one could be.
    """

    def __init__(self) -> None:
        self.maker = Manufacturer("HID Stand-in")
        self.forger = Manufacturer("HID Stand-in")
        self.careless = Manufacturer("Careless Keys", intermediate_ca=False)
        self.lapsed = Manufacturer("Lapsed Keys", intermediate_days=(-365, -1))

    def key(self, aaguid: UUID = CRESCENDO_KEY, **arguments: Any) -> SoftwareKey:
        """A good key of an allowed model."""
        return SoftwareKey(self.maker, aaguid, **arguments)

    def forged_key(self) -> SoftwareKey:
        """A key that claims an allowed model, by certificates with the same names."""
        return SoftwareKey(self.forger, CRESCENDO_KEY)

    def other_key(self) -> SoftwareKey:
        """A good key of a model that is known and not HID's."""
        return SoftwareKey(self.maker)

    def unknown_key(self) -> SoftwareKey:
        """A key of a model that no metadata knows."""
        return SoftwareKey(self.maker, NOBODYS)

    def phone(self) -> SoftwareKey:
        """A passkey that is copied to other devices."""
        return SoftwareKey(self.maker, attachment="platform", transports=("internal", "hybrid"))

    def entries(self) -> list[dict[str, Any]]:
        """The metadata entries that make all this so."""
        revoked = self.maker.metadata_entry(CRESCENDO_FUSION, "Withdrawn")
        revoked["statusReports"] = [{"status": "REVOKED", "effectiveDate": "2026-01-01"}]
        broken = self.maker.metadata_entry(CRESCENDO_C2300, "Broken")
        broken["statusReports"] = [
            {"status": "USER_KEY_REMOTE_COMPROMISE", "effectiveDate": "2026-01-01"}
        ]
        return [
            self.key().metadata_entry(),
            self.other_key().metadata_entry(),
            revoked,
            broken,
            self.careless.metadata_entry(
                CRESCENDO_KEY_V2, "Careless", anchors=[self.careless.root.der]
            ),
            self.lapsed.metadata_entry(CRESCENDO_C3000, "Lapsed"),
        ]

    def write(self, path: Path) -> Path:
        """Put the entries into a file for `LATCHKEY_METADATA_FILE`."""
        path.write_text(json.dumps({"entries": self.entries()}))
        return path

    def careless_key(self) -> SoftwareKey:
        """A key whose chain, `x5c`, goes through a certificate that is no CA."""
        return SoftwareKey(self.careless, CRESCENDO_KEY_V2)

    def lapsed_key(self) -> SoftwareKey:
        """A key whose anchor has expired."""
        return SoftwareKey(self.lapsed, CRESCENDO_C3000)
