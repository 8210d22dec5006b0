"""A directory serves the members of chosen groups, and deliveries follow who is in them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import (
    Delivery,
    DeliveryState,
    Directory,
    Passkey,
    Placement,
    PlacementState,
    Serves,
)
from services import directories, groups
from services.deliveries import outbox
from tests.records import Records

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def ory(do, portal, clock):
    """An Ory that serves the group Desk and nobody else; Bob and Cy have a passkey each."""
    with portal.database.write() as session:
        rows = Records(session, clock)
        rows.directory("Ory", serves=Serves.CHOSEN)
        groups.create(session, name="Desk", actor=None, now=clock())
    do(
        lambda session, found: (
            Records(session, clock).passkey(found["Bob"]),
            Records(session, clock).passkey(found["Cy"]),
            directories.choose_group(
                session, found["Ory"], found["Desk"], actor=found["Ada"], now=clock()
            ),
        )
    )


@pytest.fixture
def put(do, clock):
    """Put somebody into the group Desk, or take them out."""

    def run(act, person):
        return do(
            lambda session, found: act(
                session, found["Desk"], found[person], actor=None, now=clock()
            )
        )

    return run


def owed(session):
    """Whose passkeys are on their way."""
    rows = session.scalars(
        select(Delivery).where(Delivery.state == DeliveryState.WAITING).order_by(Delivery.id)
    )
    return [one.person.given_name for one in rows]


def test_who_joins_a_served_group_is_delivered_at_once_and_nobody_else(do, ory, put):
    assert do(lambda session, found: owed(session)) == []
    put(groups.add, "Bob")
    assert do(lambda session, found: owed(session)) == ["Bob"]


def test_a_passkey_that_a_member_registers_later_is_delivered_too(do, ory, put, clock):
    put(groups.add, "Bob")

    def registers(session, found):
        made = Records(session, clock).passkey(found["Bob"])
        return outbox.owe(session, made, cause="passkey.registered", now=clock())

    assert do(registers) == 1


def test_who_leaves_is_not_delivered_any_more_but_what_is_there_stays(do, ory, put, clock):
    put(groups.add, "Bob")
    put(groups.add, "Cy")

    def confirm(session, found):
        placement = session.scalars(
            select(Placement).join(Passkey).where(Passkey.person_id == found["Cy"].id)
        ).one()
        placement.actual = PlacementState.PRESENT

    do(confirm)
    put(groups.remove, "Bob")
    put(groups.remove, "Cy")

    def seen(session, found):
        rows = session.scalars(select(Placement).order_by(Placement.passkey_id))
        return [(one.wanted.value, one.actual.value) for one in rows], owed(session)

    assert do(seen) == ([("absent", "absent"), ("present", "present")], ["Cy"])


def test_who_is_in_two_served_groups_is_served_until_they_left_both(do, ory, put, clock):
    put(groups.add, "Bob")

    def second(session, found):
        group = groups.create(session, name="Lab", actor=None, now=clock())
        groups.add(session, group, found["Bob"], actor=None, now=clock())
        directories.choose_group(session, found["Ory"], group, actor=None, now=clock())

    do(second)
    put(groups.remove, "Bob")
    assert do(lambda session, found: owed(session)) == ["Bob"]
    do(
        lambda session, found: groups.remove(
            session, found["Lab"], found["Bob"], actor=None, now=clock()
        )
    )
    assert do(lambda session, found: owed(session)) == []


def test_choosing_a_group_offers_its_passkeys_and_unchoosing_gives_them_up(do, ory, put, clock):
    put(groups.add, "Bob")
    do(
        lambda session, found: directories.unchoose_group(
            session, found["Ory"], found["Desk"], actor=None, now=clock()
        )
    )
    assert do(lambda session, found: owed(session)) == []
    do(
        lambda session, found: directories.choose_group(
            session, found["Ory"], found["Desk"], actor=None, now=clock()
        )
    )
    assert do(lambda session, found: outbox.unplaced(session, found["Ory"])) == 1


def test_a_directory_that_serves_everyone_is_owed_nothing_by_a_group(do, ory, put, clock):
    do(
        lambda session, found: directories.serve(
            session, found["Ory"], Serves.EVERYONE, actor=None, now=clock()
        )
    )
    put(groups.add, "Bob")
    assert do(lambda session, found: owed(session)) == []


def test_whoever_is_chosen_twice_counts_once(do, ory, put, clock):
    put(groups.add, "Bob")
    put(groups.add, "Cy")

    def choose(session, found):
        directories.choose(session, found["Ory"], [found["Bob"]], actor=None, now=clock())
        other = groups.create(session, name="Lab", actor=None, now=clock())
        groups.add(session, other, found["Cy"], actor=None, now=clock())
        directories.choose_group(session, found["Ory"], other, actor=None, now=clock())
        return [one.people for one in directories.summaries(session)]

    assert do(choose) == [2]


def test_a_directory_that_is_gone_does_not_hold_a_group(do, ory, clock):
    def gone(session, found):
        session.scalars(select(Directory)).one().ended_at = clock()
        session.flush()
        return groups.obstacle_to_end(session, found["Desk"])

    assert do(gone) is None
