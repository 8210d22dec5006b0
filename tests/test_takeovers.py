"""The ways upward that somebody with a little power would try, each by name and over HTTP."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from models import EnrolmentLink, Mail, Person, Role
from services import groups, roles
from services.roles import ADMINISTRATOR, USER_ADMINISTRATOR, VIEW_ONLY, Privilege
from tests.blueprints.conftest import said
from tests.house import House, answering
from tests.records import Records

ROLES_PAGE = "/admin/roles"
PETTY = {
    Privilege.VIEW_PEOPLE,
    Privilege.MAKE_LINKS,
    Privilege.END_PASSKEYS,
    Privilege.VIEW_ROLES,
    Privilege.EDIT_ROLES,
    Privilege.GRANT_ROLES,
    Privilege.EDIT_PEOPLE,
    Privilege.SUSPEND_PEOPLE,
    Privilege.END_SESSIONS,
    Privilege.VIEW_GROUPS,
    Privilege.EDIT_GROUPS,
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


def link_for(house, person: Person) -> str:
    """The path of a link that the visitor makes."""
    house.visitor.send(f"/admin/people/{person.uuid}/links", LINK)
    page = house.visitor.get(f"/admin/people/{person.uuid}").text
    return re.search(r"(/links/[\w-]{20,})", page).group(1)


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


def test_no_address_of_an_administrator_is_changed_so_that_a_link_would_reach_the_changer(
    house, portal
):
    mine = {
        "given_name": "Boss",
        "family_name": "Example",
        "display_name": "Boss Example",
        "email": "mine@example.com",
    }
    answer = house.visitor.send(f"/admin/people/{house.boss.uuid}/edit", mine)
    assert refused(answer, "person_holds_more")
    with portal.database.read() as session:
        assert session.get_one(Person, house.boss.id).email == "boss@example.com"


def test_a_link_dies_with_the_address_that_it_was_made_for(house, portal):
    path = link_for(house, house.plain)
    other = {
        "given_name": "Plain",
        "family_name": "Example",
        "display_name": "Plain Example",
        "email": "elsewhere@example.com",
    }
    assert house.visitor.send(f"/admin/people/{house.plain.uuid}/edit", other).status_code == 303
    assert "link_revoked" in house.visitor.get(path).text


@pytest.mark.parametrize("act", ["suspend", "let-in", "end", "sessions/end-all"])
def test_no_administrator_is_suspended_ended_or_signed_out(house, portal, act):
    answer = house.visitor.send(f"/admin/people/{house.boss.uuid}/{act}")
    assert refused(answer, "person_holds_more")
    with portal.database.read() as session:
        assert session.get_one(Person, house.boss.id).active


def test_nobody_gets_into_a_group_that_carries_a_policy(house, portal, clock):
    with portal.database.write() as session:
        rows = Records(session, clock)
        ranked = rows.group(name="Any key at all", rank=1)
        rows.policy(group_id=ranked.id)
    house.visitor.send(f"/admin/groups/{ranked.uuid}/members", {"add": str(house.me.uuid)})
    with portal.database.read() as session:
        assert not groups.among(session, ranked, [house.me])
    assert "has a policy of its own" in said(house.visitor.get(f"/admin/groups/{ranked.uuid}"))


def test_nobody_takes_an_administrator_out_of_a_group(house, portal):
    page = f"/admin/groups/{house.group.uuid}"
    house.visitor.send(f"{page}/members", {"remove": str(house.boss.uuid)})
    with portal.database.read() as session:
        assert groups.among(session, house.group, [house.boss])


def test_a_link_made_before_they_were_promoted_does_not_lead_in(house, portal):
    path = link_for(house, house.plain)
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
