"""Identities as Ory writes them (ory.md 2.1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from emulators.ory.emulator import Ory
from emulators.ory.schemas import encoded_id


def identity_json(
    ory: Ory,
    identity: dict[str, Any],
    *,
    include: Collection[str] = (),
    credentials: bool = True,
    admin: bool = True,
) -> dict[str, Any]:
    """An identity for an answer.

    Args:
        ory: for the address of the schema.
        identity: as stored.
        include: types whose config is shown (`include_credential`).
        credentials: whether credentials are shown at all; without config by default.
        admin: whether `metadata_admin` is shown.
    """
    shown = {name: value for name, value in identity.items() if name != "credentials"}
    for name in ("external_id", "region"):
        if not shown.get(name):
            shown.pop(name, None)
    for name in ("verifiable_addresses", "recovery_addresses"):
        if not shown[name]:
            del shown[name]
    if not admin:
        del shown["metadata_admin"]
    shown["schema_url"] = f"{ory.public_url}/schemas/{encoded_id(identity['schema_id'])}"
    if credentials:
        shown["credentials"] = {
            kind: _credential(entry, config=kind in include)
            for kind, entry in identity["credentials"].items()
        }
    return shown


def _credential(entry: dict[str, Any], *, config: bool) -> dict[str, Any]:
    shown = {name: value for name, value in entry.items() if config or name != "config"}
    # Go writes what is not UTF-8 as U+FFFD.
    shown["identifiers"] = [
        identifier.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for identifier in entry["identifiers"]
    ]
    return shown
