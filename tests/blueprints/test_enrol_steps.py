"""An enrolment of several touches, and touches handed to a desk agent."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from sqlalchemy import select

from models import Directory, DirectoryType, EnrolmentLink, Person
from services import agent_tickets
from services.ceremonies import Purpose
from tests.blueprints.conftest import said
from tests.records import Records
from tests.visitor import Visitor


@pytest.fixture
def contoso(portal, administrator) -> Directory:
    """An Entra ID that makes keys of its own."""
    with portal.database.write() as session:
        return Records(session, portal.now).directory("Contoso", type=DirectoryType.ENTRA)


def know(portal, directory: Directory, name: str = "Grace Hopper") -> None:
    """Link somebody to a record there."""
    with portal.database.write() as session:
        person = session.scalars(select(Person).where(Person.display_name == name)).one()
        there = session.get_one(Directory, directory.id)
        Records(session, portal.now).identity(there, person, "there")


@pytest.fixture
def grace(app, world, invite, portal, contoso) -> Visitor:
    visitor = Visitor(app, world.key())
    link = invite()
    know(portal, contoso)
    visitor.open_link(link)
    return visitor


def command(page) -> str:
    return unescape(re.search(r'data-copy="(latchkey-agent [^"]+)"', page.text).group(1))


def taken_over(portal, page) -> agent_tickets.Traded:
    """What the agent does with the command of a page."""
    token = command(page).rpartition("/")[2]
    with portal.database.write() as session:
        return agent_tickets.exchange(session, token, "n" * 32, now=portal.now())


def test_the_steps_are_told_before_the_first_touch(grace):
    text = said(grace.get("/enrol"))
    assert "It takes 2 touches" in text
    assert "Key for Latchkey" in text and "Key for Contoso" in text
    assert "the same key for all of them, or another one for each" in text


def test_after_the_first_touch_comes_the_second_and_the_link_lives_on(grace, portal):
    assert grace.enrol().location == "/enrol?step=touch"
    page = grace.get("/enrol?step=touch")
    assert "Key for Latchkey is enrolled" in said(page)
    assert "Touch 2 of 2" in said(page)
    with portal.database.read() as session:
        assert session.scalars(select(EnrolmentLink)).all()[-1].finished_at is None


def test_a_double_click_on_the_first_step_makes_one_key_and_goes_on(grace, portal):
    grace.get("/enrol?step=touch")
    answer = grace.answer("enrol")
    assert grace.send("/enrol", answer).location == "/enrol?step=touch"
    assert grace.send("/enrol/skip", {"step": _first(grace)}).location == "/enrol/done"
    assert grace.send("/enrol", answer).location == "/enrol/done"


def test_a_second_key_for_a_step_that_is_done_is_told_so(grace, world):
    named = _first(grace)
    begun = grace.options("enrol", subject=named)
    late = {"step": named, "ceremony": begun.json["ceremony"], "response": "{}"}
    other = grace.key.create(begun.json["options"], origin=grace.origin)
    assert grace.send("/enrol", {"step": named, **grace.answer("enrol")}).status_code == 303
    answer = grace.send("/enrol", {**late, "response": json.dumps(other)})
    assert answer.location == "/enrol?step=touch"
    assert "This step is done already" in said(grace.get("/enrol?step=touch"))


def test_a_step_left_for_later_is_named_at_the_end(grace):
    grace.enrol()
    assert grace.send("/enrol/skip", {"step": _first(grace)}).location == "/enrol/done"
    text = said(grace.get("/enrol/done"))
    assert "Key for Contoso is left for later" in text
    assert "No key of yours opens Contoso yet" in text


def test_a_command_for_the_agent_is_shown_until_it_is_used(grace, portal):
    grace.enrol()
    grace.get("/enrol?step=touch")
    assert grace.send("/enrol/agent").location == "/enrol?step=touch"
    page = grace.get("/enrol?step=touch")
    assert command(page).startswith(f"latchkey-agent enrol {grace.origin}/agent/")
    assert 'data-poll="/enrol/agent"' in page.text
    assert command(grace.get("/enrol?step=touch")) == command(page), "reload keeps it"
    assert "data-done" not in grace.get("/enrol/agent").text
    traded = taken_over(portal, page)
    begun = grace.get("/enrol/agent").text
    assert "Go on at the agent" in begun
    assert "latchkey-agent" not in begun
    with portal.database.write() as session:
        agent_tickets.revoke(session, traded.ticket, now=portal.now())
    over = grace.get("/enrol/agent").text
    assert "cannot be used any more" in over
    assert "data-done" in over
    assert grace.send("/enrol/agent").status_code == 303
    assert command(grace.get("/enrol?step=touch"))


def test_a_command_expires_and_says_so(grace, clock):
    grace.enrol()
    grace.get("/enrol?step=touch")
    grace.send("/enrol/agent")
    clock.forward(minutes=16)
    text = grace.get("/enrol/agent").text
    assert "This command has expired" in text
    assert "Make a new command" in text


def test_nobody_hands_over_what_is_not_open(grace, app):
    grace.enrol()
    assert grace.send("/enrol/agent", {"step": "x"}).status_code == 409
    assert grace.get("/enrol/agent").status_code == 404
    assert Visitor(app).get("/enrol/agent").status_code == 404


def test_a_ceremony_can_be_cancelled_and_its_answer_counts_no_more(grace):
    grace.get("/enrol?step=touch")
    answer = grace.answer("enrol")
    cancelled = grace.client.post(
        "/ceremonies/enrol/cancel",
        data={"ceremony": answer["ceremony"], "subject": _first(grace)},
        headers={"X-CSRFToken": grace.token},
        base_url=grace.origin,
    )
    assert cancelled.status_code == 200, cancelled.text
    refused = grace.send("/enrol", answer)
    assert refused.status_code == 422
    assert "cancelled" in said(refused)


@pytest.mark.parametrize(("purpose", "status"), [("sign-in", 404), ("confirm", 404), ("add", 401)])
def test_only_ones_own_registrations_can_be_cancelled(grace, purpose, status):
    answer = grace.client.post(
        f"/ceremonies/{purpose}/cancel",
        data={"ceremony": "x"},
        headers={"X-CSRFToken": grace.token},
        base_url=grace.origin,
    )
    assert answer.status_code == status


def test_my_passkeys_tell_what_is_missing_and_offer_it(somebody, portal, contoso):
    know(portal, contoso)
    page = somebody.get("/passkeys")
    assert "Contoso has no key of yours yet" in said(page)
    address = f"/passkeys/new?for={contoso.uuid}"
    assert address in page.text
    offered = somebody.get(address)
    assert "Key for Contoso" in said(offered)
    assert address in somebody.get("/passkeys/new").text
    assert somebody.send("/passkeys/new/agent", {"for": str(contoso.uuid)}).location == address
    page = somebody.get(address)
    traded = taken_over(portal, page)
    assert (traded.ticket.purpose, traded.ticket.subject) == (Purpose.ADD, str(contoso.uuid))
    assert "Go on at the agent" in somebody.get("/passkeys/new/agent").text


def test_a_place_that_does_not_know_somebody_is_told_to_them(somebody, contoso):
    assert "Contoso does not know you yet" in said(somebody.get("/passkeys"))
    assert somebody.get(f"/passkeys/new?for={contoso.uuid}").status_code == 422
    assert somebody.get("/passkeys/new?for=x").status_code == 422


def _first(visitor: Visitor) -> str:
    page = visitor.get("/enrol?step=touch").text
    return re.search(r'name="step" value="([^"]+)"', page).group(1)
