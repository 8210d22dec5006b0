"""Services hold on SQLite and on PostgreSQL, so every test with a portal runs on both."""

from __future__ import annotations

import pytest

import config
from config import Settings
from services import role_changes
from services.roles import ADMINISTRATOR, USER_ADMINISTRATOR
from tests.records import Records


@pytest.fixture
def settings(tmp_path, any_database_url) -> Settings:
    return config.load({}, data_dir=tmp_path / "instance", database_url=any_database_url)


@pytest.fixture
def house(portal, clock):
    """Ada may do everything; Uma looks after people and groups; Bob and Cy may nothing."""
    with portal.database.write() as session:
        rows = Records(session, clock)
        people = {name: rows.person(name, roles=[]) for name in ("ada", "uma", "bob", "cy")}
        for name, role in (("ada", ADMINISTRATOR), ("uma", USER_ADMINISTRATOR)):
            role_changes.grant(session, people[name], role, actor=None, now=clock())
