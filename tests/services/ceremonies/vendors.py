"""Portals connected to running emulated PingOnes and Entras, as an administrator connects them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from emulators.entra.running import Running as Tenant
from emulators.pingone.running import Running as Ping
from models import Directory, DirectoryType, Person, Placement, PlacementState
from services import directories
from services.deliveries import discards, worker
from tests.records import Records


def connect(portal, type: DirectoryType, settings: dict[str, Any], secret: str) -> int:
    """Connect, test and add; the directory's key."""
    with portal.database.write() as session:
        directory = directories.draft(
            session,
            portal.sealer,
            type=type,
            name=type.name.title(),
            settings=settings,
            secret=secret,
            actor=None,
            now=portal.now(),
        )
        directories.add(session, directory, actor=None, now=portal.now())
        key, name = directory.id, directory.uuid
    assert directories.run_test(portal, name, probe=False, actor=None).newly_verified
    return key


def connect_ping(portal, ping: Ping, rp_id: str = "localhost") -> int:
    settings = {name: value for name, value in ping.connection().items() if name != "secret"}
    settings["relying_party_id"] = rp_id
    return connect(portal, DirectoryType.PINGONE, settings, ping.client_secret)


def connect_entra(portal, tenant: Tenant) -> int:
    settings = {
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.client_id,
        "credential": "secret",
        "login_url": tenant.url,
        "graph_url": tenant.url,
    }
    return connect(portal, DirectoryType.ENTRA, settings, tenant.client_secret)


def link(portal, directory_id: int, person_id: int, remote_id: str) -> None:
    """Note whose the record is."""
    with portal.database.write() as session:
        Records(session, portal.now).identity(
            session.get_one(Directory, directory_id), session.get_one(Person, person_id), remote_id
        )


def work(portal) -> None:
    """What a worker does of what is due."""
    worker.work(portal, worker="worker")
    discards.work(portal, worker="worker")


def placed(portal, passkey, directory_id: int) -> bool:
    """Whether the directory confirmed the passkey."""
    with portal.database.read() as session:
        found = session.scalars(
            select(Placement).where(
                Placement.passkey_id == passkey.id, Placement.directory_id == directory_id
            )
        ).one()
        return found.actual is PlacementState.PRESENT
