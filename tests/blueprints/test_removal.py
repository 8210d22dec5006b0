"""Removing one's own passkey."""

from __future__ import annotations

import json
import uuid

import pytest
from sqlalchemy import select

from models import Passkey
from tests.blueprints.conftest import said
from tests.visitor import Visitor


def live(portal, name: str) -> list[Passkey]:
    """The person's live passkeys, oldest first."""
    with portal.database.read() as session:
        rows = session.scalars(
            select(Passkey).where(Passkey.ended_at.is_(None)).order_by(Passkey.id)
        )
        return [one for one in rows if one.person.display_name == name]


def remove(visitor: Visitor, passkey: Passkey, **answer: str):
    """Open the page, touch the key in hand, and send the form."""
    page = f"/passkeys/{passkey.uuid}/remove"
    visitor.get(page)
    return visitor.send(page, answer or confirm(visitor, passkey))


def confirm(visitor: Visitor, passkey: Passkey) -> dict[str, str]:
    begun = visitor.options("confirm", subject=f"remove:{passkey.uuid}")
    assert begun.status_code == 200, begun.text
    return touched(visitor, begun.json)


def touched(visitor: Visitor, begun) -> dict[str, str]:
    response = visitor.key.get(begun["options"], origin=visitor.origin)
    return {"ceremony": begun["ceremony"], "response": json.dumps(response)}


@pytest.fixture
def woken(portal, monkeypatch) -> list[bool]:
    calls: list[bool] = []
    monkeypatch.setattr(portal, "wake", lambda: calls.append(True))
    return calls


@pytest.fixture
def two(somebody, world, portal):
    """Grace with a second key, the first one still in her hand: the passkeys, oldest first."""
    first = somebody.key
    somebody.key = world.key()
    somebody.send("/passkeys/new", somebody.answer("add"))
    somebody.key = first
    return live(portal, "Grace Hopper")


def test_the_page_says_what_will_happen(somebody, two):
    first, second = two
    page = somebody.get(f"/passkeys/{first.uuid}/remove")
    text = said(page)
    for fact in ("cannot be undone", "is signed out, this one too", "or another of your keys"):
        assert fact in text
    assert "your only key" not in text
    assert f'data-subject="remove:{first.uuid}"' in page.text
    assert "this one too" not in said(somebody.get(f"/passkeys/{second.uuid}/remove"))
    assert f'href="/passkeys/{first.uuid}/remove"' in somebody.get(f"/passkeys/{first.uuid}").text


def test_a_key_is_removed_by_a_touch_of_another(somebody, two, portal, woken):
    first, second = two
    answer = remove(somebody, second)
    assert (answer.status_code, answer.location) == (303, "/passkeys/removed")
    assert [one.id for one in live(portal, "Grace Hopper")] == [first.id]
    assert woken == [True]
    page = somebody.get("/passkeys/removed")
    assert f"{second.nickname} is removed" in said(page)
    assert "this model needs a reset" in said(page)
    assert 'data-rp-id="localhost"' in page.text
    assert 'href="/passkeys"' in page.text
    assert "Remove this key" not in said(somebody.get(f"/passkeys/{second.uuid}"))
    assert "needs a reset" in said(somebody.get(f"/passkeys/{second.uuid}"))


def test_whoever_removes_the_key_that_signed_them_in_is_signed_out_everywhere(
    app, somebody, two, portal
):
    first, _ = two
    elsewhere = Visitor(app, somebody.key)
    elsewhere.sign_in()
    assert remove(somebody, first).location == "/passkeys/removed"
    text = said(somebody.get("/passkeys/removed"))
    assert "You are signed out" in text
    assert "Sign in with another key" in text
    for visitor in (somebody, elsewhere):
        assert visitor.get("/passkeys").location.startswith("/sign-in")
    refused = elsewhere.sign_in()
    assert refused.status_code == 422
    assert "credential_ended" in said(refused)


def test_the_last_key_goes_too_with_a_warning(somebody, portal):
    [only] = live(portal, "Grace Hopper")
    text = said(somebody.get(f"/passkeys/{only.uuid}/remove"))
    assert "This is your only key" in text
    assert "recovery link" in text
    assert remove(somebody, only).status_code == 303
    assert live(portal, "Grace Hopper") == []
    assert "Ask your administrator for a recovery link" in said(somebody.get("/passkeys/removed"))


