"""Everyone can use the pages: by axe, on a narrow screen, zoomed, in both themes, by keyboard."""

from __future__ import annotations

import pytest

from tests.browser.axe import violations

PAGES = ("", "get-ready", "touch", "done", "refused", "sign-in")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(look, path, scheme):
    page = look(path, color_scheme=scheme, bypass_csp=True)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_form_that_was_wrong(look, scheme):
    page = look(color_scheme=scheme, bypass_csp=True)
    page.locator(".buttons button").click()
    page.locator(".error-summary").wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_on_a_phone(look, path):
    page = look(path, viewport={"width": 320, "height": 640}, bypass_csp=True)
    assert violations(page) == []


@pytest.mark.parametrize(
    "viewport",
    [{"width": 320, "height": 640}, {"width": 640, "height": 400}],
    ids=["a narrow phone", "1280 pixels at 200 % zoom"],
)
@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways(look, path, viewport):
    page = look(path, viewport=viewport)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_the_skip_link_comes_first_and_leads_to_the_content(look):
    page = look("sign-in")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_nothing_moves_where_the_system_asks_for_stillness(look):
    page = look("touch", reduced_motion="reduce")
    page.evaluate("document.querySelector('form').dataset.phase = 'touch'")
    step = page.locator(".touch-steps li").first
    assert step.evaluate("(one) => getComputedStyle(one).animationName") == "none"


def test_something_moves_elsewhere(look):
    page = look("touch", reduced_motion="no-preference")
    page.evaluate("document.querySelector('form').dataset.phase = 'touch'")
    step = page.locator(".touch-steps li").first
    assert step.evaluate("(one) => getComputedStyle(one).animationName") == "your-turn"


def test_the_side_navigation_folds_on_a_phone(look):
    page = look(viewport={"width": 320, "height": 640})
    audit = page.get_by_role("link", name="Audit")
    assert not audit.is_visible()
    toggle = page.get_by_role("button", name="Menu")
    toggle.click()
    assert toggle.get_attribute("aria-expanded") == "true"
    assert audit.is_visible()
    page.keyboard.press("Escape")
    assert not audit.is_visible()
    assert toggle.evaluate("(one) => one === document.activeElement")


def test_the_side_navigation_is_open_without_script(look):
    page = look(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    assert page.get_by_role("link", name="Audit").is_visible()
    assert not page.get_by_role("button", name="Menu").is_visible()
