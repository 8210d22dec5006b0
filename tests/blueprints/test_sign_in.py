"""Signing in, staying signed in, and signing out."""

from __future__ import annotations

import pytest
from sqlalchemy import select

import config
from app import create_app
from models import Passkey, Session
from services.sessions import ABSOLUTE, IDLE, digest
from tests.blueprints.conftest import said
from tests.visitor import Visitor


def sessions(portal) -> list[Session]:
    with portal.database.read() as session:
        return list(session.scalars(select(Session).order_by(Session.id)))


def cookie(visitor) -> dict:
    app = visitor.client.application
    kept = visitor.client.get_cookie("latchkey")
    return app.session_interface.get_signing_serializer(app).loads(kept.value)


def test_a_person_without_a_role_comes_to_their_passkeys(somebody):
    page = somebody.get("/passkeys")
    assert page.status_code == 200
    assert "Grace Hopper" in page.text
    assert "Administration" not in page.text


def test_the_cookie_holds_an_id_and_the_row_only_its_hash(somebody, portal):
    token = cookie(somebody)["_user_id"]
    assert sessions(portal)[-1].token_hash == digest(token)
    with portal.database.read() as session:
        assert token not in str(
            session.connection().exec_driver_sql("SELECT * FROM sessions").all()
        )


def test_signing_in_changes_every_id_of_the_browser(somebody):
    somebody.send("/sign-out")
    somebody.get("/sign-in")
    before = cookie(somebody)
    somebody.sign_in()
    somebody.get("/passkeys")
    after = cookie(somebody)
    assert "_user_id" not in before
    assert "browser" not in after
    assert before["csrf_token"] != after["csrf_token"]


def test_each_sign_in_is_a_session_of_its_own(somebody, portal):
    first = cookie(somebody)["_user_id"]
    somebody.send("/sign-out")
    somebody.sign_in()
    assert cookie(somebody)["_user_id"] != first


def test_a_cookie_from_before_signing_out_is_worth_nothing(somebody, portal):
    kept = somebody.client.get_cookie("latchkey").value
    somebody.get("/passkeys")
    assert somebody.send("/sign-out").location == "/"
    assert "You are signed out" in somebody.get("/").text
    somebody.client.set_cookie("latchkey", kept)
    assert somebody.get("/passkeys").location.startswith("/sign-in")
    assert sessions(portal)[-1].ended_at is not None


def test_signing_out_is_by_post_only(somebody):
    assert somebody.get("/sign-out").status_code == 405
    assert somebody.get("/passkeys").status_code == 200


def test_a_session_ends_when_it_is_not_used(somebody, clock):
    clock.forward(seconds=IDLE.total_seconds())
    assert somebody.get("/passkeys").location.startswith("/sign-in")


def test_a_session_that_is_used_ends_at_last(somebody, clock):
    end = clock() + ABSOLUTE
    while clock() < end:
        assert somebody.get("/passkeys").status_code == 200
        clock.forward(hours=1)
    assert somebody.get("/passkeys").location.startswith("/sign-in")


def test_a_session_ends_with_the_passkey_that_opened_it(somebody, portal, clock):
    with portal.database.write() as session:
        session.get_one(Passkey, sessions(portal)[-1].passkey_id).ended_at = clock()
    assert somebody.get("/passkeys").location.startswith("/sign-in")


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/passkeys/new", "/passkeys/new"),
        ("/passkeys?a=b%2Fc", "/passkeys?a=b%2Fc"),
        ("//example.net", "/passkeys"),
        ("/\\example.net", "/passkeys"),
        ("\\\\example.net", "/passkeys"),
        ("https://example.net/", "/passkeys"),
        ("javascript:alert(1)", "/passkeys"),
        ("/\t/example.net", "/passkeys"),
        ("/\n/example.net", "/passkeys"),
        (" /passkeys", "/passkeys"),
        ("passkeys", "/passkeys"),
        ("/" + "x" * 3000, "/passkeys"),
        ("", "/passkeys"),
    ],
)
def test_it_leads_only_to_our_own_pages(somebody, asked, led):
    somebody.send("/sign-out")
    assert somebody.sign_in(going_on=asked).location == led


