"""What a token says of itself, taken as a hint only.

A token for Graph is Graph's to read, and may change its form (Entra contract section 6). So
nothing is verified here, nothing is decided by it alone, and what cannot be read is no failure.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from directories import strict_json
from directories.entra.settings import GRAPH

_GRAPH_APPLICATION = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class Claims:
    """The payload of a token."""

    values: Mapping[str, Any]

    @property
    def roles(self) -> frozenset[str] | None:
        """The application permissions that were consented to; None where it names none."""
        found = self.values.get("roles")
        if not isinstance(found, list):
            return None
        return frozenset(one for one in found if isinstance(one, str))

    @property
    def expires(self) -> datetime | None:
        """When it expires."""
        found = self.values.get("exp")
        if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 2**33:
            return None
        return datetime.fromtimestamp(found, UTC)

    def mismatch(self, *, tenant_id: str, client_id: str, graph_url: str) -> str:
        """What in it is not as configured, as a sentence; empty where nothing is.

        Args:
            tenant_id: a GUID, or empty where only a domain is known.
        """
        for name, wanted, what in (
            ("aud", (graph_url, f"{graph_url}/", GRAPH, _GRAPH_APPLICATION), "another API"),
            ("tid", (tenant_id,) if tenant_id else (), "another tenant"),
            ("appid", (client_id,), "another application"),
        ):
            found = self.values.get(name)
            if wanted and isinstance(found, str) and found.lower() not in wanted:
                return f"The token is for {what}."
        return ""


def claims(token: str) -> Claims | None:
    """Read a token's payload without verifying it; None where it cannot be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        values = strict_json.loads(payload)
    except (binascii.Error, ValueError):
        return None
    return Claims(values) if isinstance(values, Mapping) else None
