"""Groups: made, renamed, ended, and who is in them. On both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from models import AuditEvent, Directory, Group, GroupMember, Serves
from services import directories, groups
from services.refusal import Refusal
from tests.records import Records

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def made(do, clock):
    """Make a group as Uma, with these people in it."""

    def make(name, *people):
        def act(session, found):
            group = groups.create(session, name=name, actor=found["Uma"], now=clock())
            for person in people:
                groups.add(session, group, found[person], actor=found["Ada"], now=clock())

        do(act)

    return make


def tags(session):
    return list(session.scalars(select(AuditEvent.tag).order_by(AuditEvent.id)))


def test_a_group_is_made_renamed_and_ended_and_the_trail_knows(do, made, clock):
    made("Desk")
    do(
        lambda session, found: groups.edit(
            session,
            found["Desk"],
            name=" Help  desk ",
            description="Whoever helps",
            actor=found["Uma"],
            now=clock(),
        )
    )
    address = do(lambda session, found: found["Help desk"].uuid)
    do(lambda session, found: groups.end(session, found["Help desk"], actor=None, now=clock()))
    with_tags = do(lambda session, found: tags(session))
    assert with_tags[-3:] == ["group.made", "group.edited", "group.ended"]
    assert do(lambda session, found: groups.get(session, address)) is None


def test_saving_a_group_as_it_is_writes_nothing_into_the_trail(do, made, clock):
    made("Desk")
    do(
        lambda session, found: groups.edit(
            session, found["Desk"], name="Desk", description="", actor=None, now=clock()
        )
    )
    assert do(lambda session, found: tags(session))[-1] == "group.made"


@pytest.mark.parametrize("name", ["Desk", "DESK", " desk "])
def test_two_groups_never_have_one_name(do, made, name, clock):
    made("Desk")
    with pytest.raises(Refusal) as refused:
        do(lambda session, found: groups.create(session, name=name, actor=None, now=clock()))
    assert refused.value.code == "group_name_taken"


def test_a_name_is_free_again_once_its_group_has_ended(do, made, clock):
    made("Desk")
    do(lambda session, found: groups.end(session, found["Desk"], actor=None, now=clock()))
    made("Desk")
    assert do(lambda session, found: found["Desk"].ended_at) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 129])
def test_a_group_has_a_name_that_fits(do, name, clock):
    with pytest.raises(Refusal) as refused:
        do(lambda session, found: groups.create(session, name=name, actor=None, now=clock()))
    assert refused.value.code == "group_name_missing"


def test_somebody_is_in_a_group_once_and_out_of_it_once(do, made, clock):
    made("Desk")
    for act, outcome in ((groups.add, [True, False]), (groups.remove, [True, False])):
        seen = [
            do(
                lambda session, found, act=act: act(
                    session, found["Desk"], found["Bob"], actor=found["Uma"], now=clock()
                )
            )
            for _ in outcome
        ]
        assert seen == outcome
    assert do(lambda session, found: tags(session))[-2:] == ["group.joined", "group.left"]


@pytest.mark.parametrize("act", [groups.add, groups.remove])
def test_nobody_changes_the_groups_of_a_person_who_may_do_more(do, made, act, clock):
    made("Desk", "Ada")
    with pytest.raises(Refusal) as refused:
        do(
            lambda session, found: act(
                session, found["Desk"], found["Ada"], actor=found["Uma"], now=clock()
            )
        )
    assert refused.value.code == "person_holds_more"
    assert do(lambda session, found: groups.count(session, found["Desk"])) == 1


def test_nobody_joins_a_group_that_ended_at_this_moment(do, made, portal, clock):
    made("Desk")
    with portal.database.read() as session:
        stale = session.scalars(select(Group)).one()
        bob = do(lambda session, found: found["Bob"])
    do(lambda session, found: groups.end(session, found["Desk"], actor=None, now=clock()))
    with pytest.raises(Refusal) as refused, portal.database.write() as session:
        groups.add(session, session.merge(stale), bob, actor=None, now=clock())
    assert refused.value.code == "group_unknown"


def test_members_are_found_page_by_page_and_by_words(do, made, portal, clock):
    made("Desk")
    with portal.database.write() as session:
        rows = Records(session, clock)
        group = session.scalars(select(Group)).one()
        for number in range(60):
            person = rows.person(f"many{number}")
            session.add(GroupMember(group_id=group.id, person_id=person.id, added_at=clock()))
    with portal.database.read() as session:
        group = session.scalars(select(Group)).one()
        first = groups.members(session, group)
        second = groups.members(session, group, older=first.older)
        assert (len(first.items), len(second.items), second.older) == (50, 10, None)
        assert not set(first.items) & set(second.items)
        assert [one.given_name for one in groups.members(session, group, "many17").items] == [
            "Many17"
        ]
        found = groups.candidates(session, group, "example.com", limit=10)
        assert {one.given_name for one in found} == {"Ada", "Uma", "Bob", "Cy"}


def test_two_who_add_the_same_person_at_once_add_them_once(do, made, portal, clock):
    made("Desk")
    outcomes, ready = [], threading.Barrier(2)

    def act():
        ready.wait()
        outcomes.append(
            do(
                lambda session, found: groups.add(
                    session, found["Desk"], found["Bob"], actor=None, now=clock()
                )
            )
        )

    both = [threading.Thread(target=act) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcomes) == [False, True]


def test_a_group_that_a_directory_serves_cannot_be_ended(do, made, portal, clock):
    made("Desk")
    with portal.database.write() as session:
        Records(session, clock).directory("Ory", serves=Serves.CHOSEN)
    do(
        lambda session, found: directories.choose_group(
            session, found["Ory"], found["Desk"], actor=None, now=clock()
        )
    )
    with pytest.raises(Refusal) as refused:
        do(lambda session, found: groups.end(session, found["Desk"], actor=None, now=clock()))
    assert (refused.value.code, "Ory" in refused.value.sentence) == ("group_served", True)
    do(
        lambda session, found: directories.unchoose_group(
            session, found["Ory"], found["Desk"], actor=None, now=clock()
        )
    )
    do(lambda session, found: groups.end(session, found["Desk"], actor=None, now=clock()))
    with portal.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Directory)) == 1
        assert session.scalars(select(Group.ended_at)).one() is not None
