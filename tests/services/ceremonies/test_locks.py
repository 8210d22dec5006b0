"""Who waits for whom: nobody who holds a link may have to wait for whoever waits for that link."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from directories.base import Page, RemoteIdentity
from models import (
    AuditEvent,
    DirectoryType,
    EnrolmentLink,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestSource,
    SourceKind,
)
from services import people_changes, role_changes, standing, suspension
from services.audit import Tag, record
from services.people import Names
from services.provisioning import desk, gathering, records
from services.roles import ADMINISTRATOR
from tests.records import Records

GRACE = "grace@example.com"


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


def on_postgresql(bench):
    if not bench.portal.settings.database_url.get_secret_value().startswith("postgresql"):
        pytest.skip("SQLite has one writer at a time")
    return bench.portal


@pytest.mark.parametrize("change", [suspended, edited])
def test_whoever_is_changed_can_still_be_told_of(bench, administrator, change):
    """Whoever begins with a link has it, and writes of its person into the trail; whoever suspends
    that person has them, and takes the link.
    """
    portal = on_postgresql(bench)
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


def test_whoever_looks_that_an_administrator_is_left_keeps_nobody_from_telling_of_them(bench):
    portal = on_postgresql(bench)
    with portal.database.write() as session:
        people = [Records(session, portal.now).person(name) for name in ("root", "rita")]
        for one in people:
            role_changes.grant(session, one, ADMINISTRATOR, now=portal.now())
    with portal.database.write() as one, portal.database.write() as other:
        role_changes.keep_an_administrator(one, one.get_one(Person, people[0].id))
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        for person in people:
            told = other.get_one(Person, person.id)
            record(other, Tag.LINK_EXCHANGED, now=portal.now(), person=told)
        other.flush()
    with portal.database.read() as session:
        assert session.query(AuditEvent).filter_by(tag="link.exchanged").count() == 2


def test_a_key_at_a_desk_and_people_who_are_taken_in_wait_in_no_circle(bench):
    """Whoever registers a key has its person, and then takes the request; whoever takes people in
    has the request, and takes those people alone whom they have just added, and nobody else sees.
    """
    portal = on_postgresql(bench)
    now = portal.now()
    with portal.database.write() as session:
        rows = Records(session, portal.now)
        root, ada, bob = (rows.person(name) for name in ("root", "ada", "bob"))
        role_changes.grant(session, root, ADMINISTRATOR, now=now)
        entra = rows.directory("Entra", type=DirectoryType.ENTRA)
        rows.identity(entra, bob, "bob-there")
        request = rows.request(root, entra, gathered_at=None)
        claim = {"claimed_by_id": root.id, "claim_until": now + desk.LEASE, "fence": 1}
        place = rows.request_person(request, ada, **claim)
        crew = {"kind": SourceKind.DIRECTORY_GROUP, "directory_id": entra.id, "remote_id": "crew"}
        source = rows.request_source(request, ada, person_id=None, **crew)
    page = Page((RemoteIdentity("bob-there", "bob"), RemoteIdentity("grace-there", GRACE)))
    with portal.database.write() as at_desk, portal.database.write() as taking_in:
        assert all(standing.is_active(at_desk, one.id) for one in (ada, bob))
        held = taking_in.get_one(ProvisioningRequest, request.id)
        records.lock(taking_in, held)
        taking_in.execute(text("SET LOCAL lock_timeout = '2s'"))
        found = taking_in.get_one(RequestSource, source.id)
        gathering.take_page(taking_in, held, found, page, now=now)
        taking_in.commit()
        row = at_desk.get_one(RequestPerson, place.id)
        assert desk.renew(at_desk, row, 1, operator=root, now=now).person_id == ada.id
    with portal.database.read() as session:
        there = session.query(RequestPerson).order_by(RequestPerson.position).all()
        assert [one.person.email for one in there] == ["ada@example.com", "bob@example.com", GRACE]
