"""Requests that are put together and made, and whom they are for."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Group as RemoteGroup
from directories.base import Transient
from models import (
    DirectoryType,
    RequestPerson,
)
from services.provisioning import rounds
from tests.blueprints.conftest import said
from tests.fake_directory import FakeDirectory
from tests.records import Records

REQUESTS = "/admin/requests"
NOBODYS = uuid.UUID(int=7)
CREW = RemoteGroup("g-1", "Crew")
DOWN = Transient("No answer came.", code="fake.down", said="upstream gone", request_id="req-7")


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    directory = FakeDirectory()
    directory.lists_groups = True
    directory.members = {CREW: set()}
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


@pytest.fixture
def entra(portal, clock, fake):
    with portal.database.write() as session:
        return Records(session, clock).directory("Staff", type=DirectoryType.ENTRA)


@pytest.fixture
def people(portal, clock):
    """Bob and Cy, who may do nothing."""
    with portal.database.write() as session:
        rows = Records(session, clock)
        return {name: rows.person(name, roles=[]) for name in ("bob", "cy")}


@pytest.fixture
def begin(administrator, clock):
    """Begin a draft; its address."""

    def run(**changes) -> str:
        administrator.get(f"{REQUESTS}/new")
        fields = {
            "name": "New keys",
            "driver": "link",
            "policy": "own",
            "last_day": str((clock() + timedelta(days=7)).date()),
            "only_missing": "y",
            **changes,
        }
        answer = administrator.send(f"{REQUESTS}/new", fields)
        assert answer.status_code == 303, said(answer)
        return answer.location.removesuffix("/people")

    return run


@pytest.fixture
def work(portal):
    def run() -> None:
        rounds.work(portal, worker="test")
        rounds.check(portal, worker="test")

    return run


@pytest.fixture
def made(administrator, begin, people, work):
    """A request for Bob and Cy; its address."""

    def run(**changes) -> str:
        order = begin(**changes)
        chosen = [str(one.uuid) for one in people.values()]
        administrator.send(f"{order}/people/here", {"person": chosen})
        assert administrator.send(f"{order}/review").location == order
        work()
        return order

    return run


@pytest.fixture
def places(portal):
    def read() -> dict[str, RequestPerson]:
        with portal.database.read() as session:
            return {
                one.person.given_name or one.person.email if one.person else one.email: one
                for one in session.scalars(select(RequestPerson).order_by(RequestPerson.id))
            }

    return read


def rows(portal, table):
    with portal.database.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))
