from __future__ import annotations

import pytest
from sqlalchemy import select

from directories.base import Group as RemoteGroup
from models import Directory, DirectoryType, Group, Person
from services import groups
from services.groups import sources, step
from tests.fake_directory import FakeDirectory
from tests.records import Records

THERE = RemoteGroup("g-1", "Field staff")


@pytest.fixture
def do(portal):
    """Run something in a transaction; people, groups and directories are named by their names."""

    def run(act):
        with portal.database.write() as session:
            found = {one.given_name: one for one in session.scalars(select(Person))}
            found |= {
                one.name: one for one in session.scalars(select(Group)) if one.ended_at is None
            }
            found |= {one.name: one for one in session.scalars(select(Directory))}
            return act(session, found)

    return run


@pytest.fixture
def fake(monkeypatch):
    """The directory there, with a group of nobody."""
    made = FakeDirectory()
    made.members[THERE] = set()
    monkeypatch.setattr(step, "connector", lambda portal, directory: made)
    return made


@pytest.fixture
def remote(do, fake, clock):
    """Let somebody of ours have a record there, in the group or not."""

    def add(name, *, inside=True):
        record = fake.add(f"{name.lower()}@elsewhere.example")
        do(
            lambda session, found: Records(session, clock).identity(
                found["Entra"], found[name], record.remote_id
            )
        )
        if inside:
            fake.members[THERE].add(record.remote_id)
        return record.remote_id

    return add


@pytest.fixture
def taken(do, portal, fake, clock):
    """The group Desk, taken from there by Uma."""
    with portal.database.write() as session:
        Records(session, clock).directory("Entra", type=DirectoryType.ENTRA)
        groups.create(session, name="Desk", actor=None, now=clock())
    do(
        lambda session, found: sources.take(
            session, found["Desk"], found["Entra"], THERE, actor=found["Uma"], now=clock()
        )
    )


@pytest.fixture
def walk(portal, clock):
    """Let the worker do what is due, now or later."""

    def run(**later):
        clock.forward(**later)
        return step.work(portal, worker="test")

    return run


def inside(do):
    def names(session, found):
        return sorted(one.given_name for one in groups.members(session, found["Desk"]).items)

    return do(names)


def source(do):
    return do(lambda session, found: sources.of(session, found["Desk"]))
