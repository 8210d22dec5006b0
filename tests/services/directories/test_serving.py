"""Whom a directory serves, and how that is counted."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import (
    Delivery,
    DeliveryState,
    Person,
    Placement,
    Serves,
)
from services import directories
from services.deliveries import outbox
from tests.records import Records
from tests.services.directories.conftest import (
    enrolled,
)


def test_whom_a_directory_serves_is_chosen_person_by_person(house, fake):
    people, _ = enrolled(house, "ada", "grace", "linus")
    uuid = house.draft()
    house.do(directories.serve, uuid, Serves.CHOSEN)
    house.do(directories.choose, uuid, people[:2])
    house.do(directories.choose, uuid, people[:1])  # once is enough
    with house.portal.database.read() as session:
        directory = directories.by_uuid(session, uuid)
        assert [one.display_name for one in directories.chosen(session, directory)] == [
            "Ada Example",
            "Grace Example",
        ]
        after = directories.chosen(session, directory, after=people[0].id)
        assert [one.id for one in after] == [people[1].id]
        [summary] = directories.summaries(session)
        assert summary.people == 2
        assert outbox.unplaced(session, directory) == 2
    house.do(directories.unchoose, uuid, people[0])
    house.do(directories.unchoose, uuid, people[0])
    assert len(house.events("directory.serves_changed")) == 4


def test_what_was_on_its_way_to_somebody_not_served_any_more_is_given_up(house, fake):
    uuid = house.draft()
    house.do(directories.add, uuid)
    directories.run_test(house.portal, uuid, probe=False, actor=None)
    people, keys = enrolled(house, "ada", "grace")
    with house.portal.database.write() as session:
        for placement in session.scalars(
            select(Placement).where(Placement.passkey_id == keys[0].id)
        ):
            placement.actual = "present"
    house.do(directories.serve, uuid, Serves.CHOSEN)
    with house.portal.database.read() as session:
        wanted = dict(session.execute(select(Placement.passkey_id, Placement.wanted)).all())
        states = dict(session.execute(select(Delivery.passkey_id, Delivery.state)).all())
    assert wanted == {keys[0].id: "present", keys[1].id: "absent"}
    assert states == {keys[0].id: DeliveryState.WAITING, keys[1].id: DeliveryState.DROPPED}
    house.do(directories.choose, uuid, [people[1]])
    with house.portal.database.read() as session:
        directory = directories.by_uuid(session, uuid)
        assert outbox.unplaced(session, directory) == 1


@pytest.mark.parametrize("serves", Serves)
def test_who_has_left_is_not_counted_among_the_people(house, fake, serves):
    people, _ = enrolled(house, "ada", "grace")
    uuid = house.draft()
    house.do(directories.choose, uuid, people)
    house.do(directories.serve, uuid, serves)
    with house.portal.database.write() as session:
        session.get_one(Person, people[0].id).ended_at = house.clock()
    with house.portal.database.read() as session:
        [summary] = directories.summaries(session)
    assert summary.people == 1


def test_summaries_count_what_is_placed_waiting_and_held(house, fake):
    with house.portal.database.write() as session:
        records = Records(session, house.clock)
        directory = records.directory("Ory")
        records.directory("Another", serves=Serves.CHOSEN)
        for state in (
            DeliveryState.WAITING,
            DeliveryState.RUNNING,
            DeliveryState.HELD,
            DeliveryState.NEEDS_TOUCH,
            DeliveryState.DONE,
        ):
            records.delivery(records.passkey(records.person()), directory, state=state)
        session.scalars(select(Placement).limit(1)).one().actual = "present"
    with house.portal.database.read() as session:
        another, ory = directories.summaries(session)
        assert (ory.people, ory.placed, ory.waiting, ory.held) == (5, 1, 2, 2)
        assert (another.people, another.placed, another.waiting, another.held) == (0, 0, 0, 0)
