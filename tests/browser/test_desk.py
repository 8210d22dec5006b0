"""A desk in the browser: Enter alone, an interruption, two operators, and keys that do not fit."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from models import RequestState
from tests.browser import desks, looks, scene

NEXT = "Next person"


@pytest.fixture
def ada(site, world, visit):
    """Ada, an administrator, signed in."""
    key = world.key()
    site.ada = scene.administrator(site, key)
    visitor = visit(key)
    scene.sign_in(visitor)
    return visitor


def who(page):
    return page.get_by_role("heading", level=1)


def press(page, name) -> None:
    """Press Enter on what has the focus already, which is this button."""
    expect(page.get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Enter")


def enrol(visitor, name: str, key) -> None:
    """One person at the desk, by Enter alone."""
    page = visitor.page
    expect(who(page)).to_have_text(name)
    expect(page.get_by_role("main")).to_contain_text(f"the key of {name}")
    visitor.key = key
    press(page, f"The key of {name} is inserted")
    press(page, f"Enrol the key of {name}")
    expect(page.get_by_role("main")).to_contain_text("can be handed over")


def settled(visitor, site, request, question) -> None:
    """Look again until the answer is yes: the worker is another thread."""
    for _ in range(200):
        if question(desks.places(site, request)):
            return
        visitor.page.wait_for_timeout(100)
    assert question(desks.places(site, request))


def test_thirty_people_partly_by_links_partly_at_the_desk_with_an_interruption(
    site, visit, world, ada
):
    people = desks.people(site, 30)
    request = desks.staged(site, people, scene.ory(site))
    names = [one.display_name for one in people]
    places = desks.places(site, request)
    # Three have a link that they open in browsers of their own, eight more without.
    for place in places[27:]:
        page = scene.enrol(visit(world.key()), f"/links/{desks.mint(site, place, site.ada)}")
        expect(who(page)).to_have_text("Your key is enrolled")
        page.context.close()
    for place in places[19:27]:
        desks.enrol_by_link(site, desks.mint(site, place, site.ada), world.key())

    ada_key, page = ada.key, ada.go(desks.address(request))
    press(page, NEXT)
    for name in names[:2]:
        enrol(ada, name, world.key())
        press(page, NEXT)
    # The browser goes away in the middle of the third one's touch.
    press(page, f"The key of {names[2]} is inserted")
    expect(page.get_by_role("button", name="Enrol the key")).to_be_focused()
    desks.never_answer(ada)
    page.keyboard.press("Enter")
    page.locator("[data-phase=touch]").wait_for()
    ada.context.close()

    ada = visit(ada_key)
    scene.sign_in(ada)
    page = ada.go(f"/admin/requests/{request.uuid}")
    page.get_by_role("button", name="Go to the desk").click()
    enrol(ada, names[2], world.key())
    press(page, NEXT)
    enrol(ada, names[3], world.key())
    for _ in names[4:19]:
        desks.enrol_next(site, request, site.ada, world.key())
    press(page, NEXT)
    expect(page.get_by_role("main")).to_contain_text("A key is registered for everybody")

    settled(
        ada,
        site,
        request,
        lambda found: all(one.state is RequestState.COMPLETED for one in found),
    )
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("30 of 30")
    expect(page.get_by_role("main")).to_contain_text("This request is completed")
    claimed = [one.claimed_by_id for one in desks.places(site, request)]
    assert claimed == [None] * 30


def test_two_operators_work_on_one_request(site, visit, world, ada):
    uma_key = world.key()
    desks.operator(site, uma_key)
    people = desks.people(site, 3)
    request = desks.staged(site, people)
    uma = visit(uma_key)
    scene.sign_in(uma)
    for visitor, person in zip((ada, uma), people, strict=False):
        press(visitor.go(desks.address(request)), "Begin")
        expect(who(visitor.page)).to_have_text(person.display_name)
    page = uma.page
    page.get_by_label("Name or e-mail").fill("Person")
    page.keyboard.press("Enter")
    row = page.get_by_role("row").filter(has_text="Person 01")
    expect(row).to_contain_text("Ada Lovelace has them at their desk just now")
    page.get_by_role("button", name="Take Person 03").click()
    enrol(uma, "Person 03", world.key())
    press(page, NEXT)
    expect(who(page)).to_have_text("Person 02")
    enrol(ada, "Person 01", world.key())
    press(ada.page, NEXT)
    expect(ada.page.get_by_role("main")).to_contain_text("Nobody is left here")
    expect(ada.page.get_by_role("main")).to_contain_text("Person 02")


def test_the_same_key_twice_is_noticed_and_a_refused_model_leaves_the_person(site, world, ada):
    request = desks.staged(site, desks.people(site, 2))
    page, key = ada.go(desks.address(request)), world.key()
    press(page, "Begin")
    enrol(ada, "Person 01", key)
    press(page, NEXT)
    expect(page.get_by_role("main")).to_contain_text("Take out the last one and insert")
    press(page, re.compile("is inserted"))
    press(page, "Enrol the key of Person 02")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("just enrolled for somebody else in this request")
    expect(alert).to_contain_text("insert Person 02’s key")

    ada.key = world.other_key()
    press(page, "Enrol the key of Person 02")
    expect(page.get_by_role("main")).to_contain_text("That key was not accepted")
    expect(who(page)).to_have_text("Person 02")
    ada.key = world.key()
    press(page, "Try another key")
    expect(page.get_by_role("main")).to_contain_text("can be handed over")


def test_a_scanned_label_begins_the_touch_and_names_the_key(site, world, ada):
    request = desks.staged(site, desks.people(site, 1))
    page = ada.go(desks.address(request))
    press(page, "Begin")
    press(page, re.compile("is inserted"))
    ada.key = world.key()
    page.get_by_label("Label of this key").fill("A-0042")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("A-0042. The key can be handed over.")


def test_every_page_of_a_desk_is_clean(site, world, visit):
    key = world.key()
    site.ada = scene.administrator(site, key)
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    request = desks.staged(site, desks.people(site, 7), scene.ory(site))
    page = ada.go(desks.address(request))
    found = looks.problems(page)
    page.get_by_role("button", name="Begin").click()
    found += looks.problems(page)
    page.get_by_role("button", name="is inserted").click()
    found += looks.problems(page)
    ada.key = world.other_key()
    page.get_by_role("button", name="Enrol the key").click()
    expect(page.get_by_role("main")).to_contain_text("not accepted")
    found += looks.problems(page)
    ada.key = world.key()
    page.get_by_role("button", name="Try another key").click()
    expect(page.get_by_text("ready", exact=True)).to_be_visible()
    found += looks.problems(page)
    ada.go(f"{desks.address(request)}?q=person")
    found += looks.problems(page)
    assert not found, "\n".join(found)