def test_an_administrator_keeps_the_last_one(administrator, portal, world):
    [only] = live(portal, "Ada King")
    page = administrator.get(f"/passkeys/{only.uuid}/remove")
    assert "last passkey of an administrator" in said(page)
    assert "data-ceremony" not in page.text
    refused = remove(administrator, only)
    assert refused.status_code == 409
    assert "passkey_last" in said(refused)
    assert len(live(portal, "Ada King")) == 1
    first, administrator.key = administrator.key, world.key()
    administrator.send("/passkeys/new", administrator.answer("add"))
    administrator.key = first
    assert remove(administrator, only).status_code == 303
    assert len(live(portal, "Ada King")) == 1


def test_nothing_goes_without_a_touch(somebody, two, portal):
    refused = remove(somebody, two[1], ceremony="", response="")
    assert refused.status_code == 422
    assert "challenge_unknown" in said(refused)
    assert "The key was not removed" in said(refused)
    assert len(live(portal, "Grace Hopper")) == 2


def test_an_answer_counts_for_the_key_that_the_page_named(somebody, two, portal):
    first, second = two
    for answer in (
        confirm(somebody, first),
        touched(somebody, somebody.options("confirm", subject=f"other:{second.uuid}").json),
        somebody.answer("sign-in"),
    ):
        refused = remove(somebody, second, **answer)
        assert refused.status_code == 422
        assert "challenge_other_" in said(refused)
    assert len(live(portal, "Grace Hopper")) == 2


def test_somebody_else_cannot_use_the_answer(app, world, invite, somebody, two, portal):
    answer = confirm(somebody, two[1])
    eve = Visitor(app, world.key())
    eve.open_link(invite("Eve Moneypenny"))
    eve.enrol()
    eve.sign_in()
    [own] = live(portal, "Eve Moneypenny")
    assert "challenge_other_session" in said(remove(eve, own, **answer))
    for victim in (*two, *live(portal, "Ada King")):
        assert eve.get(f"/passkeys/{victim.uuid}/remove").status_code == 404
        assert remove(eve, victim, **answer).status_code == 404
    assert eve.get(f"/passkeys/{uuid.uuid4()}/remove").status_code == 404
    assert len(live(portal, "Grace Hopper")) == 2
    assert len(live(portal, "Eve Moneypenny")) == 1


def test_somebody_elses_key_does_not_confirm(somebody, two, world, administrator, portal):
    begun = somebody.options("confirm", subject=f"remove:{two[1].uuid}").json
    somebody.key = administrator.key
    options = begun["options"]
    options.pop("allowCredentials")
    refused = remove(somebody, two[1], **touched(somebody, begun))
    assert refused.status_code == 422
    assert "credential_other_person" in said(refused)
    assert len(live(portal, "Grace Hopper")) == 2


def test_a_form_sent_again_ends_nothing_more(somebody, two, portal):
    first, second = two
    answer = confirm(somebody, second)
    page = f"/passkeys/{second.uuid}/remove"
    assert somebody.send(page, answer).status_code == 303
    again = somebody.send(page, answer)
    assert again.status_code == 409
    assert "passkey_ended" in said(again)
    assert [one.id for one in live(portal, "Grace Hopper")] == [first.id]


def test_sent_again_by_whoever_it_signed_out_it_shows_what_was_done(app, somebody, two, portal):
    first, second = two
    path, fields = f"/passkeys/{first.uuid}/remove", confirm(somebody, first)
    assert somebody.send(path, fields).location == "/passkeys/removed"
    again = somebody.send(path, fields)
    assert (again.status_code, again.location) == (303, "/passkeys/removed")
    assert f"{first.nickname} is removed" in said(somebody.get("/passkeys/removed"))
    other = somebody.send(f"/passkeys/{second.uuid}/remove", fields)
    assert other.location == "/sign-in", "of another key nothing is known"
    assert Visitor(app).send(path, fields).location == "/sign-in"


def test_the_page_after_it_is_this_browsers_and_for_a_while(app, somebody, two, clock):
    assert somebody.get("/passkeys/removed").status_code == 404
    remove(somebody, two[0])
    assert somebody.get("/passkeys/removed").status_code == 200
    assert Visitor(app).get("/passkeys/removed").status_code == 404
    clock.forward(hours=2)
    assert somebody.get("/passkeys/removed").status_code == 404
