"""The running portal: what every page, command and worker is given to work with.

It is made once for each process from the settings, and handed down; nothing in `services` keeps
state of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from config import Settings
from models.db import Database
from services.attestation.metadata import MetadataSource
from services.sealing import Sealer, check_canary


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _nobody_to_wake() -> None:
    """Without a queue the sweep finds deliveries within a minute."""


@dataclass
class Portal:
    """Settings, database and the few long-lived helpers."""

    settings: Settings
    database: Database
    sealer: Sealer
    metadata: MetadataSource
    now: Callable[[], datetime] = field(default=_utc_now)
    wake: Callable[[], None] = field(default=_nobody_to_wake)
    """Tell the workers that a delivery was written. Called after the transaction, never in it."""

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()


def open_portal(settings: Settings) -> Portal:
    """Open the database, check the sealing keys, and load the authenticator metadata.

    Raises:
        SealBroken: when the sealing keys do not fit the database.
        MetadataError: when the extra metadata file cannot be read.
    """
    database = Database(settings.database_url.get_secret_value())
    sealer = Sealer([key.get_secret_value() for key in settings.sealing_keys])
    with database.write() as session:
        check_canary(session, sealer)
    return Portal(
        settings=settings,
        database=database,
        sealer=sealer,
        metadata=MetadataSource.load(settings.metadata_file),
    )
