"""From a directory's record to a connector, and the emulated directory that a trial offers."""

from __future__ import annotations

import json
from typing import NamedTuple

from config import Settings
from directories import registry
from directories.base import Connector, Misconfigured
from models import Directory
from services.directories.records import SEALED_FOR
from services.portal import Portal
from services.sealing import SealBroken


def connector(portal: Portal, directory: Directory) -> Connector:
    """The connector of a directory. Makes no call, so it may be built inside a transaction.

    Raises:
        Misconfigured: `directory.secret_sealed` when the stored secret does not open with the
            sealing keys in the settings, and whatever the connector finds wrong with its own.
    """
    secret = None
    if directory.sealed_secret is not None:
        try:
            secret = portal.sealer.open(SEALED_FOR, directory.sealed_secret)
        except SealBroken as broken:
            raise Misconfigured(
                f"{broken} Enter the key of this directory again.", code="directory.secret_sealed"
            ) from None
    return registry.build(
        directory.type.value,
        directory.settings,
        secret,
        private_destinations=portal.settings.private_destinations,
    )


class EmulatedOry(NamedTuple):
    """How to reach the emulated Ory of a trial."""

    endpoint: str
    api_key: str


def emulated_ory(settings: Settings) -> EmulatedOry | None:
    """What the emulated Ory wrote down for the connection form; None where none has run here."""
    if settings.production:
        return None
    path = settings.data_dir / "emulators" / "ory" / "connection.json"
    try:
        written = json.loads(path.read_text())
        return EmulatedOry(str(written["endpoint"]), str(written["api_key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
