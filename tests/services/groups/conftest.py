from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Directory, Group, Person
from services import role_changes
from services.roles import ADMINISTRATOR, USER_ADMINISTRATOR
from tests.records import Records


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
def house(portal, clock):
    """Ada may do everything; Uma looks after people and groups; Bob and Cy may nothing."""
    with portal.database.write() as session:
        rows = Records(session, clock)
        people = {name: rows.person(name, roles=[]) for name in ("ada", "uma", "bob", "cy")}
        for name, role in (("ada", ADMINISTRATOR), ("uma", USER_ADMINISTRATOR)):
            role_changes.grant(session, people[name], role, actor=None, now=clock())
