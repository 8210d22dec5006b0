"""A group is taken from a directory's group once, and let go of again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import DirectoryType, GroupSource
from services import groups
from services.groups import sources, step
from services.refusal import Refusal
from tests.records import Records
from tests.services.groups.conftest import THERE, inside

pytestmark = pytest.mark.usefixtures("house")


def test_members_of_before_leave_at_the_end_of_the_first_walk(do, portal, fake, clock, walk):
    with portal.database.write() as session:
        rows = Records(session, clock)
        rows.directory("Entra", type=DirectoryType.ENTRA)
    do(
        lambda session, found: groups.add(
            session,
            groups.create(session, name="Desk", actor=None, now=clock()),
            found["Bob"],
            actor=None,
            now=clock(),
        )
    )
    do(
        lambda session, found: sources.take(
            session, found["Desk"], found["Entra"], THERE, actor=found["Uma"], now=clock()
        )
    )
    assert inside(do) == ["Bob"]
    walk()
    assert inside(do) == []


@pytest.mark.parametrize("act", [groups.add, groups.remove])
def test_nobody_changes_a_taken_group_by_hand(do, taken, act, clock):
    with pytest.raises(Refusal) as refused:
        do(
            lambda session, found: act(
                session, found["Desk"], found["Bob"], actor=found["Ada"], now=clock()
            )
        )
    assert refused.value.code == "group_taken"


def test_a_group_that_is_let_go_of_keeps_its_members(do, taken, remote, walk, clock):
    remote("Bob")
    walk()

    def let_go(session, found):
        return sources.let_go(session, found["Desk"], actor=found["Uma"], now=clock())

    assert do(let_go) is True
    assert do(let_go) is False
    assert walk(minutes=15) == 0
    assert inside(do) == ["Bob"]


def test_a_group_that_is_let_go_of_in_the_middle_of_a_walk_changes_no_more(
    do, taken, fake, remote, walk, clock
):
    remote("Bob")

    def let_go():
        do(
            lambda session, found: sources.let_go(
                session, found["Desk"], actor=found["Uma"], now=clock()
            )
        )

    fake.after["people"].append(let_go)
    assert walk() == 1
    assert inside(do) == []


def test_a_group_is_taken_once_and_hurried_on_request(do, taken, walk, portal, clock):
    with pytest.raises(Refusal) as refused:
        do(
            lambda session, found: sources.take(
                session, found["Desk"], found["Entra"], THERE, actor=found["Uma"], now=clock()
            )
        )
    assert refused.value.code == "group_taken"
    walk()
    assert do(lambda session, found: sources.hurry(session, found["Desk"], now=clock()))
    with portal.database.read() as session:
        assert step.next_due(session) == clock()


def test_taking_a_group_with_a_policy_needs_the_privilege_for_policies(do, portal, fake, clock):
    with portal.database.write() as session:
        rows = Records(session, clock)
        rows.directory("Entra", type=DirectoryType.ENTRA)
        rows.group(name="Desk", rank=1)
    for name, code in (("Uma", "group_policy_needed"), ("Ada", None)):
        seen = None
        try:
            do(
                lambda session, found, name=name: sources.take(
                    session, found["Desk"], found["Entra"], THERE, actor=found[name], now=clock()
                )
            )
        except Refusal as refusal:
            seen = refusal.code
        assert seen == code
    with pytest.raises(Refusal) as refused:
        do(
            lambda session, found: sources.let_go(
                session, found["Desk"], actor=found["Uma"], now=clock()
            )
        )
    assert refused.value.code == "group_policy_needed"


def test_a_group_that_ends_is_not_kept_in_step(do, taken, walk, clock):
    do(lambda session, found: groups.end(session, found["Desk"], actor=None, now=clock()))
    assert do(lambda session, found: session.scalars(select(GroupSource)).all()) == []
    assert walk() == 0
