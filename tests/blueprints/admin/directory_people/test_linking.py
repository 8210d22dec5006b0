"""Records are linked and unlinked on pages, as an administrator and a hostile person send them."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from models import Identity
from services import roles
from services.roles import Privilege
from tests.blueprints.admin.directory_people.conftest import href, known_as, values
from tests.blueprints.conftest import said
from tests.records import Records


def test_a_record_is_linked_to_a_person_who_was_searched_for(staff, fake):
    record = fake.add("g.hopper@corp.example", name="Grace H.")
    grace = staff.person("grace")
    page = staff.open("/link", identity=record.remote_id)
    assert "Nobody here has the address" in said(page)
    page = staff.open("/link", identity=record.remote_id, who="grace", q="hopper")
    page = staff.visitor.get(href(page, "Choose"))
    assert "Link to Grace Example" in said(page)
    assert staff.links() == {}
    fields = {name: values(page, name)[0] for name in ("identity", "person", "q")}
    answer = staff.send("/link", **fields)
    assert (answer.status_code, answer.location) == (303, f"{staff.page}?q=hopper")
    assert staff.links() == {record.remote_id: "Grace Example"}
    assert "linked to Grace Example" in said(staff.open())
    assert grace.uuid.hex not in staff.links()


def test_whoever_has_the_same_address_is_suggested_and_not_linked(staff, fake):
    record = fake.add("GRACE@example.com")
    staff.person("grace")
    page = staff.open("/link", identity=record.remote_id)
    assert "Suggested, because the address is the same" in said(page)
    assert staff.links() == {}


def test_a_conflict_is_shown_and_nothing_is_overwritten(staff, fake):
    first, second = fake.add("a@example.com"), fake.add("b@example.com")
    grace, alan = staff.person("grace"), staff.person("alan")
    staff.send("/link", identity=first.remote_id, person=str(grace.uuid))
    taken = staff.send("/link", identity=first.remote_id, person=str(alan.uuid))
    assert (taken.status_code, "identity_linked" in said(taken)) == (409, True)
    other = staff.send("/link", identity=second.remote_id, person=str(grace.uuid))
    assert (other.status_code, "person_linked" in said(other)) == (409, True)
    assert "person_linked" in said(
        staff.open("/link", identity=second.remote_id, person=str(grace.uuid))
    )
    assert "linked to Grace Example" in said(staff.open("/link", identity=first.remote_id))
    assert "has another record there" in said(
        staff.open("/link", identity=second.remote_id, who="grace")
    )
    assert staff.links() == {first.remote_id: "Grace Example"}


def test_ids_from_the_form_are_looked_up_in_this_very_directory(staff, fake):
    grace = staff.person("grace")
    record = fake.add("grace@example.com")
    for wrong in ("", "remote-77", "..", "../users", "a" * 300):
        answer = staff.send("/link", identity=wrong, person=str(grace.uuid))
        assert (answer.status_code, "identity_unknown" in said(answer)) == (404, True)
        assert staff.open("/invite", identity=wrong).status_code == 404
    for wrong in ("", "x", str(uuid.uuid4())):
        answer = staff.send("/link", identity=record.remote_id, person=wrong)
        assert answer.status_code == 200, "whom to link is asked again"
    assert staff.links() == {}


def test_a_form_without_its_token_links_nobody(staff, fake):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    fields = {"identity": record.remote_id, "person": str(grace.uuid), "csrf_token": "x"}
    for path in ("/link", "/unlink", "/invite", "/pairs"):
        assert staff.visitor.send(staff.page + path, fields).status_code == 400
    assert staff.links() == {}


def test_somebody_who_may_do_less_cannot_choose_an_administrators_record(staff, fake, linker):
    record = fake.add("ada@example.com")
    page, ada = staff.page, known_as(staff, "ada@example.com")
    shown = linker.get(f"{page}/link?identity={record.remote_id}&person={ada.uuid}")
    assert "person_holds_more" in said(shown)
    fields = {"identity": record.remote_id, "person": str(ada.uuid)}
    assert linker.send(f"{page}/link", fields).status_code == 403
    preview = linker.get(f"{page}/pairs")
    assert "may do more than you" in said(preview)
    assert values(preview, "pair") == []
    assert staff.links() == {}
    staff.send("/link", **fields)
    assert linker.send(f"{page}/unlink", fields).status_code == 403
    assert "Unlink" not in said(linker.get(page))
    assert staff.links() == {record.remote_id: "Ada King"}


def test_a_pair_that_an_administrator_was_shown_is_of_no_use_to_somebody_else(staff, fake, linker):
    fake.add("ada@example.com")
    (pair,) = values(staff.open("/pairs"), "pair")
    answer = linker.send(f"{staff.page}/pairs", {"pair": pair})
    assert answer.status_code == 422
    assert "their record is not yours to choose" in said(answer)
    assert staff.links() == {}


@pytest.mark.parametrize("lacking", [{Privilege.VIEW_PEOPLE}, roles.of_any_type(roles.Action.VIEW)])
def test_every_page_needs_both_sides(staff, fake, linker, monkeypatch, lacking):
    record = fake.add("grace@example.com")
    monkeypatch.setitem(roles.ROLES, "linker", roles.ROLES["linker"] - lacking)
    for path in ("", "/groups", "/counts", "/link", "/unlink", "/invite", "/pairs"):
        assert linker.get(f"{staff.page}{path}?identity={record.remote_id}").status_code == 403


@pytest.mark.parametrize("lacking", [Privilege.ADD_PEOPLE, Privilege.MAKE_LINKS])
def test_inviting_needs_the_privileges_of_all_its_parts(staff, fake, linker, monkeypatch, lacking):
    record = fake.add("new@example.com")
    monkeypatch.setitem(roles.ROLES, "linker", roles.ROLES["linker"] - {lacking})
    page = f"{staff.page}/invite?identity={record.remote_id}"
    assert linker.get(page).status_code == 403
    assert linker.send(f"{staff.page}/invite", {"identity": record.remote_id}).status_code == 403
    assert "Invite" not in said(linker.get(staff.page))


def test_a_record_is_unlinked_after_saying_what_that_means(staff, fake):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    staff.send("/link", identity=record.remote_id, person=str(grace.uuid))
    fake.calls.clear()
    page = staff.open("/unlink", identity=record.remote_id)
    assert "nothing is removed" in said(page)
    assert staff.links()
    back = f"/admin/people/{grace.uuid}"
    answer = staff.send("/unlink", identity=record.remote_id, next=back)
    assert (answer.status_code, answer.location) == (303, back)
    assert (staff.links(), fake.calls) == ({}, [])
    again = staff.send("/unlink", identity=record.remote_id)
    assert (again.status_code, "identity_not_linked" in said(again)) == (404, True)


def test_nothing_leads_to_another_site_afterwards(staff, fake):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    for path in ("/link", "/unlink"):
        answer = staff.send(
            path, identity=record.remote_id, person=str(grace.uuid), next="//evil.example"
        )
        assert answer.location == staff.page


def test_a_record_with_passkeys_in_it_is_not_unlinked(staff, fake, portal, clock):
    record, grace = fake.add("grace@example.com"), staff.person("grace")
    staff.send("/link", identity=record.remote_id, person=str(grace.uuid))
    with portal.database.write() as session:
        records = Records(session, clock)
        identity = session.scalars(select(Identity)).one()
        key = records.passkey(identity.person)
        records.placement(key, identity.directory, actual="present")
    page = staff.send("/unlink", identity=record.remote_id)
    assert (page.status_code, "identity_placed" in said(page)) == (409, True)
    assert staff.links()


def test_a_persons_page_shows_their_records_and_where_to_link_one(staff, fake):
    record, grace = fake.add("grace@corp.example"), staff.person("grace")
    page = staff.visitor.get(f"/admin/people/{grace.uuid}")
    finding = href(page, "Link a record")
    listed = staff.visitor.get(finding)
    assert "Find the record of Grace Example" in said(listed)
    assert values(listed, "q") == ["grace@example.com"]
    listed = staff.visitor.get(
        finding.replace("grace%40example.com", "corp").replace("grace@example.com", "corp")
    )
    confirm = staff.visitor.get(href(listed, "Choose"))
    fields = {name: values(confirm, name)[0] for name in ("identity", "person", "next")}
    answer = staff.send("/link", **fields)
    assert answer.location == f"/admin/people/{grace.uuid}#identities"
    page = staff.visitor.get(answer.location)
    assert record.remote_id in said(page)
    assert staff.visitor.get(href(page, "Unlink")).status_code == 200
