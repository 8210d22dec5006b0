"""Emulated Entra ID and PingOne for browser tests, connected through services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulators.entra.running import Running as Entra
from emulators.pingone.running import Running as PingOne
from models import Directory, DirectoryType, Identity, Person
from services import directories, people
from tests.browser.conftest import Site


def entra(site: Site, tenant: Entra, name: str = "Contoso") -> Directory:
    """The emulated tenant, connected and tested."""
    settings = {
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.client_id,
        "credential": "secret",
        "login_url": tenant.url,
        "graph_url": tenant.url,
    }
    return _connected(site, DirectoryType.ENTRA, name, settings, tenant.client_secret)


def pingone(site: Site, ping: PingOne, name: str = "Ping of the house", **more: str) -> Directory:
    """The emulated environment, connected and tested.

    Args:
        more: further settings, as `relying_party_id`.
    """
    settings = ping.connection() | more
    secret = settings.pop("secret")
    return _connected(site, DirectoryType.PINGONE, name, settings, secret)


def link(site: Site, directory: Directory, person: Person, remote_id: str) -> None:
    """Link somebody here to their record there."""
    with site.portal.database.write() as session:
        session.add(
            Identity(
                directory_id=directory.id,
                person_id=person.id,
                remote_id=remote_id,
                linked_at=site.portal.now(),
            )
        )


def names_of(user: Mapping[str, Any]) -> people.Names:
    """Somebody here with the names and the address of a user of Entra."""
    return people.Names(user["givenName"], user["surname"], user["displayName"], user["mail"])


def _connected(
    site: Site, type: DirectoryType, name: str, settings: Mapping[str, Any], secret: str
) -> Directory:
    portal = site.portal
    with portal.database.write() as session:
        begun = directories.draft(
            session,
            portal.sealer,
            type=type,
            name=name,
            settings=settings,
            secret=secret,
            actor=None,
            now=portal.now(),
        )
        directories.add(session, begun, actor=None, now=portal.now())
    tested = directories.run_test(portal, begun.uuid, probe=False, actor=None)
    assert tested.report.verified, tested.report
    return begun
