"""A group's policy in the pages: chosen, confirmed by a touch, ordered, taken away, lived by."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from sqlalchemy import select

from models import Group, Person
from services import groups, people, policies
from services.groups import policies as group_policies
from services.policies import POLICIES, Kind
from services.role_changes import grant
from services.roles import USER_ADMINISTRATOR, Privilege
from tests.blueprints.admin.test_policy import HIDDEN, SUBJECT, touch
from tests.blueprints.conftest import said

START = "/admin/policies"
FIELDS = {"kind": "any", "counter": "y"}


@pytest.fixture
def desk(administrator, portal) -> uuid.UUID:
    """A group with nobody in it."""
    with portal.database.write() as session:
        return groups.create(session, name="Desk", actor=None, now=portal.now()).uuid


@pytest.fixture
def lab(administrator, portal) -> uuid.UUID:
    """A group with a policy already."""
    with portal.database.write() as session:
        ada = session.scalars(select(Person)).first()
        made = groups.create(session, name="Lab", actor=None, now=portal.now())
        group_policies.change(
            session, made, POLICIES[Kind.ANY], base=None, actor=ada, now=portal.now()
        )
        return made.uuid


@pytest.fixture
def own(portal):
    """The name of a group's own policy."""

    def read(address) -> str | None:
        with portal.database.read() as session:
            found = policies.current(session, groups.get(session, address))
        return found and found.name

    return read


def propose(visitor, group, **changes):
    address = f"{START}/groups/{group}/edit"
    page = visitor.get(address)
    base = re.search(r'name="base" type="hidden" value="([^"]*)"', page.text).group(1)
    return visitor.send(address, {**FIELDS, "base": base, **changes})


def confirm(visitor, page, to, subject=""):
    form = page.text.partition('class="ceremony"')[2].partition("</form>")[0]
    fields = {name: unescape(value) for name, value in HIDDEN.findall(form)}
    fields.pop("csrf_token", None)
    subject = subject or SUBJECT.search(page.text).group(1)
    begun = visitor.options("confirm", subject=subject)
    return visitor.send(to, fields | touch(visitor, begun))


def test_a_group_gets_a_policy_by_a_touch_and_loses_it_by_another(administrator, desk, own):
    page = propose(administrator, desk)
    assert page.status_code == 200 and "members of Desk" in said(page)
    assert own(desk) is None
    answer = confirm(administrator, page, f"{START}/groups/{desk}/save")
    assert answer.location == START
    assert own(desk) == POLICIES[Kind.ANY].name
    listed = said(administrator.get(START))
    assert "In force: HID Crescendo only" in listed and "Desk 1 Any FIDO2" in listed

    away = f"{START}/groups/{desk}/take-away"
    page = administrator.get(away)
    assert administrator.send(away).status_code != 303
    assert own(desk) is not None
    assert confirm(administrator, page, away).location == START
    assert own(desk) is None
    assert administrator.get(away).location == START


def test_a_touch_for_one_group_changes_no_other(administrator, desk, lab, own):
    page = propose(administrator, desk)
    answer = confirm(administrator, page, f"{START}/groups/{lab}/save")
    assert answer.status_code >= 400
    assert own(lab) == POLICIES[Kind.ANY].name and own(desk) is None
    answer = confirm(administrator, page, f"{START}/save")
    assert answer.status_code >= 400
    with_portal = administrator.get(START)
    assert "In force: HID Crescendo only" in said(with_portal)


def test_a_group_may_have_for_itself_what_the_portal_has(administrator, desk, own):
    page = propose(administrator, desk, kind="hid_crescendo", device_bound="y")
    assert page.status_code == 200, said(page)
    confirm(administrator, page, f"{START}/groups/{desk}/save")
    assert own(desk) == POLICIES[Kind.HID_CRESCENDO].name
    again = propose(administrator, desk, kind="hid_crescendo", device_bound="y")
    assert again.location == START


def test_the_order_of_groups_is_changed_on_the_page(administrator, desk, lab, portal):
    confirm(administrator, propose(administrator, desk), f"{START}/groups/{desk}/save")
    page = administrator.get(START)
    assert re.search(r"Lab 1 .* Desk 2", said(page))
    answer = administrator.send(f"{START}/groups/{desk}/rank", {"way": "earlier"})
    assert answer.location == f"{START}#groups"
    assert re.search(r"Desk 1 .* Lab 2", said(administrator.get(START)))
    assert administrator.send(f"{START}/groups/{desk}/rank", {"way": "up"}).status_code == 422


def test_a_group_says_its_policy_and_is_not_ended_with_it(administrator, lab):
    page = administrator.get(f"/admin/groups/{lab}")
    assert "own policy: Any FIDO2" in said(page) and "Take that away first" in said(page)
    administrator.send(f"/admin/groups/{lab}/end")
    assert "Take that away first" in said(administrator.get(f"/admin/groups/{lab}"))


def test_a_group_that_carries_a_policy_lifts_nobody(administrator, lab, somebody, portal):
    """Whoever may fill groups and not change policies gets nobody another policy by it."""
    with portal.database.write() as session:
        grace = session.scalars(select(Person).where(Person.given_name == "Grace")).one()
        grant(session, grace, USER_ADMINISTRATOR, actor=None, now=portal.now())
        address = str(grace.uuid)
    page = somebody.get(f"/admin/groups/{lab}?who=grace")
    assert "Only those who may change policies" in said(page) and 'name="add"' not in page.text
    somebody.send(f"/admin/groups/{lab}/members", {"add": address})
    assert "Only those who may change policies" in said(somebody.get(f"/admin/groups/{lab}"))
    with portal.database.read() as session:
        found = people.get(session, uuid.UUID(address))
        assert groups.of_person(session, found) == []
    for path, fields in (
        (f"{START}/groups/{lab}/edit", FIELDS),
        (f"{START}/groups/{lab}/save", FIELDS),
        (f"{START}/groups/{lab}/take-away", {}),
        (f"{START}/groups/{lab}/rank", {"way": "earlier"}),
    ):
        assert somebody.send(path, fields).status_code == 403


def test_changing_policies_alone_does_not_change_the_order(
    administrator, lab, somebody, monkeypatch
):
    held = frozenset({Privilege.VIEW_POLICIES, Privilege.EDIT_POLICIES, Privilege.VIEW_GROUPS})
    monkeypatch.setattr("blueprints.visitor.privileges", lambda person: held)
    assert somebody.get(f"{START}/groups/{lab}/edit").status_code == 200
    answer = somebody.send(f"{START}/groups/{lab}/rank", {"way": "earlier"})
    assert answer.status_code == 403
    assert "/rank" not in somebody.get(START).text


def test_a_member_enrols_by_the_groups_policy_and_reads_of_it(administrator, lab, somebody, portal):
    assert "HID" in said(somebody.get("/passkeys/new"))
    with portal.database.write() as session:
        grace = session.scalars(select(Person).where(Person.given_name == "Grace")).one()
        groups.add(session, groups.get(session, lab), grace, actor=None, now=portal.now())
    assert "HID" not in said(somebody.get("/passkeys/new"))
    begun = somebody.options("add").json["options"]
    assert begun["attestation"] == "none" and "hints" not in begun
    with portal.database.read() as session:
        assert session.scalars(select(Group.name)).all() == ["Lab"]
    others = administrator.options("add").json["options"]
    assert others["attestation"] == "direct"


@pytest.mark.parametrize("page", ["edit", "take-away"])
def test_a_group_that_is_not_there_has_no_policy_page(administrator, page):
    assert administrator.get(f"{START}/groups/{uuid.UUID(int=7)}/{page}").status_code == 404
