"""Suspending people in the portal."""

from __future__ import annotations

import uuid

import pytest

from models import Person
from services import people
from tests.blueprints.conftest import said
from tests.visitor import Visitor


@pytest.fixture
def grace(portal, somebody) -> Person:
    with portal.database.read() as session:
        return people.by_email(session, "grace@example.com")


@pytest.fixture
def page(grace) -> str:
    return f"/admin/people/{grace.uuid}"


def test_somebody_is_suspended_and_let_in_again(administrator, somebody, page):
    assert "Suspend Grace Hopper" in said(administrator.get(page))
    answer = administrator.send(f"{page}/suspend")
    assert (answer.status_code, answer.location) == (303, page)
    text = said(administrator.get(page))
    assert "Grace Hopper is suspended" in text
    assert "Make enrolment link" not in text
    assert "suspended" in said(administrator.get("/admin/people"))
    assert somebody.get("/passkeys").status_code == 302
    refused = somebody.sign_in()
    assert refused.status_code == 422
    assert "Your account here is suspended" in said(refused)
    administrator.get(page)
    assert administrator.send(f"{page}/let-in").status_code == 303
    assert somebody.sign_in().location == "/passkeys"


def test_an_enrolment_that_runs_cannot_be_finished(app, administrator, world, invite, page):
    visitor = Visitor(app, world.key())
    visitor.open_link(invite())
    begun = visitor.options("enrol")
    administrator.get(page)
    administrator.send(f"{page}/suspend")
    assert visitor.options("enrol").json["error"]["code"] == "link_revoked"
    assert begun.status_code == 200
    assert visitor.get("/enrol").status_code == 410


def test_no_link_is_made_or_mailed_for_somebody_suspended(administrator, page):
    administrator.get(page)
    administrator.send(f"{page}/suspend")
    answer = administrator.send(f"{page}/links", {"lifetime": "24", "purpose": "enrol"})
    assert answer.status_code == 409
    assert "is suspended, so no link can be made" in said(answer)


def test_a_page_says_why_one_may_not(administrator, portal):
    with portal.database.read() as session:
        ada = people.by_email(session, "ada@example.com")
    text = said(administrator.get(f"/admin/people/{ada.uuid}"))
    assert "Nobody decides that about themselves" in text
    answer = administrator.send(f"/admin/people/{ada.uuid}/suspend")
    assert answer.status_code == 409


def test_an_address_that_leads_to_nobody_is_not_found(administrator):
    administrator.get("/admin/people")
    for what in ("suspend", "let-in"):
        assert administrator.send(f"/admin/people/{uuid.uuid4()}/{what}").status_code == 404
