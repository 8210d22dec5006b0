"""The pages of roles, of what somebody may do, and of giving and taking roles."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import AuditEvent, Person, Role
from services import privilege_words, roles
from services.roles import (
    ADMINISTRATOR,
    DEVICE_SERVICE_ADMINISTRATOR,
    NAMES,
    ROLES,
    USER_ADMINISTRATOR,
    VIEW_ONLY,
    Privilege,
)
from tests.blueprints.conftest import said
from tests.house import House, answering

START = "/admin/roles"
EDITOR = {
    Privilege.VIEW_ROLES,
    Privilege.EDIT_ROLES,
    Privilege.GRANT_ROLES,
    Privilege.VIEW_PEOPLE,
    Privilege.ADD_PEOPLE,
}


@pytest.fixture
def house(app, portal, clock) -> House:
    made = House(app, portal, clock, answering())
    made.become(role=ADMINISTRATOR)
    return made


@pytest.fixture
def stored(portal):
    """A role made here, as it is stored now."""

    def read(name: str) -> Role:
        with portal.database.read() as session:
            return session.scalars(select(Role).where(Role.name == name)).one()

    return read


@pytest.fixture
def held(portal):
    """The roles that somebody holds."""

    def read(person: Person) -> set[str]:
        with portal.database.read() as session:
            return {grant.role for grant in session.get_one(Person, person.id).roles}

    return read


def of(person: Person, path: str = "") -> str:
    return f"/admin/people/{person.uuid}{path}"


def test_every_privilege_has_its_sentence_and_its_place():
    assert set(privilege_words.SENTENCES) == set(Privilege)
    placed = [one for area in privilege_words.AREAS for one in area.privileges]
    assert sorted(placed) == sorted(Privilege)
    assert all(one.endswith(".") for one in privilege_words.SENTENCES.values())


def test_the_list_says_what_each_role_is_and_how_many_hold_it(house):
    page = said(house.visitor.get(START))
    for name in NAMES.values():
        assert name in page
    assert "Made here made here People: view 1" in page
    assert "Held by nobody made here People: view 0" in page
    assert "Administrator built in Everything. 3" in page


def test_a_role_shows_what_it_allows_by_area_and_who_holds_it(house):
    page = said(house.visitor.get(f"{START}/{house.made.uuid}"))
    assert "Plain Example plain@example.com active" in page
    assert "People See everybody, their places, links and roles." in page
    assert "It can be ended once nobody holds it." in page
    built_in = said(house.visitor.get(f"{START}/{ADMINISTRATOR}"))
    assert "Boss Example" in built_in
    assert "A built-in role cannot be changed. Make a copy of it." in built_in
    assert "provisioning requests" in built_in


@pytest.mark.parametrize("name", ["nothing", "00000000-0000-0000-0000-000000000000"])
def test_a_role_that_is_not_there_is_not_found(house, name):
    assert house.visitor.get(f"{START}/{name}").status_code == 404
    assert house.visitor.get(f"{START}/{name}/edit").status_code == 404
    assert house.visitor.get(f"{START}/new?copy={name}").status_code == 404


def test_a_role_is_made_from_a_copy(house, stored):
    page = house.visitor.get(f"{START}/new?copy={VIEW_ONLY}").text
    assert 'value="Copy of View Only"' in page
    assert page.count(" checked") == len(ROLES[VIEW_ONLY])
    fields = {
        "name": "  Front  desk ",
        "description": "Who greets people.",
        "chosen": ["people.view", "people.links"],
    }
    answer = house.visitor.send(f"{START}/new", fields)
    assert answer.status_code == 303
    made = stored("Front desk")
    assert answer.location == f"{START}/{made.uuid}"
    assert made.privileges == ["people.view", "people.links"]
    assert "Front desk is made." in said(house.visitor.get(answer.location))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Enter a name for the role."),
        ({"name": "x" * 65}, "longer than 64"),
        ({"name": "made HERE"}, "A role is called “made HERE” already."),
        ({"name": "administrator"}, "A role is called “administrator” already."),
        ({"chosen": []}, "Choose at least one privilege."),
        ({"chosen": ["people.rule"]}, "not a valid choice"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(house, portal, changes, sentence):
    fields = {"name": "Desk", "description": "Greets.", "chosen": ["people.view"], **changes}
    answer = house.visitor.send(f"{START}/new", fields)
    assert answer.status_code == 422
    assert sentence in said(answer)
    assert 'value="Greets."' in answer.text
    with portal.database.read() as session:
        assert session.scalar(select(Role).where(Role.name == "Desk")) is None


def test_an_edit_counts_at_once_for_who_holds_the_role(house, portal, stored):
    house.become(EDITOR | {Privilege.MAKE_LINKS})
    page = house.visitor.get(f"{START}/{house.made.uuid}/edit").text
    assert 'value="Made here"' in page
    fields = {"name": "Desk", "description": "", "chosen": ["people.view", "people.links"]}
    assert house.visitor.send(f"{START}/{house.made.uuid}/edit", fields).status_code == 303
    with portal.database.read() as session:
        plain = session.get_one(Person, house.plain.id)
        assert roles.privileges(plain) == {Privilege.VIEW_PEOPLE, Privilege.MAKE_LINKS}
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event.tag == "role.edited"
    assert event.detail["before"]["privileges"] == ["people.view"]


def test_a_role_that_nobody_holds_is_ended(house):
    answer = house.visitor.send(f"{START}/{house.free.uuid}/end")
    assert answer.location == START
    page = said(house.visitor.get(START))
    assert "Held by nobody is ended." in page
    assert house.visitor.get(f"{START}/{house.free.uuid}").status_code == 404
    assert house.visitor.send(f"{START}/{house.free.uuid}/end").status_code == 404


def test_a_role_that_somebody_got_meanwhile_is_not_ended(house, stored):
    answer = house.visitor.send(f"{START}/{house.made.uuid}/end")
    assert "1 person holds this role." in said(house.visitor.get(answer.location))
    assert stored("Made here").ended_at is None


def test_a_role_is_given_and_taken_on_a_persons_page(house, held):
    page = said(house.visitor.get(of(house.plain)))
    assert "Made here People: view" in page
    assert "Give a role" in page
    answer = house.visitor.send(of(house.plain, "/roles/give"), {"role": VIEW_ONLY})
    assert answer.location == of(house.plain) + "#roles"
    assert "Plain Example is now View Only." in said(house.visitor.get(of(house.plain)))
    assert held(house.plain) == {VIEW_ONLY, str(house.made.uuid)}
    house.visitor.send(of(house.plain, "/roles/take"), {"role": VIEW_ONLY})
    assert "is not View Only any more." in said(house.visitor.get(of(house.plain)))
    assert held(house.plain) == {str(house.made.uuid)}


def test_only_what_may_be_given_is_offered_and_the_rest_says_why(house):
    house.become(EDITOR)
    page = house.visitor.get(of(house.plain)).text
    assert page.count('name="role" value=') == len(ROLES) + 3  # of which one is to take
    for role in (ADMINISTRATOR, USER_ADMINISTRATOR, DEVICE_SERVICE_ADMINISTRATOR, VIEW_ONLY):
        at = page.index(f'value="{role}"')
        assert " disabled>" in page[at : at + 80]
    assert "You cannot give or take what you may not do:" in page
    assert f'value="{house.free.uuid}"' in page


def test_nothing_is_offered_for_somebody_who_may_do_more(house):
    house.become(EDITOR)
    page = house.visitor.get(of(house.boss)).text
    assert "/roles/give" not in page
    assert "/roles/take" not in page
    assert "This person may do more than you, so you cannot change their roles." in page


def test_no_role_chosen_is_said(house, held):
    answer = house.visitor.send(of(house.plain, "/roles/give"))
    assert "Choose a role first." in said(house.visitor.get(answer.location))
    assert house.visitor.send(of(house.plain, "/roles/give"), {"role": "king"}).status_code == 404


def test_the_last_administrator_keeps_the_role(house, portal, held):
    house.become(role=USER_ADMINISTRATOR)
    with portal.database.write() as session:
        for grant in (
            session.scalars(select(Person).where(Person.given_name == "Second")).one().roles
        ):
            session.delete(grant)
    house.become(role=ADMINISTRATOR)
    house.visitor.send(of(house.boss, "/roles/take"), {"role": ADMINISTRATOR})
    assert held(house.boss) == set()
    page = house.visitor.get(of(house.me)).text
    assert "This is the last administrator. Make somebody else one first." in page
    assert "/roles/take" not in page
    house.visitor.send(of(house.me, "/roles/take"), {"role": ADMINISTRATOR})
    assert "This is the last administrator." in said(house.visitor.get("/privileges"))
    assert held(house.me) == {ADMINISTRATOR}


def test_ones_own_page_says_what_one_may_do_and_by_which_role(house):
    house.become({Privilege.VIEW_ROLES})
    page = said(house.visitor.get("/privileges"))
    assert "See roles and who holds them. By Role" in page
    assert "Add people." not in page
    house.become()
    assert "You hold no role" in said(house.visitor.get("/privileges"))


def test_a_persons_page_says_what_they_may_do_and_why(house, portal):
    house.visitor.send(of(house.plain, "/roles/give"), {"role": VIEW_ONLY})
    page = said(house.visitor.get(of(house.plain, "/privileges")))
    assert "See everybody, their places, links and roles. By Made here, View Only." in page
    with portal.database.write() as session:
        session.get_one(Person, house.plain.id).suspended_at = portal.now()
    assert "is suspended" in said(house.visitor.get(of(house.plain, "/privileges")))
    nobody = "00000000-0000-0000-0000-000000000000"
    assert house.visitor.get(f"/admin/people/{nobody}/privileges").status_code == 404
    assert (
        house.visitor.send(f"/admin/people/{nobody}/roles/give", {"role": VIEW_ONLY}).status_code
        == 404
    )


def test_after_an_act_nobody_is_led_to_a_page_that_they_may_not_open(house):
    house.become({Privilege.ADD_PEOPLE, Privilege.VIEW_ROLES})
    names = {
        "given_name": "Radia",
        "family_name": "Perlman",
        "display_name": "Radia Perlman",
        "email": "radia@example.com",
    }
    answer = house.visitor.send("/admin/people/new", names)
    assert answer.location == START
    assert "Radia Perlman is added." in said(house.visitor.get(answer.location))
    house.become({Privilege.ADD_PEOPLE})
    answer = house.visitor.send("/admin/people/new", {**names, "email": "r2@example.com"})
    assert answer.location == "/privileges"


def test_administration_begins_where_one_may_look(house):
    house.become({Privilege.VIEW_ROLES})
    assert f'<a href="{START}">Administration</a>' in house.visitor.get("/passkeys").text
    house.become({Privilege.MAKE_LINKS})
    assert "Administration" not in house.visitor.get("/passkeys").text
