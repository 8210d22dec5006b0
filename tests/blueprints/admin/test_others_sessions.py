"""Ending somebody else's sessions in the portal."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from models import AuditEvent, Session
from services import people, role_changes, roles
from tests.blueprints.conftest import said


@pytest.fixture
def page(portal, somebody) -> str:
    with portal.database.read() as session:
        return f"/admin/people/{people.by_email(session, 'grace@example.com').uuid}"


def newest(portal) -> Session:
    with portal.database.read() as session:
        return session.scalars(select(Session).order_by(Session.id.desc())).first()


def test_a_session_is_seen_and_ended_in_the_operators_name(administrator, somebody, page, portal):
    assert f"{page}/sessions/{newest(portal).uuid}/end" in administrator.get(page).text
    answer = administrator.send(f"{page}/sessions/{newest(portal).uuid}/end")
    assert (answer.status_code, answer.location) == (303, f"{page}#sessions")
    assert somebody.get("/passkeys").status_code == 302
    assert "Grace Hopper is signed in nowhere" in said(administrator.get(page))
    with portal.database.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.tag == "session.ended")).one()
        ada = people.by_email(session, "ada@example.com")
    assert event.actor_id == ada.id != event.person_id


def test_all_of_them_are_ended_at_once(administrator, somebody, page):
    administrator.get(page)
    assert administrator.send(f"{page}/sessions/end-all").status_code == 303
    assert somebody.get("/passkeys").status_code == 302
    assert "is signed out everywhere" in said(administrator.get(page))
    administrator.send(f"{page}/sessions/end-all")
    assert "was signed in nowhere" in said(administrator.get(page))


def test_a_session_of_somebody_else_is_not_found_at_this_address(administrator, page, portal):
    with portal.database.read() as session:
        own = session.scalars(select(Session).order_by(Session.id)).first()
    administrator.get(page)
    assert administrator.send(f"{page}/sessions/{own.uuid}/end").status_code == 404
    assert administrator.send(f"{page}/sessions/{uuid.uuid4()}/end").status_code == 404
    assert administrator.get(page).status_code == 200


def test_whoever_may_do_more_keeps_their_sessions(administrator, somebody, portal):
    with portal.database.write() as session:
        grace = people.by_email(session, "grace@example.com")
        role_changes.grant(session, grace, roles.USER_ADMINISTRATOR, now=portal.now())
        ada = people.by_email(session, "ada@example.com")
        own = session.scalars(select(Session).where(Session.person_id == ada.id)).first()
    page = f"/admin/people/{ada.uuid}"
    assert "Signed in" not in said(somebody.get(page)).replace("Signed in as", "")
    for path in (f"{page}/sessions/{own.uuid}/end", f"{page}/sessions/end-all"):
        assert somebody.send(path).status_code == 403
    assert administrator.get("/admin/").status_code == 200
