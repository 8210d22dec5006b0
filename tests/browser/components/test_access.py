"""Everyone can use the pages: by axe, on a narrow screen, zoomed, in both themes, by keyboard."""

from __future__ import annotations

import pytest

from tests.browser import looks

PAGES = ("", "get-ready", "touch", "done", "refused", "sign-in")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_clean_in_every_look(look, path):
    assert looks.problems(look(path, **looks.LOOK)) == []


def test_a_form_that_was_wrong_is_clean_in_every_look(look):
    page = look(**looks.LOOK)
    page.locator(".buttons button").click()
    page.locator(".error-summary").wait_for()
    assert looks.problems(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_at_200_percent_zoom(look, path):
    page = look(path, viewport={"width": 640, "height": 400})  # 1280 pixels, zoomed
    assert looks.overflow(page) == []


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
