"""From a directory's record to a connector, and the emulated directory that a trial offers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from config import Settings
from directories import registry
from directories.base import Connector, Misconfigured
from directories.ory import Flavour
from models import Directory, DirectoryType
from services.directories.records import SEALED_CLIENT_FOR, SEALED_FOR
from services.portal import Portal
from services.sealing import SealBroken


def connector(portal: Portal, directory: Directory) -> Connector:
    """The connector of a directory. Makes no call, so it may be built inside a transaction.

    Raises:
        Misconfigured: `directory.secret_sealed` when the stored secret does not open with the
            sealing keys in the settings, and whatever the connector finds wrong with its own.
    """
    return registry.build(
        directory.type.value,
        directory.settings,
        _opened(portal, SEALED_FOR, directory.sealed_secret),
        client_secret=_opened(portal, SEALED_CLIENT_FOR, directory.sealed_client_secret),
        private_destinations=portal.settings.private_destinations,
    )


def _opened(portal: Portal, use: str, sealed: bytes | None) -> str | None:
    try:
        return None if sealed is None else portal.sealer.open(use, sealed)
    except SealBroken as broken:
        raise Misconfigured(
            f"{broken} Enter the key of this directory again.", code="directory.secret_sealed"
        ) from None


class Emulated(NamedTuple):
    """How to reach an emulated directory of a trial."""

    settings: Mapping[str, Any]
    """In the connector's own shape."""
    secret: str
    client_secret: str | None = None


def emulated(settings: Settings, type: DirectoryType) -> Emulated | None:
    """What the emulated directory wrote down for its connection; None where none has run here."""
    if settings.production:
        return None
    path = settings.data_dir / "emulators" / type.value / "connection.json"
    try:
        written = json.loads(path.read_text())
        return EMULATED[type](written)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _emulated_ory(written: Mapping[str, Any]) -> Emulated:
    place = {"endpoint": str(written["endpoint"]), "admin_endpoint": ""}
    way = {"flavour": Flavour.NETWORK.value, "auth": "", "header_name": ""}
    client = {"client_id": str(written.get("client_id", "")), "token_url": ""}
    secret = str(written["client_secret"]) if client["client_id"] else None
    return Emulated({**way, **place, **client}, str(written["api_key"]), secret)


def _emulated_whole(written: Mapping[str, Any]) -> Emulated:
    """One that writes every setting by its name, and the secret beside them."""
    settings = {name: value for name, value in written.items() if name != "secret"}
    return Emulated(settings, str(written["secret"]))


EMULATED: Mapping[DirectoryType, Callable[[Mapping[str, Any]], Emulated]] = {
    DirectoryType.ORY: _emulated_ory,
    DirectoryType.ENTRA: _emulated_whole,
    DirectoryType.PINGONE: _emulated_whole,
}
