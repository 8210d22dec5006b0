"""Whom an operator at a desk gets, and in which order."""

from __future__ import annotations

from models import (
    AuditEvent,
    Passkey,
    ProvisioningRequest,
    RequestState,
)
from tests.blueprints.admin.desk.conftest import NAMES, called, of
from tests.blueprints.conftest import said
from tests.visitor import Visitor


def test_one_person_after_another_each_with_a_key_of_their_own(at_desk, rows):
    desk = at_desk()
    assert "Still without a key" in said(desk.open())
    for number, name in enumerate(NAMES):
        page = desk.next(**({"place": desk.place} if number else {}))
        assert desk.who == called(name, rows)
        expected = "Take out the last one and insert" if number else "Insert the key of"
        assert expected in said(page)
        assert "data-ceremony" not in page.text
        page = desk.enrol(label=f"  No. {number}\t7 ")
        assert "can be handed over" in said(page) and f"No. {number} 7" in said(page)
    page = desk.next(place=desk.place)
    assert "A key is registered for everybody" in said(page)
    assert "Nobody is left here" in page.text
    keys = rows(Passkey)[1:]
    assert [one.person_id for one in keys] == [of(rows, name).person_id for name in NAMES]
    assert [one.nickname for one in keys] == ["No. 0 7", "No. 1 7", "No. 2 7"]
    trail = [one for one in rows(AuditEvent) if one.tag == "passkey.registered"][1:]
    assert {one.actor_id for one in trail} == {rows(Passkey)[0].person_id}


def test_a_person_who_is_not_here_comes_again_when_the_list_comes_round(at_desk, rows):
    desk = at_desk()
    desk.next()
    desk.next(place=desk.place, later="1")
    assert desk.who == called("cy", rows)
    desk.enrol()
    desk.next(place=desk.place)
    assert desk.who == called("dee", rows)
    desk.enrol()
    desk.next(place=desk.place)
    assert desk.who == called("bob", rows)
    page = desk.next(place=desk.place, later="1")
    assert f"Nobody else is left here now but {called('bob', rows)}" in page.text
    assert "Still without a key" in said(page)


def test_a_double_click_on_next_skips_nobody(at_desk, rows):
    desk = at_desk()
    desk.next()
    desk.enrol()
    was = desk.place
    desk.next(place=was)
    desk.next(place=was)
    assert desk.who == called("cy", rows)


def test_somebody_is_chosen_by_search_and_the_one_before_is_free_again(at_desk, rows):
    desk = at_desk()
    desk.next()
    page = desk.open(f"{desk.path}?q=dee")
    assert f"Take {called('dee', rows)}" in said(page)
    answer = desk.visitor.send(f"{desk.path}/choose", {"place": str(of(rows, "dee").uuid)})
    desk.open(answer.location)
    assert desk.who == called("dee", rows)
    assert of(rows, "bob").claimed_by_id is None


def test_a_new_browser_finds_the_person_who_was_before_the_operator(
    app, administrator, at_desk, clock, rows
):
    desk = at_desk()
    desk.next()
    desk.ready()
    desk.touch()
    again = Visitor(app, administrator.key)
    clock.forward(hours=2)
    assert again.sign_in().location == "/admin/"
    back = at_desk(again)
    back.open()
    assert back.who == called("bob", rows)
    back.enrol()
    assert of(rows, "bob").state is RequestState.STARTED


def test_two_operators_get_different_people_and_are_told_of_each_other(at_desk, other, rows):
    ada, uma = at_desk(), at_desk(other())
    ada.next()
    uma.next()
    assert (ada.who, uma.who) == (called("bob", rows), called("cy", rows))
    page = uma.open(f"{uma.path}?q=bob")
    assert "has them at their desk just now" in said(page)
    answer = uma.visitor.send(f"{uma.path}/choose", {"place": str(of(rows, "bob").uuid)})
    assert "has this person at their desk just now" in uma.open(answer.location).text
    assert uma.who == called("cy", rows)


def test_a_draft_has_no_desk(portal, at_desk, made):
    with portal.database.write() as session:
        session.get_one(ProvisioningRequest, made.id).state = RequestState.DRAFT
    assert at_desk().open().status_code == 404


def test_stopping_puts_the_person_back(at_desk, rows):
    desk = at_desk()
    desk.next()
    assert desk.visitor.send(f"{desk.path}/leave").status_code == 303
    assert of(rows, "bob").claimed_by_id is None
