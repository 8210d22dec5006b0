"""The portal as each built-in role sees it; and a role made, given, used and taken away again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from models import Person
from services import role_changes
from services.roles import ROLES, VIEW_ONLY
from tests.browser import scene
from tests.browser.axe import violations

LOOK = {"bypass_csp": True, "reduced_motion": "reduce"}
"""So that axe can style what it measures, and measures no colour on its way to another."""


@pytest.fixture(scope="module")
def ada(shared_site, world):
    """The administrator's key; a directory and somebody with a delivered key are there."""
    key = world.key()
    scene.administrator(shared_site, key)
    scene.ory(shared_site)
    scene.passkey(shared_site, scene.person(shared_site), world.key())
    return key


@pytest.fixture
def site(shared_site, ada):
    return shared_site


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_the_navigation_opens_clean(site, visit, world, role):
    key = world.key()
    person = scene.person(site, scene.names(f"Role {role.replace('_', '')}"))
    scene.passkey(site, person, key)
    with site.portal.database.write() as session:
        owner = session.get_one(Person, person.id)
        role_changes.grant(session, owner, role, now=site.portal.now())
    visitor = visit(key, **LOOK)
    page = scene.sign_in(visitor)
    links = page.get_by_role("navigation", name="Administration").get_by_role("link")
    paths = [link.get_attribute("href") for link in links.all()]
    assert len(paths) > 5
    problems = []
    for path in [*paths, "/privileges"]:
        assert page.goto(path).status == 200
        problems += [f"{path}: {one}" for one in violations(page)]
    assert problems == []


def test_a_role_is_made_given_used_and_taken(site, visit, ada, world):
    radia_key = world.key()
    radia = scene.person(site, scene.names("Radia Perlman"))
    scene.passkey(site, radia, radia_key)
    admin, visitor = visit(ada), visit(radia_key)
    scene.sign_in(admin)

    page = admin.go("/admin/roles")
    page.get_by_role("link", name="View Only").click()
    page.get_by_role("button", name="Create from a copy").click()
    page.get_by_label("Name", exact=True).fill("Front desk")
    page.get_by_label("See who did what, and when.").uncheck()
    page.get_by_role("button", name="ADD").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Front desk")

    page = admin.go(f"/admin/people/{radia.uuid}")
    page.get_by_text("Give a role", exact=True).click()
    page.get_by_role("radio", name="Front desk").check()
    page.get_by_role("button", name="Give the role").click()
    expect(page.get_by_text("Radia Perlman is now Front desk.")).to_be_visible()

    page = scene.sign_in(visitor)
    side = page.get_by_role("navigation", name="Administration")
    expect(side.get_by_role("link", name="People")).to_be_visible()
    expect(side.get_by_role("link", name="Audit")).to_have_count(0)
    visitor.go("/privileges")
    expect(page.get_by_text("By Front desk.").first).to_be_visible()

    page = admin.page
    row = page.get_by_role("table", name="Roles of Radia Perlman").get_by_role("row")
    row.filter(has_text="Front desk").get_by_text("Take", exact=True).click()
    page.get_by_role("button", name="Take the role").click()
    expect(page.get_by_text("Radia Perlman is not Front desk any more.")).to_be_visible()
    assert visitor.page.goto("/admin/people").status == 403

    page = admin.go("/admin/roles")
    page.get_by_role("link", name="Front desk").click()
    page.get_by_text("End", exact=True).click()
    page.get_by_role("button", name="End the role").click()
    expect(page).to_have_url(re.compile(r"/admin/roles$"))
    expect(page.get_by_role("table")).not_to_contain_text("Front desk")


def test_a_role_is_made_by_keyboard(site, visit, ada):
    admin = visit(ada)
    scene.sign_in(admin)
    page = admin.go(f"/admin/roles/new?copy={VIEW_ONLY}")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("By keyboard")
