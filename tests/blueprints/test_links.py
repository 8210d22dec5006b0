"""Enrolment links, as the person who opens one sees them."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import AuditEvent, EnrolmentLink, LinkPurpose
from services import links
from tests.blueprints.conftest import said
from tests.visitor import Visitor


def newest(portal) -> EnrolmentLink:
    with portal.database.read() as session:
        return session.scalars(select(EnrolmentLink).order_by(EnrolmentLink.id.desc())).first()


def revoke(portal, link):
    with portal.database.write() as session:
        links.revoke(session, session.get_one(EnrolmentLink, link.id), actor=None, now=portal.now())


def code(response) -> str:
    return said(response).rpartition("· ")[2]


def test_opening_shows_whom_it_is_for_and_changes_nothing(app, portal, invite):
    visitor, path = Visitor(app), invite()
    for _ in range(3):
        page = visitor.get(path)
        assert page.status_code == 200
        assert "This link is for Grace Hopper at Latchkey" in said(page)
        assert "Begin" in said(page)
    assert newest(portal).session_hash is None
    assert newest(portal).exchanged_at is None


def test_beginning_leads_to_an_address_that_tells_nothing(app, portal, invite):
    visitor, path = Visitor(app), invite()
    assert visitor.open_link(path).location == "/enrol"
    page = visitor.get("/enrol")
    assert "Enrol a security key, Grace" in said(page)
    assert path.rpartition("/")[2] not in page.text
    assert newest(portal).exchanged_at == portal.now()


def test_another_browser_is_told_to_ask_for_a_new_link(app, invite):
    path = invite()
    Visitor(app).open_link(path)
    late = Visitor(app)
    for answer in (late.get(path), late.send(path)):
        assert answer.status_code == 410
        assert code(answer) == "link_elsewhere"
        assert "already opened in another browser" in said(answer)
    assert late.get("/enrol").status_code == 404


def test_the_same_browser_goes_on(app, invite):
    visitor, path = Visitor(app), invite()
    visitor.open_link(path)
    assert "Go on" in said(visitor.get(path))
    assert visitor.open_link(path).location == "/enrol"


def test_one_browser_can_hold_two_links_at_once(app, invite):
    visitor, first, second = Visitor(app), invite("Grace Hopper"), invite("Radia Perlman")
    visitor.open_link(first)
    visitor.open_link(second)
    assert "Radia" in said(visitor.get("/enrol"))
    visitor.open_link(first)
    assert "Grace" in said(visitor.get("/enrol"))


def test_an_unknown_link_says_so(app):
    for token in ("no-such-token", "x" * 2000, "%00", "%F0%9F%94%91"):
        answer = Visitor(app).get(f"/links/{token}")
        assert answer.status_code == 404
        assert code(answer) == "link_unknown"


def test_an_expired_link_is_gone(app, invite, clock):
    visitor, path = Visitor(app), invite(lifetime=timedelta(hours=1))
    clock.forward(hours=1)
    for answer in (visitor.get(path), visitor.send(path)):
        assert answer.status_code == 410
        assert code(answer) == "link_expired"


def test_whoever_began_in_time_has_an_hour_to_finish(app, invite, clock):
    visitor, path = Visitor(app), invite(lifetime=timedelta(hours=1))
    clock.forward(minutes=59)
    visitor.open_link(path)
    clock.forward(minutes=59)
    assert visitor.get("/enrol").status_code == 200
    clock.forward(minutes=1)
    assert code(visitor.get("/enrol")) == "link_expired"


def test_a_revoked_link_stops_at_once_even_where_it_is_open(app, world, portal, invite):
    visitor, path = Visitor(app, world.key()), invite()
    visitor.open_link(path)
    answer = visitor.answer("enrol")
    revoke(portal, newest(portal))
    for refused in (visitor.get(path), visitor.get("/enrol"), visitor.send("/enrol", answer)):
        assert refused.status_code == 410
        assert code(refused) == "link_revoked"
    assert visitor.options("enrol").json["error"]["code"] == "link_revoked"


def test_a_used_link_works_nowhere_else(app, world, invite):
    visitor, path = Visitor(app, world.key()), invite()
    visitor.open_link(path)
    visitor.enrol()
    thief = Visitor(app)
    for answer in (thief.get(path), thief.send(path)):
        assert answer.status_code == 410
        assert code(answer) == "link_finished"


def test_its_own_browser_can_look_at_the_key_for_an_hour(app, world, invite, clock):
    visitor, path = Visitor(app, world.key()), invite()
    visitor.open_link(path)
    visitor.enrol()
    assert visitor.open_link(path).location == "/enrol/done"
    assert visitor.options("enrol").json["error"]["code"] == "link_finished"
    clock.forward(hours=1)
    assert code(visitor.get("/enrol/done")) == "link_finished"


def test_somebody_else_who_is_signed_in_is_told_and_stays_signed_in(administrator, invite):
    path = invite()
    assert "You are signed in as Ada King" in said(administrator.get(path))
    administrator.open_link(path)
    for page in ("/enrol", "/enrol?step=touch"):
        assert "the key will be Grace Hopper's" in said(administrator.get(page))
    assert administrator.get("/admin/people").status_code == 200


def test_the_token_is_in_no_row_no_cookie_and_no_log_line(app, portal, invite, caplog):
    caplog.set_level(logging.DEBUG)
    visitor, path = Visitor(app), invite()
    token = path.rpartition("/")[2]
    visitor.open_link(path)
    visitor.get("/enrol")
    Visitor(app).get(path)
    assert token not in caplog.text
    assert token not in str(visitor.client.get_cookie("latchkey"))
    with portal.database.read() as session:
        connection = session.connection()
        for table in ("enrolment_links", "audit_events"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert rows
            assert token not in str(rows)
            assert token.encode() not in str(rows).encode()


def test_each_step_is_in_the_trail(app, world, portal, invite):
    visitor = Visitor(app, world.key())
    visitor.open_link(invite(purpose=LinkPurpose.RECOVER))
    visitor.enrol()
    with portal.database.read() as session:
        link = newest(portal)
        events = [
            event.tag
            for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id))
            if event.detail.get("link") == str(link.uuid)
        ]
    assert events == ["link.made", "link.exchanged", "link.finished"]


@pytest.mark.parametrize("path", ["/enrol", "/enrol/done", "/enrol/placements", "/setup"])
def test_without_a_link_the_pages_after_it_say_so(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Open the link that you were sent" in said(answer)
