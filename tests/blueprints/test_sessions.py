"""Where one is signed in."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from blueprints.sessions.browsers import UNKNOWN, named
from models import AuditEvent, Session
from tests.blueprints.conftest import said
from tests.visitor import Visitor

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def elsewhere(app, somebody) -> Visitor:
    """Grace's other browser, signed in with the same key."""
    other = Visitor(app, somebody.key)
    other.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    assert other.sign_in().location == "/passkeys"
    return other


def newest(portal) -> Session:
    with portal.database.read() as session:
        return session.scalars(select(Session).order_by(Session.id.desc())).first()


def signed_in(visitor: Visitor) -> bool:
    return visitor.get("/passkeys").status_code == 200


def test_the_page_lists_each_browser_with_its_key(somebody, elsewhere):
    text = said(somebody.get("/sessions"))
    for fact in ("Firefox on Linux", "this one", "HID Crescendo Key", "Last seen", "Signed in"):
        assert fact in text
    assert text.count("End this session") == 1
    assert 'href="/sessions"' in somebody.get("/passkeys").text


def test_another_browser_can_be_signed_out(somebody, elsewhere, portal):
    other = newest(portal)
    somebody.get("/sessions")
    answer = somebody.send(f"/sessions/{other.uuid}/end")
    assert (answer.status_code, answer.location) == (303, "/sessions")
    assert "That browser is signed out" in said(somebody.get("/sessions"))
    assert not signed_in(elsewhere)
    assert signed_in(somebody)
    with portal.database.read() as session:
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (event.tag, event.detail) == ("session.ended", {"ended": str(other.uuid)})


def test_ending_it_twice_changes_nothing(somebody, elsewhere, portal, clock):
    other = newest(portal)
    somebody.send(f"/sessions/{other.uuid}/end")
    ended = newest(portal).ended_at
    clock.forward(minutes=5)
    assert somebody.send(f"/sessions/{other.uuid}/end").status_code == 303
    assert newest(portal).ended_at == ended


def test_all_others_can_be_signed_out_at_once(app, somebody, elsewhere, administrator):
    third = Visitor(app, somebody.key)
    third.sign_in()
    answer = somebody.send("/sessions/end-others")
    assert "Signed out elsewhere: 2" in said(somebody.get(answer.location))
    assert not signed_in(elsewhere)
    assert not signed_in(third)
    assert signed_in(somebody)
    assert signed_in(administrator)
    somebody.send("/sessions/end-others")
    assert "You are signed in nowhere else" in said(somebody.get("/sessions"))


def test_ending_this_one_is_signing_out(somebody, portal):
    answer = somebody.send(f"/sessions/{newest(portal).uuid}/end")
    assert answer.location == "/"
    assert not signed_in(somebody)


def test_somebody_elses_session_does_not_exist(administrator, somebody, portal):
    hers = newest(portal)
    assert str(hers.uuid) not in administrator.get("/sessions").text
    for address in (hers.uuid, uuid.uuid4()):
        assert administrator.send(f"/sessions/{address}/end").status_code == 404
    administrator.send("/sessions/end-others")
    assert signed_in(somebody)


def test_a_form_without_its_token_ends_nothing(somebody, elsewhere, portal):
    address = f"/sessions/{newest(portal).uuid}/end"
    assert somebody.client.post(address, base_url=somebody.origin).status_code == 400
    assert signed_in(elsewhere)


def test_sessions_that_are_over_are_not_listed(somebody, elsewhere, clock):
    clock.forward(minutes=90)
    somebody.get("/sessions")
    clock.forward(minutes=60)
    assert "Firefox" not in said(somebody.get("/sessions"))


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Safari/537.36", "Chrome on Android"),
        ("curl/8.0 (Windows)", "A browser on Windows"),
        ("Firefox/1.0", "Firefox"),
        ("", UNKNOWN),
    ],
)
def test_a_browser_is_named_in_words(user_agent, words):
    assert named(user_agent) == words
