"""The ways upward that somebody with a little power would try, each by name and over HTTP."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import EnrolmentLink, Mail, Person, Role
from services import roles
from services.roles import ADMINISTRATOR, USER_ADMINISTRATOR, VIEW_ONLY, Privilege
from tests.house import House, answering

ROLES_PAGE = "/admin/roles"
PETTY = {
    Privilege.VIEW_PEOPLE,
    Privilege.MAKE_LINKS,
    Privilege.END_PASSKEYS,
    Privilege.VIEW_ROLES,
    Privilege.EDIT_ROLES,
    Privilege.GRANT_ROLES,
}
LINK = {"purpose": "recover", "lifetime": "24"}


@pytest.fixture
def house(app, portal, clock) -> House:
    made = House(app, portal, clock, answering())
    made.become(PETTY)
    return made


@pytest.fixture
def own_role(portal, house) -> str:
    """The address of the role that the visitor holds."""
    with portal.database.read() as session:
        return f"{ROLES_PAGE}/{session.get_one(Person, house.me.id).roles[0].role}"


def refused(answer, code: str) -> bool:
    return answer.status_code in (403, 409, 422) and code in answer.text


def holds(portal, person: Person) -> frozenset[Privilege]:
    with portal.database.read() as session:
        return roles.privileges(session.get_one(Person, person.id))


def count(portal, model) -> int:
    with portal.database.read() as session:
        return session.scalar(select(func.count()).select_from(model))


def role_form(*chosen: Privilege, name: str = "Mine") -> dict:
    return {"name": name, "description": "", "chosen": [one.value for one in chosen]}


def test_no_link_for_an_administrator(house, portal):
    before = count(portal, EnrolmentLink)
    answer = house.visitor.send(f"/admin/people/{house.boss.uuid}/links", LINK)
    assert refused(answer, "person_holds_more")
    assert count(portal, EnrolmentLink) == before


def test_no_mailed_link_for_an_administrator(house, portal):
    before = count(portal, Mail)
    answer = house.visitor.send(f"/admin/people/{house.boss.uuid}/mails", LINK)
    assert refused(answer, "person_holds_more")
    assert count(portal, Mail) == before


def test_no_link_of_an_administrator_is_revoked(house, portal):
    with portal.database.read() as session:
        link = session.scalars(
            select(EnrolmentLink).where(EnrolmentLink.person_id == house.boss.id)
        ).one()
    assert refused(house.visitor.send(f"/admin/links/{link.uuid}/revoke"), "person_holds_more")


def test_no_key_of_an_administrator_is_ended(house):
    passkey = house.passkeys[0]
    answer = house.visitor.send(f"/admin/passkeys/{passkey.uuid}/end")
    assert refused(answer, "person_holds_more")


def test_a_link_made_before_they_were_promoted_does_not_lead_in(house, portal):
    house.visitor.send(f"/admin/people/{house.plain.uuid}/links", LINK)
    address = house.visitor.get(f"/admin/people/{house.plain.uuid}").text
    path = "/links/" + address.split("/links/", 1)[1].split('"', 1)[0].split("<", 1)[0]
    assert house.visitor.get(path).status_code == 200
    house.become(role=ADMINISTRATOR)
    give = f"/admin/people/{house.plain.uuid}/roles/give"
    house.visitor.send(give, {"role": ADMINISTRATOR})
    house.become(PETTY)
    assert "link_revoked" in house.visitor.get(path).text


def test_nobody_widens_the_role_that_they_hold(house, portal, own_role):
    answer = house.visitor.send(f"{own_role}/edit", role_form(*PETTY, Privilege.EDIT_POLICIES))
    assert refused(answer, "You cannot give or take what you may not do: policies.edit.")
    assert holds(portal, house.me) == PETTY


def test_nobody_makes_a_role_beyond_their_own(house, portal):
    answer = house.visitor.send(
        f"{ROLES_PAGE}/new", role_form(Privilege.VIEW_PEOPLE, Privilege.EDIT_POLICIES)
    )
    assert refused(answer, "You cannot give or take what you may not do: policies.edit.")


def test_a_copy_of_a_greater_role_carries_only_what_one_holds(house):
    page = house.visitor.get(f"{ROLES_PAGE}/new?copy={ADMINISTRATOR}").text
    assert page.count(" checked") == len(PETTY)


def test_nobody_gives_themselves_a_greater_role(house, portal):
    for role in (ADMINISTRATOR, USER_ADMINISTRATOR, VIEW_ONLY):
        give = f"/admin/people/{house.me.uuid}/roles/give"
        assert refused(house.visitor.send(give, {"role": role}), "role_exceeds")
    assert holds(portal, house.me) == PETTY


def test_nobody_takes_a_role_from_somebody_greater(house, portal):
    take = f"/admin/people/{house.boss.uuid}/roles/take"
    answer = house.visitor.send(take, {"role": ADMINISTRATOR})
    assert refused(answer, "role_exceeds")
    assert holds(portal, house.boss) == frozenset(Privilege)


def test_nobody_shrinks_a_role_that_somebody_greater_holds(house, portal):
    with portal.database.write() as session:
        boss = session.get_one(Person, house.boss.id)
        boss.roles.append(house.grant(session.get_one(Role, house.free.id)))
    answer = house.visitor.send(
        f"{ROLES_PAGE}/{house.free.uuid}/edit", role_form(Privilege.VIEW_ROLES)
    )
    assert refused(answer, "role_held_above")


def test_a_built_in_role_is_never_edited(house):
    house.become(role=ADMINISTRATOR)
    for address in (f"{ROLES_PAGE}/{VIEW_ONLY}/edit", f"{ROLES_PAGE}/{VIEW_ONLY}/end"):
        answer = house.visitor.send(address, role_form(*Privilege))
        assert refused(answer, "role_built_in")


def test_an_id_swapped_in_a_form_is_judged_by_whom_it_names(house, portal):
    """The form was shown for Plain; what is sent names the administrator, or a greater role."""
    assert "/roles/give" in house.visitor.get(f"/admin/people/{house.plain.uuid}").text
    swapped = house.visitor.send(
        f"/admin/people/{house.boss.uuid}/roles/give", {"role": str(house.free.uuid)}
    )
    assert refused(swapped, "person_holds_more")
    greater = house.visitor.send(
        f"/admin/people/{house.plain.uuid}/roles/give",
        {"role": ADMINISTRATOR, "person": str(house.me.uuid)},
    )
    assert refused(greater, "role_exceeds")
    assert holds(portal, house.me) == PETTY
    assert holds(portal, house.plain) == {Privilege.VIEW_PEOPLE}


def test_roles_that_were_taken_away_count_no_longer_at_the_very_next_request(house):
    give = f"/admin/people/{house.plain.uuid}/roles/give"
    assert house.visitor.send(give, {"role": str(house.free.uuid)}).status_code == 303
    house.become()
    assert house.visitor.send(give, {"role": str(house.free.uuid)}).status_code == 403
    assert house.visitor.get(ROLES_PAGE).status_code == 403
