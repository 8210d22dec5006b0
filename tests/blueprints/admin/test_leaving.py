"""Ending somebody's record in the portal, and bringing them back."""

from __future__ import annotations

import json

import pytest

from services import people
from tests.blueprints.conftest import said


@pytest.fixture
def page(portal, somebody) -> str:
    with portal.database.read() as session:
        return f"/admin/people/{people.by_email(session, 'grace@example.com').uuid}"


def end(visitor, page):
    visitor.get(f"{page}/end")
    begun = visitor.options("confirm", subject=f"leave:{page.rpartition('/')[2]}").json
    response = visitor.key.get(begun["options"], origin=visitor.origin)
    answer = {"ceremony": begun["ceremony"], "response": json.dumps(response)}
    return visitor.send(f"{page}/end", answer)


def test_the_page_says_what_ends_and_a_touch_ends_it(administrator, somebody, page):
    text = said(administrator.get(f"{page}/end"))
    assert "HID Crescendo Key ends for good" in text
    answer = end(administrator, page)
    assert (answer.status_code, answer.location) == (303, page)
    text = said(administrator.get(page))
    assert "Grace Hopper has left" in text and "Make enrolment link" not in text
    assert somebody.get("/passkeys").status_code == 302
    assert somebody.sign_in().status_code == 422
    assert "left" in said(administrator.get("/admin/people"))


def test_without_a_touch_nothing_ends(administrator, page):
    administrator.get(f"{page}/end")
    assert administrator.send(f"{page}/end").status_code == 422
    assert "Grace Hopper has left" not in said(administrator.get(page))


def test_adding_them_again_offers_to_bring_them_back(administrator, page):
    end(administrator, page)
    administrator.get("/admin/people/new")
    answer = administrator.send(
        "/admin/people/new",
        {
            "given_name": "Grace",
            "family_name": "Hopper",
            "display_name": "Grace Hopper",
            "email": "grace@example.com",
        },
    )
    assert answer.status_code == 422
    assert f'href="{page}"' in answer.text and "was here before" in said(answer)
    administrator.get(page)
    assert administrator.send(f"{page}/bring-back").location == page
    assert "Make enrolment link" in said(administrator.get(page))


def test_one_does_not_end_oneself(administrator, portal):
    with portal.database.read() as session:
        own = people.by_email(session, "ada@example.com").uuid
    answer = administrator.get(f"/admin/people/{own}/end")
    assert answer.status_code == 409
    assert "Nobody decides that about themselves" in said(answer)
