"""Every page a person can reach: axe in both themes, no horizontal scroll on a phone, keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import looks, scene

pytestmark = pytest.mark.long

PUBLIC = (
    "/",
    "/sign-in",
    "/help/agent",
    "/help/browser",
    "/help/leftover",
    "/help/link",
    "/help/ory",
    "/help/sign-in",
    "/nothing-here",
)
SIGNED_IN = (
    "/passkeys",
    "/passkeys/new",
    "/sessions",
    "/privileges",
    "/admin/",
    "/admin/people",
    "/admin/people/new",
    "/admin/people/import",
    "/admin/groups",
    "/admin/groups/new",
    "/admin/passkeys",
    "/admin/requests",
    "/admin/requests/new",
    "/admin/directories",
    "/admin/directories/new",
    "/admin/directories/new/entra",
    "/admin/directories/new/ory",
    "/admin/directories/new/pingone",
    "/admin/policies",
    "/admin/policies/edit",
    "/admin/models?q=HID",
    "/admin/deliveries",
    "/admin/roles",
    "/admin/roles/new",
    "/admin/roles/view_only",
    "/admin/audit",
    "/admin/settings",
    "/components",
)


@pytest.fixture(scope="module")
def stocked(shared_site, world):
    """A portal with an administrator, a directory, a person with a delivered key, and a link."""
    site = shared_site
    key = world.key()
    scene.administrator(site, key)
    scene.ory(site)
    grace = scene.person(site)
    passkey = scene.passkey(site, grace, world.key())
    scene.link(site, grace)
    return site, key, grace, passkey


@pytest.fixture
def site(stocked):
    return stocked[0]


def clean(visitor, paths) -> None:
    """Assert that nothing is wrong with any of these pages."""
    problems = []
    for path in paths:
        page = visitor.go(path)
        expect(page.get_by_role("main")).to_be_visible()
        problems += looks.problems(page)
    assert not problems, "\n".join(problems)


def test_every_page_of_everybody_is_clean(stocked, visit):
    clean(visit(**looks.LOOK), PUBLIC)


def test_every_page_of_whoever_is_signed_in_is_clean(stocked, visit):
    _, key, grace, passkey = stocked
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    mine = ada.go("/passkeys").get_by_role("main").get_by_role("link").filter(has_text="HID").first
    own = mine.get_attribute("href")
    person = f"/admin/people/{grace.uuid}"
    story = f"/admin/passkeys/{passkey.uuid}"
    of_one = (
        own,
        f"{own}/remove",
        person,
        f"{person}/edit",
        f"{person}/end",
        f"{person}/privileges",
        story,
        f"{story}/end",
    )
    clean(ada, (*SIGNED_IN, *of_one))


def test_the_whole_way_in_works_by_keyboard(stocked, visit):
    _, key, *_ = stocked
    page = visit(key).go("/sign-in")
    expect(page.get_by_label("E-mail")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in with a key")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
