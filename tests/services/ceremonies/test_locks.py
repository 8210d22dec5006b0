"""Who waits for whom: nobody who holds a link may have to wait for whoever waits for that link."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from models import EnrolmentLink, Person
from services import people_changes, suspension
from services.audit import Tag, record
from services.people import Names
from tests.records import Records


@pytest.fixture
def administrator(bench) -> int:
    with bench.portal.database.write() as session:
        return Records(session, bench.portal.now).person("root").id


def suspended(portal, session, person, actor) -> None:
    suspension.hold(session, person, actor=actor)


def edited(portal, session, person, actor) -> None:
    people_changes.edit(
        portal, session, person, Names("Ada", "King", "Ada King", person.email), actor=actor
    )


@pytest.mark.parametrize("change", [suspended, edited])
def test_whoever_is_changed_can_still_be_told_of(bench, administrator, change):
    """Whoever begins with a link has it, and writes of its person into the trail; whoever suspends
    that person has them, and takes the link.
    """
    portal = bench.portal
    if not portal.settings.database_url.get_secret_value().startswith("postgresql"):
        pytest.skip("SQLite has one writer at a time")
    ada = bench.person()
    with portal.database.write() as one, portal.database.write() as other:
        person = one.get_one(Person, ada)
        change(portal, one, person, one.get_one(Person, administrator))
        one.flush()
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        record(other, Tag.LINK_EXCHANGED, now=portal.now(), person=other.get_one(Person, ada))
        other.flush()
    with portal.database.read() as session:
        assert session.query(EnrolmentLink).count() == 0
