"""Enrolling a key: what the person sees, whatever they click."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from models import Directory, Passkey, Placement, PlacementState
from tests.blueprints.conftest import said
from tests.records import Records
from tests.visitor import Visitor


@pytest.fixture
def grace(app, world, invite) -> Visitor:
    visitor = Visitor(app, world.key())
    visitor.open_link(invite())
    return visitor


def passkeys(portal, name="Grace Hopper") -> list[Passkey]:
    with portal.database.read() as session:
        return [one for one in session.scalars(select(Passkey)) if one.person.display_name == name]


@pytest.fixture
def directory(portal, administrator) -> Directory:
    with portal.database.write() as session:
        return Records(session, portal.now).directory("Example Ory")


def test_get_ready_shows_the_allowed_keys_and_what_will_happen(grace):
    page = grace.get("/enrol")
    assert "HID Crescendo Key" in said(page)
    assert "/icon" in page.text
    touch = said(grace.get("/enrol?step=touch"))
    assert "insert your key, enter its PIN, and touch it" in touch


def test_the_key_is_shown_with_its_name(grace, portal):
    assert grace.enrol().location == "/enrol/done"
    page = grace.get("/enrol/done")
    assert "Your key is enrolled" in said(page)
    assert 'value="HID Crescendo Key"' in page.text
    assert len(passkeys(portal)) == 1


def test_it_can_be_given_another_name(grace, portal):
    grace.enrol()
    grace.get("/enrol/done")
    assert grace.send("/enrol/name", {"nickname": "  My\x00 key "}).location == "/enrol/done"
    assert [one.nickname for one in passkeys(portal)] == ["My key"]
    for wrong in ("", "   ", "x" * 65):
        answer = grace.send("/enrol/name", {"nickname": wrong})
        assert answer.status_code == 422
        assert "There is a problem" in said(answer)
    assert [one.nickname for one in passkeys(portal)] == ["My key"]


def test_its_places_arrive_by_themselves(grace, portal, directory):
    grace.enrol()
    done = grace.get("/enrol/done").text
    assert 'data-poll="/enrol/placements"' in done
    waiting = grace.get("/enrol/placements").text
    assert "Example Ory" in waiting
    assert "on its way" in waiting
    assert "data-done" not in waiting
    with portal.database.write() as session:
        session.scalars(select(Placement)).one().actual = PlacementState.PRESENT
    ready = grace.get("/enrol/placements").text
    assert "ready" in ready
    assert "data-done" in ready
    assert "<html" not in ready


def test_a_refused_key_gets_a_page_that_helps(grace, world, portal):
    grace.key = world.other_key()
    answer = grace.enrol()
    assert answer.status_code == 422
    text = said(answer)
    assert "That key was not accepted" in text
    assert "model_not_allowed" in text
    assert "Your organisation allows these" in text
    assert "HID Crescendo Key" in text
    assert "Example Key" in text  # what it said it was
    assert "take it off the key" in text
    assert "Ask the administrator" in text
    assert 'href="/enrol?step=touch"' in answer.text
    assert passkeys(portal) == []
    grace.key = world.key()
    assert grace.enrol().location == "/enrol/done"


def test_a_double_click_makes_one_passkey(grace, portal):
    grace.get("/enrol?step=touch")
    answer = grace.answer("enrol")
    assert grace.send("/enrol", answer).location == "/enrol/done"
    assert grace.send("/enrol", answer).location == "/enrol/done"
    assert len(passkeys(portal)) == 1


def test_two_requests_at_the_same_moment_make_one_passkey(app, grace, portal):
    grace.get("/enrol?step=touch")
    fields = {"csrf_token": grace.token, **grace.answer("enrol")}
    cookie = grace.client.get_cookie("latchkey").value

    def click() -> str:
        client = app.test_client(use_cookies=False)
        answer = client.post(
            "/enrol", data=fields, base_url=grace.origin, headers={"Cookie": f"latchkey={cookie}"}
        )
        return answer.location

    with ThreadPoolExecutor(2) as both:
        answers = [one.result() for one in [both.submit(click), both.submit(click)]]
    assert answers == ["/enrol/done", "/enrol/done"]
    assert len(passkeys(portal)) == 1


def test_a_double_click_on_a_refused_key_says_the_same_again(grace, world):
    grace.key = world.other_key()
    grace.get("/enrol?step=touch")
    answer = grace.answer("enrol")
    first, second = grace.send("/enrol", answer), grace.send("/enrol", answer)
    assert first.status_code == second.status_code == 422
    assert "model_not_allowed" in said(second)


def test_two_tabs_do_not_disturb_each_other(grace, world, portal):
    grace.get("/enrol?step=touch")
    one = grace.answer("enrol")
    grace.key = world.key()
    other = grace.answer("enrol")
    assert grace.send("/enrol", one).location == "/enrol/done"
    late = grace.send("/enrol", other)
    assert late.location == "/enrol/done"
    assert "A key was registered with this link already" in grace.get("/enrol/done").text
    assert len(passkeys(portal)) == 1


def test_the_back_button_leads_to_the_key_that_is_registered(grace):
    grace.enrol()
    for path in ("/enrol", "/enrol?step=touch"):
        assert grace.get(path).location == "/enrol/done"


def test_the_done_page_waits_for_a_key(grace):
    for answer in (grace.get("/enrol/done"), grace.get("/enrol/placements")):
        assert answer.status_code == 409
        assert "Register your key first" in said(answer)


def test_nothing_at_all_is_a_refusal_not_a_failure(grace):
    for fields in ({}, {"ceremony": "x"}, {"ceremony": "\x00", "response": "\x00"}):
        answer = grace.send("/enrol", fields)
        assert answer.status_code == 422
        assert "challenge_unknown" in said(answer)


def test_a_second_link_adds_a_second_key_to_the_same_person(grace, world, portal, invite):
    grace.enrol()
    grace.open_link(invite())
    grace.key = world.key()
    assert grace.enrol().location == "/enrol/done"
    kept = passkeys(portal)
    assert [one.nickname for one in kept] == ["HID Crescendo Key", "HID Crescendo Key 2"]
    assert len({one.user_handle for one in kept}) == 1


def test_the_pages_are_the_links_even_for_somebody_signed_in(administrator, world, portal, invite):
    administrator.open_link(invite())
    administrator.key = world.key()
    administrator.enrol()
    assert len(passkeys(portal)) == 1
    assert len(passkeys(portal, "Ada King")) == 1
    assert "Grace Hopper" in said(administrator.get("/enrol/done"))
