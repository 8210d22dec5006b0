"""A person whose e-mail domain an Ory organization holds: what the pages say of it."""

from __future__ import annotations

import uuid

import pytest

from tests.blueprints.conftest import said

WARNING = "A passkey might not sign Ada King in at Ory of the house"
ADA = {
    "given_name": "Ada",
    "middle_name": "",
    "family_name": "King",
    "display_name": "Ada King",
    "email": "ada.king@example.org",
}


@pytest.fixture
def member(ory):
    """Somebody of the domain, in an organization there."""
    body = {
        "schema_id": "default",
        "traits": {"email": "joan@example.org"},
        "organization_id": str(uuid.UUID(int=7)),
    }
    return ory.ory.identities.create(body, now=ory.ory.now())


def add(administrator, **changes):
    administrator.get("/admin/people/new")
    answer = administrator.send("/admin/people/new", {**ADA, **changes})
    assert answer.status_code == 303
    return administrator.get(answer.location)


def test_the_warning_stands_where_a_person_is_added_and_on_their_page(
    administrator, wizard, member
):
    wizard.add()
    page = add(administrator)
    assert said(page).count(WARNING) == 2  # once as they are added, and on their page
    again = administrator.get(page.request.path)
    assert said(again).count(WARNING) == 1
    assert "example.org" in said(again)
    assert f"{wizard.page}#serves" in again.text


def test_nobody_is_asked_when_the_page_is_shown(administrator, wizard, ory, member):
    wizard.add()
    page = add(administrator)
    ory.control.forget_requests()
    administrator.get(page.request.path)
    assert ory.control.requests() == []


def test_people_of_other_domains_are_not_warned_of(administrator, wizard, member):
    wizard.add()
    assert "might not sign" not in said(add(administrator, email="ada.king@example.net"))


def test_the_warning_goes_once_a_test_sees_no_member_any_more(administrator, wizard, ory, member):
    wizard.add()
    page = add(administrator)
    ory.ory.identities.delete(member["id"])
    wizard.step("test", {})
    assert "might not sign" not in said(administrator.get(page.request.path))


def test_the_test_says_what_it_saw(wizard, member):
    wizard.add()
    page = said(wizard.open())
    assert "with addresses at example.org" in page
    assert "ory.organizations" in page
