"""Taking a group's members from a directory's group, in the pages."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Group as RemoteGroup
from directories.base import Transient
from models import Directory, DirectoryType, GroupSource
from services import groups, people
from services.groups import step
from services.role_changes import grant
from services.roles import USER_ADMINISTRATOR, Privilege
from tests.blueprints.conftest import said
from tests.fake_directory import FakeDirectory
from tests.records import Records

DOWN = Transient("No answer came.", code="fake.down", said="upstream gone", request_id="req-7")


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    directory = FakeDirectory()
    directory.lists_groups = True
    directory.members = {RemoteGroup("g-1", "Sales"): set(), RemoteGroup("g-2", "Crew"): set()}
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


class Place:
    """A group here with Bob in it, and a directory with groups of its own."""

    def __init__(self, portal, visitor, clock) -> None:
        self.portal, self.visitor = portal, visitor
        with portal.database.write() as session:
            rows = Records(session, clock)
            staff = rows.directory("Staff", type=DirectoryType.ENTRA)
            rows.directory("Ory")
            desk = rows.group(rows.person("bob"), name="Desk")
            self.group, self.directory = desk.uuid, staff.uuid
        self.page = f"/admin/groups/{self.group}"
        self.take = f"{self.page}/take/{self.directory}"

    def chosen(self, name: str, /, **query) -> str:
        page = self.visitor.get(self.take, query_string=query)
        row = next(one for one in page.text.split("<tr>") if f"members of {name}<" in one)
        return unescape(re.search(r'name="chosen" value="([^"]+)"', row).group(1))

    def source(self) -> GroupSource | None:
        with self.portal.database.read() as session:
            return session.scalar(select(GroupSource))


@pytest.fixture
def desk(portal, administrator, clock, fake) -> Place:
    return Place(portal, administrator, clock)


def test_a_group_is_taken_walked_through_and_let_go_of(desk, administrator, fake, portal, clock):
    page = administrator.get(desk.page)
    assert "Take them from Staff" in said(page) and "Take them from Ory" not in said(page)
    assert "Of its 1 member of today" in said(administrator.get(desk.take))
    answer = administrator.send(desk.take, {"chosen": desk.chosen("Crew", name="cr")})
    assert answer.location == desk.page
    assert (desk.source().remote_id, desk.source().remote_name) == ("g-2", "Crew")
    page = administrator.get(desk.page)
    assert "Last in step not yet" in said(page)
    assert "Add people" not in said(page) and 'name="remove"' not in page.text
    step.work(portal, worker="test")
    assert "Nobody is in it." in said(administrator.get(desk.page))

    clock.forward(minutes=1)
    assert administrator.send(f"{desk.page}/refresh").location == desk.page
    assert desk.source().due_at == clock()
    assert administrator.send(f"{desk.page}/let-go").location == desk.page
    assert desk.source() is None
    assert "Add people" in said(administrator.get(desk.page))


def test_the_page_says_why_a_group_is_not_in_step(desk, administrator, fake, portal):
    administrator.send(desk.take, {"chosen": desk.chosen("Crew")})
    fake.before["people"].append(DOWN)
    step.work(portal, worker="test")
    page = said(administrator.get(desk.page))
    for words in ("No answer came", "upstream gone", "req-7", "fake.down", "stay as they were"):
        assert words in page
    with portal.database.write() as session:
        session.scalars(select(Directory).where(Directory.name == "Staff")).one().verified_at = None
    assert "Staff is not verified, so it is not asked" in said(administrator.get(desk.page))


def test_a_directory_that_does_not_answer_is_told_with_its_words(desk, administrator, fake):
    fake.before["groups"].append(DOWN)
    page = administrator.get(desk.take)
    assert page.status_code == 502
    assert "upstream gone" in said(page) and "req-7" in said(page)


def test_groups_are_leafed_through_and_searched_for(desk, administrator, fake):
    fake.page_size = 1
    first = administrator.get(desk.take)
    assert "Sales" in said(first) and "Crew" not in said(first)
    following = unescape(re.search(r'rel="next" href="([^"]+)"', first.text).group(1))
    assert "Crew" in said(administrator.get(following))
    assert "No group found" in said(administrator.get(f"{desk.take}?name=nothing"))
    fake.members.clear()
    assert "No group is there" in said(administrator.get(desk.take))


@pytest.mark.parametrize("chosen", ["", "g-1", "x" * 50])
def test_a_group_that_somebody_wrote_into_the_form_is_not_taken(desk, administrator, chosen):
    assert administrator.send(desk.take, {"chosen": chosen}).status_code == 422
    assert desk.source() is None


def test_a_group_of_one_directory_is_not_taken_from_another(desk, administrator, portal, clock):
    chosen = desk.chosen("Crew")
    with portal.database.write() as session:
        other = Records(session, clock).directory("Other", type=DirectoryType.ENTRA).uuid
    answer = administrator.send(f"{desk.page}/take/{other}", {"chosen": chosen})
    assert answer.status_code == 422 and desk.source() is None


def test_a_group_is_taken_once(desk, administrator):
    chosen = desk.chosen("Crew")
    for _ in range(2):
        assert administrator.send(desk.take, {"chosen": chosen}).location == desk.page
    assert "are changed there" in said(administrator.get(desk.page))


def test_a_directory_without_groups_and_one_that_is_not_there_are_not_asked(
    desk, administrator, fake
):
    fake.lists_groups = False
    assert administrator.get(desk.take).status_code == 404
    assert administrator.get(f"{desk.page}/take/{uuid.UUID(int=7)}").status_code == 404
    nobodys = f"/admin/groups/{uuid.UUID(int=7)}"
    for path in ("let-go", "refresh", f"take/{desk.directory}"):
        assert administrator.send(f"{nobodys}/{path}").status_code == 404


def test_a_taken_group_with_a_policy_is_for_those_who_may_change_policies(
    desk, administrator, somebody, portal
):
    chosen = desk.chosen("Crew")
    with portal.database.write() as session:
        groups.get(session, desk.group).rank = 1
    with portal.database.write() as session:
        grace = people.by_email(session, "grace@example.com")
        grant(session, grace, USER_ADMINISTRATOR, actor=None, now=portal.now())
    assert "Take them from" not in said(somebody.get(desk.page))
    assert somebody.send(desk.take, {"chosen": chosen}).location == desk.page
    assert desk.source() is None
    assert "Only those who may change policies" in said(somebody.get(desk.page))


def test_who_may_not_see_the_directory_takes_nothing_from_it(desk, somebody, monkeypatch):
    held = {Privilege.VIEW_GROUPS, Privilege.EDIT_GROUPS, Privilege.VIEW_PEOPLE}
    held.add(Privilege.VIEW_PINGONE)
    monkeypatch.setattr("blueprints.visitor.privileges", lambda person: frozenset(held))
    assert "Take them from" not in said(somebody.get(desk.page))
    assert somebody.get(desk.take).status_code == 403
    assert somebody.send(desk.take, {"chosen": "x"}).status_code == 403