@pytest.mark.parametrize("wrong", ["//example.net", "https://example.net", "/\\example.net"])
def test_the_page_does_not_carry_a_foreign_address(app, wrong):
    assert "example.net" not in Visitor(app).get("/sign-in", query_string={"next": wrong}).text


def test_who_is_signed_out_comes_back_to_the_page_they_wanted(somebody):
    somebody.send("/sign-out")
    answer = somebody.get("/passkeys/new?x=1")
    assert answer.location == "/sign-in?next=/passkeys/new?x%3D1"
    assert 'value="/passkeys/new?x=1"' in somebody.get(answer.location).text


def test_who_is_signed_in_needs_no_sign_in_page(somebody):
    assert somebody.get("/sign-in").location == "/passkeys"
    assert somebody.get("/sign-in?next=/passkeys/new").location == "/passkeys/new"
    assert somebody.get("/").location == "/passkeys"


def test_a_refused_sign_in_says_why_and_offers_another_try(somebody, portal):
    somebody.send("/sign-out")
    before = len(sessions(portal))
    answer = somebody.sign_in(going_on="/passkeys/new", signature=b"0" * 70)
    assert answer.status_code == 422
    assert "That passkey does not sign in here" in said(answer)
    assert 'data-code="signature_wrong"' in answer.text
    assert 'value="/passkeys/new"' in answer.text
    assert len(sessions(portal)) == before


def test_an_answer_from_another_browser_is_refused(app, somebody):
    somebody.send("/sign-out")
    somebody.get("/sign-in")
    forwarded = somebody.answer("sign-in")
    thief = Visitor(app)
    thief.get("/sign-in")
    answer = thief.send("/sign-in", forwarded)
    assert answer.status_code == 422
    assert 'data-code="challenge_other_session"' in answer.text


def test_two_tabs_can_both_sign_in(somebody):
    somebody.send("/sign-out")
    somebody.get("/sign-in")
    token = somebody.token
    one, other = somebody.answer("sign-in"), somebody.answer("sign-in")
    cookie_before = somebody.client.get_cookie("latchkey").value
    assert somebody.send("/sign-in", one).location == "/passkeys"
    somebody.client.set_cookie("latchkey", cookie_before)
    somebody.token = token
    assert somebody.send("/sign-in", other).location == "/passkeys"


def test_signing_in_again_ends_the_session_before(somebody, portal):
    answer = somebody.answer("sign-in")
    with_old = somebody.client.get_cookie("latchkey").value
    assert somebody.send("/sign-in", answer).location == "/passkeys"
    somebody.client.set_cookie("latchkey", with_old)
    assert somebody.get("/passkeys").location.startswith("/sign-in")
    assert [row.ended_at is None for row in sessions(portal)][-2:] == [False, True]


def test_cookies_signed_by_an_older_key_still_count(somebody, settings, portal):
    kept = somebody.client.get_cookie("latchkey").value
    older = settings.secret_keys[0].get_secret_value()
    rotated = config.load(
        {},
        data_dir=settings.data_dir,
        database_url=settings.database_url.get_secret_value(),
        metadata_file=settings.metadata_file,
        secret_keys=("n" * 40, older),
        sealing_keys=tuple(key.get_secret_value() for key in settings.sealing_keys),
    )
    app = create_app(rotated)
    visitor = Visitor(app)
    visitor.client.set_cookie("latchkey", kept)
    assert visitor.get("/passkeys").status_code == 200
    app.extensions["portal"].close()


def test_a_forged_cookie_is_nobodys(app, somebody):
    value = somebody.client.get_cookie("latchkey").value
    visitor = Visitor(app)
    visitor.client.set_cookie("latchkey", value[:-4] + "AAAA")
    assert visitor.get("/passkeys").location.startswith("/sign-in")
