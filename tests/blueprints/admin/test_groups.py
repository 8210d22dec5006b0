"""The pages of groups, and a directory that serves them."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from directories.ory import OrySettings
from directories.ory.settings import Flavour, TraitMapping
from models import Directory, Group, GroupMember, Person, Serves
from services import groups, people
from services.role_changes import grant
from services.roles import USER_ADMINISTRATOR, Privilege
from tests.blueprints.conftest import said
from tests.records import Records

GROUPS = "/admin/groups"
NOBODYS = uuid.UUID(int=7)


@pytest.fixture
def person(portal):
    """A person by their given name."""

    def read(name: str) -> Person:
        with portal.database.read() as session:
            return session.scalars(select(Person).where(Person.given_name == name)).one()

    return read


@pytest.fixture
def desk(administrator, portal) -> str:
    """The address of a group's page."""
    administrator.get(f"{GROUPS}/new")
    answer = administrator.send(f"{GROUPS}/new", {"name": "Desk", "description": "Who helps"})
    assert answer.status_code == 303
    return answer.location


@pytest.fixture
def bob(portal):
    with portal.database.write() as session:
        names = people.Names("Bob", "Ng", "Bob Ng", "bob@example.com")
        return people.add(session, names, actor=None, now=portal.now())


def inside(portal):
    with portal.database.read() as session:
        statement = select(Person.given_name).join(GroupMember).order_by(Person.id)
        return list(session.scalars(statement))


def test_a_group_is_made_filled_renamed_emptied_and_ended(administrator, desk, bob, portal):
    page = administrator.get(f"{desk}?who=bob")
    assert "Nobody is in it yet" in said(page) and "bob@example.com" in said(page)
    answer = administrator.send(f"{desk}/members", {"add": str(bob.uuid), "who": "bob"})
    assert answer.location == f"{desk}?who=bob#add"
    assert inside(portal) == ["Bob"]
    assert "bob@example.com" in said(administrator.get(f"{desk}?q=ng"))
    assert "No member" in said(administrator.get(f"{desk}?q=ada"))

    assert administrator.send(f"{desk}/edit", {"name": "Help desk"}).location == desk
    assert "Help desk" in said(administrator.get(GROUPS))

    administrator.send(f"{desk}/members", {"remove": str(bob.uuid)})
    assert inside(portal) == []
    assert administrator.send(f"{desk}/end").location == GROUPS
    assert administrator.get(desk).status_code == 404
    assert "There is no group yet" in said(administrator.get(GROUPS))


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 129}, {"name": "desk"}])
@pytest.mark.parametrize("page", ["new", "edit"])
def test_a_name_that_cannot_be_is_told_at_its_field(administrator, desk, portal, fields, page):
    with portal.database.write() as session:
        groups.create(session, name="Lab", actor=None, now=portal.now())
        lab = session.scalars(select(Group).where(Group.name == "Lab")).one().uuid
    address = f"{GROUPS}/new" if page == "new" else f"{GROUPS}/{lab}/edit"
    answer = administrator.send(address, fields)
    assert answer.status_code == 422 and "There is a problem" in answer.text


@pytest.mark.parametrize("fields", [{}, {"add": ""}, {"add": "me"}, {"remove": str(NOBODYS)}])
def test_an_id_that_is_nobodys_changes_nothing(administrator, desk, fields):
    assert administrator.send(f"{desk}/members", fields).status_code == 404


def test_markup_in_a_name_stays_text(administrator, portal):
    answer = administrator.send(f"{GROUPS}/new", {"name": "<i>Desk</i>"})
    for page in (GROUPS, answer.location, f"{answer.location}/edit"):
        assert "<i>Desk</i>" not in administrator.get(page).text


def hold(monkeypatch, *held):
    monkeypatch.setattr("blueprints.visitor.privileges", lambda person: frozenset(held))


def test_who_may_not_see_people_sees_a_group_without_them(
    administrator, desk, bob, somebody, monkeypatch
):
    administrator.send(f"{desk}/members", {"add": str(bob.uuid)})
    hold(monkeypatch, Privilege.VIEW_GROUPS)
    page = somebody.get(f"{desk}?who=bob")
    assert page.status_code == 200 and "Bob" not in said(page)
    assert "bob@example.com" not in page.text and "EDIT" not in said(page)


def test_a_swapped_id_does_not_reach_a_person_who_may_do_more(
    administrator, desk, somebody, person, portal
):
    with portal.database.write() as session:
        grace = people.get(session, person("Grace").uuid)
        grant(session, grace, USER_ADMINISTRATOR, actor=None, now=portal.now())
    ada = str(person("Ada").uuid)
    shown = somebody.get(f"{desk}?who=ada")
    assert "may do more than you" in said(shown) and f'value="{ada}"' not in shown.text
    answer = somebody.send(f"{desk}/members", {"add": ada})
    assert answer.location.startswith(desk)
    assert "may do more than you" in said(somebody.get(desk))
    assert inside(portal) == []


@pytest.fixture
def ory(portal) -> str:
    """The page of a directory that serves a choice."""
    with portal.database.write() as session:
        made = Records(session, portal.now).directory(
            "Ory", serves=Serves.CHOSEN, settings=settings_of_ory()
        )
        return f"/admin/directories/{made.uuid}"


def settings_of_ory():
    mapping = TraitMapping(email="email")
    return OrySettings(Flavour.NETWORK, "https://ory.example.com", mapping=mapping).to_mapping()


def test_a_directory_serves_a_group_and_the_group_says_so(administrator, desk, ory, portal):
    group = desk.rpartition("/")[2]
    assert group in administrator.get(ory).text
    answer = administrator.send(f"{ory}/serves", {"choose_group": group})
    assert answer.location == f"{ory}#serves"
    assert "serves the group Desk" in said(administrator.get(ory))
    assert "Ory" in said(administrator.get(desk)) and "Ory" in said(administrator.get(GROUPS))
    administrator.send(f"{desk}/end")
    assert "Take it from whom they serve first" in said(administrator.get(desk))
    administrator.send(f"{ory}/serves", {"unchoose_group": group})
    assert "No group is chosen" in said(administrator.get(ory))
    with portal.database.read() as session:
        assert session.scalars(select(Directory.serves)).one() is Serves.CHOSEN


@pytest.mark.parametrize("value", ["", "me", str(NOBODYS)])
@pytest.mark.parametrize("act", ["choose_group", "unchoose_group"])
def test_a_directory_serves_no_group_that_is_not_there(administrator, ory, act, value):
    assert administrator.send(f"{ory}/serves", {act: value}).status_code == 404


def test_who_may_not_see_groups_chooses_none(administrator, desk, ory, somebody, monkeypatch):
    hold(monkeypatch, Privilege.VIEW_ORY, Privilege.EDIT_ORY)
    assert "choose_group" not in somebody.get(ory).text
    answer = somebody.send(f"{ory}/serves", {"choose_group": desk.rpartition("/")[2]})
    assert answer.status_code == 403
