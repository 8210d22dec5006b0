"""Groups that are taken from a directory's group are kept in step with it. On both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from directories.base import Misconfigured, Refused, Transient
from models import AuditEvent, Delivery, Directory, Identity, Serves
from services import directories
from services.groups import sources, step
from tests.fake_directory import FakeDirectory
from tests.records import Records
from tests.services.groups.conftest import THERE, inside, source

pytestmark = pytest.mark.usefixtures("house")


def test_linked_people_join_and_leave_with_the_directorys_group(do, taken, fake, remote, walk):
    bob = remote("Bob")
    remote("Cy", inside=False)
    fake.members[THERE].add(fake.add("stranger@elsewhere.example").remote_id)
    assert walk() == 1
    assert inside(do) == ["Bob"]
    assert (source(do).seen, source(do).unlinked) == (2, 1)
    fake.members[THERE] -= {bob}
    assert walk() == 0  # not due yet
    assert walk(minutes=15) == 1
    assert inside(do) == []
    tags = do(
        lambda session, found: session.scalars(
            select(AuditEvent.tag).order_by(AuditEvent.id.desc()).limit(2)
        ).all()
    )
    assert tags == ["group.left", "group.joined"]


def test_it_says_when_it_was_last_in_step(do, taken, remote, walk, clock):
    assert source(do).in_step_at is None
    remote("Bob")
    walk()
    assert source(do).in_step_at == clock()
    assert (source(do).code, source(do).lease_until, source(do).cursor) == (None, None, None)


def test_a_page_is_asked_for_and_written_at_a_time(do, taken, fake, remote, walk):
    fake.page_size = 1
    for name in ("Bob", "Cy"):
        remote(name)
    walk()
    assert inside(do) == ["Bob", "Cy"]
    assert fake.cursors == [None, "after 1"]


def test_a_walk_that_was_broken_off_goes_on_where_it_stopped(do, taken, fake, remote, walk):
    fake.page_size = 1
    for name in ("Bob", "Cy"):
        remote(name)
    down = Transient("It is down.", code="fake.down", said="503", request_id="req-1")
    fake.before["people"].extend([lambda: None, down])
    walk()
    assert inside(do) == ["Bob"]
    failed = source(do)
    assert (failed.code, failed.said, failed.request_id) == ("fake.down", "503", "req-1")
    assert failed.in_step_at is None
    walk(minutes=31)
    assert inside(do) == ["Bob", "Cy"]
    assert fake.cursors == [None, "after 1"]
    assert source(do).code is None


@pytest.mark.parametrize("error", [Transient, Misconfigured, Refused])
def test_a_failure_takes_nobody_out(do, taken, fake, remote, walk, error):
    remote("Bob")
    walk()
    fake.members[THERE].clear()
    fake.before["people"].append(error("No.", code="fake.no"))
    walk(minutes=15)
    assert inside(do) == ["Bob"]
    assert source(do).code == "fake.no" and source(do).in_step_at is not None
    walk(minutes=31)
    assert inside(do) == []


def test_a_cursor_that_is_not_taken_any_more_begins_the_walk_anew(do, taken, fake, remote, walk):
    fake.page_size = 1
    for name in ("Bob", "Cy"):
        remote(name)
    fake.before["people"].extend([lambda: None, Refused("Old cursor.", code="fake.cursor")])
    walk()
    walk(minutes=15)
    assert fake.cursors == [None, None, "after 1"]
    assert inside(do) == ["Bob", "Cy"]


def test_a_group_that_was_deleted_there_empties_nothing(do, taken, fake, remote, walk):
    remote("Bob")
    walk()
    fake.members[THERE].clear()
    fake.groups = lambda query, cursor: FakeDirectory._page(fake, [], cursor)
    walk(minutes=15)
    assert inside(do) == ["Bob"] and source(do).code == "group.gone"


def test_a_directory_that_turns_in_circles_ends_the_walk(do, taken, fake, remote, walk):
    fake.page_size = 1
    remote("Bob")
    remote("Cy")
    pages = FakeDirectory.people

    def circling(query, cursor, *, group=None, assigned=False):
        page = pages(fake, query, None, group=group)
        return type(page)(page.items, "after 1")

    fake.people = circling
    walk()
    assert source(do).code == "group.circle"


def test_something_unforeseen_is_said_without_its_words(do, taken, fake, remote, walk, caplog):
    fake.before["people"].append(RuntimeError("a secret"))
    walk()
    assert source(do).code == "group.unexpected" and "secret" not in source(do).reason


def test_whoever_may_do_more_than_the_taker_is_left_alone(do, taken, fake, remote, walk):
    """Nobody moves a person into or out of a group by way of a directory either."""
    ada = remote("Ada")
    remote("Bob")
    walk()
    assert inside(do) == ["Bob"] and source(do).left_alone == 1
    do(lambda session, found: _take_as(session, found, "Ada"))
    walk(minutes=15)
    assert inside(do) == ["Ada", "Bob"]
    do(lambda session, found: _take_as(session, found, "Uma"))
    fake.members[THERE] -= {ada}
    walk(minutes=15)
    assert inside(do) == ["Ada", "Bob"]


def _take_as(session, found, name):
    sources.of(session, found["Desk"]).taken_by_id = found[name].id


def test_who_joins_a_served_group_by_a_walk_is_delivered(do, taken, fake, remote, walk, clock):
    def serve(session, found):
        rows = Records(session, clock)
        ory = rows.directory("Ory", serves=Serves.CHOSEN)
        rows.passkey(found["Bob"])
        directories.choose_group(session, ory, found["Desk"], actor=None, now=clock())

    do(serve)
    bob = remote("Bob")
    walk()
    states = do(lambda session, found: session.scalars(select(Delivery.state)).all())
    assert states == ["waiting"]
    fake.members[THERE] -= {bob}
    walk(minutes=15)
    states = do(lambda session, found: session.scalars(select(Delivery.state)).all())
    assert states == ["dropped"]


def test_who_is_unlinked_is_out_at_the_next_walk(do, taken, remote, walk):
    remote("Bob")
    walk()
    do(lambda session, found: session.delete(session.scalars(select(Identity)).one()))
    walk(minutes=15)
    assert inside(do) == []


def test_a_worker_that_lost_its_lease_writes_nothing(do, taken, fake, remote, walk, clock):
    remote("Bob")

    def stolen():
        def act(session, found):
            sources.of(session, found["Desk"]).fence += 1

        do(act)

    fake.after["people"].append(stolen)
    walk()
    assert inside(do) == []
    assert walk(minutes=9) == 1
    assert inside(do) == ["Bob"]


def test_a_directory_that_is_not_in_service_is_not_asked(do, taken, fake, walk, portal, clock):
    def end(session, found):
        session.scalars(select(Directory)).one().ended_at = clock()

    do(end)
    assert walk() == 0
    with portal.database.read() as session:
        assert step.next_due(session) is None


def test_a_long_walk_lets_other_work_have_its_turn(do, taken, fake, remote, walk, monkeypatch):
    monkeypatch.setattr(step, "PAGES", 1)
    fake.page_size = 1
    for name in ("Bob", "Cy"):
        remote(name)
    assert walk() == 2
    assert inside(do) == ["Bob", "Cy"]


def test_a_stopping_worker_leaves_the_walk_where_it_is(do, taken, fake, remote, portal):
    fake.page_size = 1
    for name in ("Bob", "Cy"):
        remote(name)
    asked = iter([False, True, True])
    assert step.work(portal, worker="test", stopping=lambda: next(asked)) == 1
    assert inside(do) == ["Bob"]
    assert source(do).lease_until is None


def test_while_a_worker_walks_nobody_else_looks_or_is_sent(do, taken, fake, remote, portal, clock):
    remote("Bob")
    seen = []

    def look():
        do(lambda session, found: sources.hurry(session, found["Desk"], now=clock()))
        with portal.database.read() as session:
            seen.append(step.next_due(session) - clock())
        seen.append(step.work(portal, worker="other"))

    fake.before["people"].append(look)
    assert step.work(portal, worker="test") == 1
    assert seen == [step.LEASE, 0]
    assert inside(do) == ["Bob"]
