from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import (
    Directory,
    DirectoryType,
    Driver,
    Person,
    ProvisioningRequest,
    RequestPerson,
)
from services import mails
from services.provisioning import drafts, gathering, inviting, rounds, sources
from tests.fake_directory import FakeDirectory
from tests.records import Records


@pytest.fixture
def do(portal):
    """Run something in a transaction; people and directories are named by their names."""

    def run(act):
        with portal.database.write() as session:
            found = {one.given_name: one for one in session.scalars(select(Person))}
            found |= {one.name: one for one in session.scalars(select(Directory))}
            found |= {one.name: one for one in session.scalars(select(ProvisioningRequest))}
            return act(session, found)

    return run


@pytest.fixture
def fake(monkeypatch):
    """The directory that every connection reaches."""
    made = FakeDirectory()
    monkeypatch.setattr(gathering, "connector", lambda portal, directory: made)
    monkeypatch.setattr("services.directories.browsing.connector", lambda portal, directory: made)
    return made


@pytest.fixture
def entra(portal, clock):
    with portal.database.write() as session:
        return Records(session, clock).directory("Entra", type=DirectoryType.ENTRA)


@pytest.fixture
def ory(portal, clock):
    with portal.database.write() as session:
        return Records(session, clock).directory("Ory")


@pytest.fixture
def choices(clock):
    def make(name="Keys", *directories, **more):
        return drafts.Choices(
            **{
                "name": name,
                "driver": Driver.LINK,
                "last_day": (clock() + timedelta(days=10)).date(),
                "directories": [one.uuid for one in directories],
                **more,
            }
        )

    return make


@pytest.fixture
def request_for(do, choices, clock):
    """Confirm a request for these people, by Uma unless somebody else is named."""

    def make(*people, name="Keys", directories=(), by="Uma", **more):
        def act(session, found):
            request = drafts.begin(
                session, choices(name, *directories, **more), actor=found[by], now=clock()
            )
            sources.add_people(session, request, [found[one] for one in people], actor=found[by])
            drafts.confirm(session, request, actor=found[by], now=clock())

        do(act)

    return make


@pytest.fixture
def work(portal, clock):
    """Let the worker do what is due for requests, now or later."""

    def run(**later):
        clock.forward(**later)
        return rounds.work(portal, worker="test") + rounds.check(portal, worker="test")

    return run


@pytest.fixture
def states(portal):
    """Everybody of every request, by name: how far they are, and the code where there is one."""

    def read():
        with portal.database.read() as session:
            return {
                one.person.given_name if one.person else one.name: (
                    one.state.value,
                    one.code,
                )
                for one in session.scalars(select(RequestPerson).order_by(RequestPerson.position))
            }

    return read


@pytest.fixture
def request_state(portal):
    def read(name="Keys"):
        with portal.database.read() as session:
            return session.scalar(
                select(ProvisioningRequest.state).where(ProvisioningRequest.name == name)
            ).value

    return read


@pytest.fixture
def sent(portal, monkeypatch):
    """The letters that were sent, in order."""
    letters = []
    monkeypatch.setattr("services.mails.send", lambda settings, letter, now: letters.append(letter))
    return letters


@pytest.fixture
def rows(portal):
    """Every row of a table."""

    def read(table):
        with portal.database.read() as session:
            return list(session.scalars(select(table).order_by(table.id)))

    return read


@pytest.fixture
def provision(portal, do):
    def run(by="Uma"):
        return do(
            lambda session, found: inviting.provision(
                portal, session, found["Keys"], actor=found[by]
            )
        )

    return run


@pytest.fixture
def mailed(portal, sent):
    """Let the worker send the mails that are owed; the addresses they went to."""

    def run():
        before = len(sent)
        mails.work(portal, worker="test")
        return [letter.address for letter in sent[before:]]

    return run


def place(session, found, name="Bob"):
    return session.scalar(select(RequestPerson).where(RequestPerson.person_id == found[name].id))


def token(letter):
    return next(word for word in letter.text.split() if "/links/" in word).rpartition("/")[2]
