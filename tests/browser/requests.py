"""Provisioning requests for browser tests and pictures: staged through services."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from models import Directory, Driver, Person, ProvisioningRequest
from services import people
from services.directories import by_uuid
from services.provisioning import drafts, inviting, rounds, sources
from tests.browser import scene
from tests.browser.conftest import Site

NAMES = ("Grace Hopper", "Joan Clarke", "Radia Perlman", "Hedy Lamarr", "Karen Jones")


def staged(site: Site, directory: Directory, name: str = "New starters") -> ProvisioningRequest:
    """A request of Ada's whose people were sent their links; one could not be taken in."""
    portal = site.portal
    chosen = [scene.person(site, scene.names(one)) for one in NAMES]
    with portal.database.write() as session:
        ada = session.scalars(select(Person).where(Person.email == scene.ADA.email)).one()
        request = drafts.begin(session, choices(site, name, directory), actor=ada, now=portal.now())
        found = [session.get_one(Person, one.id) for one in chosen]
        sources.add_people(session, request, found, actor=ada)
        text = "email,display_name\nwrong,Somebody\n" + f"{scene.ADA.email},\n"
        sources.add_file(session, request, text, actor=ada)
        drafts.confirm(session, request, actor=ada, now=portal.now())
        inviting.provision(portal, session, request, actor=ada)
    rounds.work(portal, worker="test")
    return request


def choices(site: Site, name: str, directory: Directory) -> drafts.Choices:
    """A request for this directory, by links, for ten days."""
    return drafts.Choices(
        name=name,
        driver=Driver.LINK,
        last_day=(site.portal.now() + timedelta(days=10)).date(),
        directories=[directory.uuid],
    )


def draft(site: Site, directory: Directory, name: str = "A draft") -> ProvisioningRequest:
    """A draft of Ada's with somebody in it."""
    portal = site.portal
    with portal.database.write() as session:
        ada = session.scalars(select(Person).where(Person.email == scene.ADA.email)).one()
        where = by_uuid(session, directory.uuid)
        request = drafts.begin(session, choices(site, name, where), actor=ada, now=portal.now())
        grace = people.by_email(session, scene.names(NAMES[0]).email)
        sources.add_people(session, request, [grace] if grace else [], actor=ada)
    return request


def pages(
    made: ProvisioningRequest,
    other: Directory | None = None,
    begun: ProvisioningRequest | None = None,
) -> Iterator[str]:
    """The addresses of the pages of requests.

    Args:
        other: a directory whose people can be looked through.
        begun: a draft.
    """
    here = f"/admin/requests/{made.uuid}"
    yield from ("/admin/requests", "/admin/requests/new", here)
    yield from (f"{here}/{page}" for page in ("edit", "letters", "delete"))
    if begun is not None:
        own = f"/admin/requests/{begun.uuid}"
        yield from (f"{own}/{page}" for page in ("edit", "people?q=grace", "people/file", "review"))
        if other is not None:
            there = f"{own}/people/{other.uuid}"
            yield from (there, f"{there}?view=groups")
