"""Groups of the emulated Entra ID and PingOne are walked through by their own connectors."""

from __future__ import annotations

import uuid

import pytest

from directories.base import Group as RemoteGroup
from emulators.entra.running import running as run_entra
from emulators.pingone.running import running as run_pingone
from models import DirectoryType
from services import directories, groups
from services.directories import connector
from services.groups import sources, step
from tests.records import Records

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture(params=[DirectoryType.ENTRA, DirectoryType.PINGONE])
def kind(request) -> DirectoryType:
    return request.param


@pytest.fixture
def connected(kind, portal):
    """The emulated directory, in service."""
    run = run_entra if kind is DirectoryType.ENTRA else run_pingone
    with run(people=60) as there:
        if kind is DirectoryType.ENTRA:
            place = {"login_url": there.url, "graph_url": there.url, "credential": "secret"}
            settings = {"tenant_id": there.tenant_id, "client_id": there.client_id, **place}
            secret = there.client_secret
        else:
            settings = there.connection()
            secret = settings.pop("secret")
        with portal.database.write() as session:
            made = directories.draft(
                session,
                portal.sealer,
                type=kind,
                name="There",
                settings=settings,
                secret=secret,
                actor=None,
                now=portal.now(),
            )
            made.added_at = made.verified_at = portal.now()
        yield made


def everybody(connection, group):
    """The ids of a group's members, and how many pages name them."""
    ids, cursor, pages = [], None, 0
    while True:
        page = connection.people("", cursor, group=group.remote_id)
        ids, cursor, pages = [*ids, *(one.remote_id for one in page.items)], page.cursor, pages + 1
        if cursor is None:
            return ids, pages


@pytest.fixture
def take(do, connected, clock):
    """Take a group of the directory as Desk, with Bob linked to one of these and Cy to another."""

    def run(there, bob, cy):
        def act(session, found):
            rows = Records(session, clock)
            for name, remote_id in (("Bob", bob), ("Cy", cy)):
                rows.identity(found["There"], found[name], remote_id)
            desk = groups.create(session, name="Desk", actor=None, now=clock())
            groups.add(session, desk, found["Cy"], actor=None, now=clock())
            sources.take(session, desk, found["There"], there, actor=found["Uma"], now=clock())

        do(act)

    return run


def inside(do):
    return do(
        lambda session, found: sorted(
            one.given_name for one in groups.members(session, found["Desk"]).items
        )
    )


def test_the_members_of_a_group_there_are_the_members_here(do, connected, take, portal):
    connection = connector(portal, connected)
    everyone = [one.remote_id for one in connection.people("", None).items]
    for there in connection.groups("", None).items:
        ids, _ = everybody(connection, there)
        outside = [one for one in everyone if one not in ids]
        if ids and outside:
            break
    take(there, ids[-1], outside[0])
    step.work(portal, worker="test")
    assert inside(do) == ["Bob"]
    seen = do(lambda session, found: sources.of(session, found["Desk"]))
    assert (seen.code, seen.seen, seen.unlinked) == (None, len(ids), len(ids) - 1)


def test_a_group_that_is_not_there_any_more_empties_nothing(do, connected, take, portal):
    one, other = [one.remote_id for one in connector(portal, connected).people("", None).items][:2]
    take(RemoteGroup(str(uuid.uuid4()), "Gone"), one, other)
    step.work(portal, worker="test")
    assert inside(do) == ["Cy"]
    seen = do(lambda session, found: sources.of(session, found["Desk"]))
    assert seen.code is not None and seen.in_step_at is None
