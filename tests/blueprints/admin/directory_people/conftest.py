"""The pages of a directory's people, and what stands behind them."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Transient
from models import DirectoryType, Identity, Person
from services import people, role_changes, roles
from services.roles import Privilege
from tests.fake_directory import FakeDirectory
from tests.records import Records

DOWN = Transient("No answer came.", code="fake.down", said="upstream gone", request_id="req-7")


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    directory = FakeDirectory()
    directory.takes_identities = False
    directory.lists_groups = directory.lists_assigned = True
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


class Staff:
    """A directory's pages, and what stands behind them."""

    def __init__(self, portal, visitor, clock) -> None:
        self.portal, self.visitor, self.clock = portal, visitor, clock
        with portal.database.write() as session:
            made = Records(session, clock).directory("Staff", type=DirectoryType.ENTRA)
            self.page = f"/admin/directories/{made.uuid}/people"

    def open(self, path="", **query):
        return self.visitor.get(self.page + path, query_string=query)

    def send(self, path, **fields):
        return self.visitor.send(self.page + path, fields)

    def person(self, name, **more) -> Person:
        with self.portal.database.write() as session:
            return Records(session, self.clock).person(name, **more)

    def links(self) -> dict[str, str]:
        with self.portal.database.read() as session:
            rows = session.scalars(select(Identity)).all()
            return {one.remote_id: one.person.display_name for one in rows}

    def rows(self, kind):
        with self.portal.database.read() as session:
            return list(session.scalars(select(kind)))


@pytest.fixture
def staff(portal, administrator, clock, fake) -> Staff:
    return Staff(portal, administrator, clock)


@pytest.fixture
def linker(portal, somebody, monkeypatch):
    """Grace, who may link but does not hold all that an administrator does."""
    held = (
        *roles.of_any_type(roles.Action.VIEW),
        Privilege.VIEW_PEOPLE,
        Privilege.LINK_IDENTITIES,
        Privilege.ADD_PEOPLE,
        Privilege.MAKE_LINKS,
    )
    monkeypatch.setitem(roles.ROLES, "linker", frozenset(held))
    with portal.database.write() as session:
        grace = people.by_email(session, "grace@example.com")
        role_changes.grant(session, grace, "linker", now=portal.now())
    return somebody


def href(page, words: str) -> str:
    """Where a link leads."""
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>\s*{words}', page.text)
    assert found, words
    return unescape(found.group(1))


def values(page, name: str) -> list[str]:
    return [unescape(one) for one in re.findall(rf'name="{name}" value="([^"]*)"', page.text)]


def known_as(staff, email) -> Person | None:
    with staff.portal.database.read() as session:
        return people.by_email(session, email)
