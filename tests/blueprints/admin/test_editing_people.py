"""Editing people in the portal."""

from __future__ import annotations

import pytest

from services import people, role_changes, roles
from tests.blueprints.conftest import said

NAMES = {
    "given_name": "Grace",
    "middle_name": "Brewster",
    "family_name": "Hopper",
    "display_name": "Grace Hopper",
    "email": "grace@example.com",
}


@pytest.fixture
def grace(portal, somebody) -> str:
    with portal.database.read() as session:
        return f"/admin/people/{people.by_email(session, 'grace@example.com').uuid}"


def test_the_form_holds_what_is_known_and_saves_what_is_typed(administrator, grace):
    page = administrator.get(f"{grace}/edit")
    assert 'value="grace@example.com"' in page.text
    answer = administrator.send(f"{grace}/edit", {**NAMES, "email": "hopper@example.com"})
    assert (answer.status_code, answer.location) == (303, grace)
    text = said(administrator.get(grace))
    assert "hopper@example.com" in text and "Brewster" in text


def test_what_is_wrong_stands_at_its_field(administrator, grace):
    administrator.get(f"{grace}/edit")
    answer = administrator.send(f"{grace}/edit", {**NAMES, "email": "ada@example.com"})
    assert answer.status_code == 422
    assert "There is a person with the address ada@example.com already" in said(answer)


def test_an_address_of_somebody_above_is_not_changed_and_no_link_is_made(
    administrator, somebody, portal
):
    """An e-mail change, then a link, by somebody who may do both, for an administrator."""
    with portal.database.write() as session:
        grace = people.by_email(session, "grace@example.com")
        role_changes.grant(session, grace, roles.USER_ADMINISTRATOR, now=portal.now())
        ada = people.by_email(session, "ada@example.com").uuid
    assert "Edit" not in said(somebody.get(f"/admin/people/{ada}")).split()
    assert somebody.get(f"/admin/people/{ada}/edit").status_code == 403
    answer = somebody.send(f"/admin/people/{ada}/edit", {**NAMES, "email": "mine@example.com"})
    assert answer.status_code == 403
    answer = somebody.send(f"/admin/people/{ada}/links", {"lifetime": "24", "purpose": "recover"})
    assert answer.status_code == 403
    with portal.database.read() as session:
        assert people.by_email(session, "ada@example.com") is not None
