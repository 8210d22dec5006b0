"""A request for three people, and operators who enrol them at a desk."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from models import (
    Person,
    RequestPerson,
    RoleGrant,
)
from services import sessions
from services.roles import USER_ADMINISTRATOR
from tests.blueprints.conftest import said
from tests.records import Records
from tests.visitor import Visitor

NAMES = ("bob", "cy", "dee")


@pytest.fixture
def made(portal, administrator, clock):
    """A request for Bob, Cy and Dee, driven at a desk."""
    with portal.database.write() as session:
        rows = Records(session, clock)
        ada = session.scalars(select(Person).where(Person.email == "ada@example.com")).one()
        request = rows.request(ada, name="Desk keys")
        for name in NAMES:
            rows.request_person(request, rows.person(name, roles=[]))
        return request


@pytest.fixture
def other(app, portal, world, clock):
    """Uma, another operator, signed in at a browser of her own."""

    def arrive(name: str = "uma", roles=(USER_ADMINISTRATOR,)) -> Visitor:
        token = f"a session of {name}"
        with portal.database.write() as session:
            rows = Records(session, clock)
            person = rows.person(name, roles=[])
            for role in roles:
                person.roles.append(RoleGrant(role=role, granted_at=clock()))
            rows.browser_session(rows.passkey(person)).token_hash = sessions.digest(token)
        visitor = Visitor(app, world.key())
        with visitor.client.session_transaction(base_url=visitor.origin) as cookie:
            cookie["_user_id"] = token
        return visitor

    return arrive


class Desk:
    """One operator at the desk."""

    def __init__(self, visitor: Visitor, request, portal, world) -> None:
        self.visitor, self.portal, self.world = visitor, portal, world
        self.path = f"/admin/requests/{request.uuid}/desk"
        self.page = ""

    def next(self, **fields: str):
        answer = self.visitor.send(f"{self.path}/next", fields)
        assert answer.status_code == 303, said(answer)
        return self.open(answer.location)

    def open(self, address: str = ""):
        answer = self.visitor.get(address or self.path)
        self.page = answer.text
        return answer

    def ready(self):
        """Say that the key is inserted."""
        fence = re.search(r'name="ready" value="(\d+)"', self.page).group(1)
        return self.open(f"{self.path}?ready={fence}")

    @property
    def subject(self) -> str:
        return re.search(r'name="step" value="([^"]+)"', self.page).group(1)

    @property
    def place(self) -> str:
        return re.search(r'name="place" value="([^"]+)"', self.page).group(1)

    @property
    def who(self) -> str:
        return re.search(r"<h1>(.*?)</h1>", self.page).group(1)

    def touch(self, key=None, *, subject: str = "", **fields: str) -> dict[str, str]:
        subject = subject or self.subject
        begun = self.visitor.options("desk", subject=subject)
        assert begun.status_code == 200, begun.text
        key = key or self.world.key()
        response = key.create(begun.json["options"], origin=self.visitor.origin)
        return {
            "ceremony": begun.json["ceremony"],
            "response": json.dumps(response),
            "step": subject,
            **fields,
        }

    def send(self, fields: dict[str, str]):
        return self.visitor.send(self.path, fields)

    def enrol(self, key=None, **fields: str):
        """The whole touch of whoever is at the desk; the page that it ends on."""
        self.ready()
        answer = self.send(self.touch(key, **fields))
        assert answer.status_code == 303, said(answer)
        return self.open(answer.location)


@pytest.fixture
def at_desk(portal, world, made, administrator):
    def sit(visitor: Visitor | None = None) -> Desk:
        return Desk(visitor or administrator, made, portal, world)

    return sit


@pytest.fixture
def rows(portal):
    def read(table):
        with portal.database.read() as session:
            return list(session.scalars(select(table).order_by(table.id)))

    return read


def of(rows, name: str) -> RequestPerson:
    return next(one for one in rows(RequestPerson) if one.person.given_name.casefold() == name)


def called(name: str, rows) -> str:
    return of(rows, name).person.display_name


def refused(answer, code: str) -> None:
    assert answer.status_code in (403, 409, 422), said(answer)
    assert f'data-code="{code}"' in answer.text, said(answer)
