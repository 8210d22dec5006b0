"""The small scripts that help a page, each at work on the components page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from directories.ory.naming import format_name


def fragment(state: str, *, done: bool = False) -> str:
    return (
        f'<ul{" data-done" if done else ""}><li data-announce="Ory: {state}">'
        f'Ory <span id="state">{state}</span> <a id="link" href="#x">x</a></li></ul>'
    )


@pytest.fixture
def live(look):
    """The page of a fresh key, whose fragments the test answers: `answers` in turn, the last on."""

    def opened(answers: list):
        page = look("sign-in")
        asked = []

        def answer(route):
            asked.append(answers[min(len(asked), len(answers) - 1)])
            now = asked[-1]
            if isinstance(now, int):
                route.fulfill(status=now, body="")
            else:
                route.fulfill(body=now, content_type="text/html")

        page.route("**/components/placements", answer)
        page.clock.install()
        page.goto("done")
        return page, asked

    return opened


def tick(page, seconds: float = 2.1) -> None:
    page.clock.run_for(int(seconds * 1000))


def test_a_live_region_renews_itself_and_says_what_is_new(live):
    page, _ = live([fragment("held")])
    tick(page)
    page.locator("#state", has_text="held").wait_for()
    tick(page, 0.1)  # an animation frame
    expect(page.locator("[data-announcer]")).to_have_text("Ory: held")


def test_a_live_region_stops_when_all_is_done(live):
    page, asked = live([fragment("on its way"), fragment("ready", done=True)])
    tick(page)
    page.locator("#state", has_text="on its way").wait_for()
    tick(page)
    page.locator("#state", has_text="ready").wait_for()
    tick(page, 60)
    page.evaluate("fetch('/components/sign-in').then((one) => one.status)")
    assert len(asked) == 2


def test_a_live_region_stops_when_the_server_says_no(live):
    page, asked = live([403])
    with page.expect_response("**/components/placements"):
        tick(page)
    page.evaluate("fetch('/components/sign-in').then((one) => one.status)")
    tick(page, 60)
    assert asked == [403]


def test_a_live_region_asks_again_later_when_the_server_fails(live):
    page, asked = live([503, fragment("ready")])
    with page.expect_response("**/components/placements"):
        tick(page)
    page.evaluate("fetch('/components/sign-in').then((one) => one.status)")
    tick(page)
    assert len(asked) == 1, "it waits longer after a failure"
    with page.expect_response("**/components/placements"):
        tick(page)
    page.locator("#state", has_text="ready").wait_for()


def test_a_live_region_keeps_the_focus(live):
    page, _ = live([fragment("on its way"), fragment("ready")])
    tick(page)
    page.locator("#link").focus()
    tick(page)
    page.locator("#state", has_text="ready").wait_for()
    assert page.evaluate("document.activeElement.id") == "link"


def test_copying_puts_the_raw_value_on_the_clipboard(look):
    page = look(permissions=["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy AAGUID").first
    button.click()
    page.locator("[data-copy][data-state=copied]").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == button.get_attribute("data-copy")
    expect(page.locator("[data-announcer]")).to_have_text("AAGUID copied")


def test_where_no_script_may_copy_the_value_is_selected(look):
    denied = "Object.defineProperty(navigator, 'clipboard', { get: () => undefined });"
    page = look(before=denied)
    button = page.get_by_role("button", name="Copy AAGUID").first
    button.click()
    assert page.evaluate("String(getSelection())") == button.get_attribute("data-copy")


def test_one_click_fills_the_fields(look):
    page = look()
    page.get_by_role("button", name="Use the emulated Ory").click()
    assert page.get_by_label("API endpoint").input_value() == "https://ory.example.com"
    assert page.get_by_label("API key (optional)").input_value() == "an example"


@pytest.mark.parametrize(
    "display_format",
    [
        "{First} {Middle} {Last}",
        "{Last}, {First}",
        "{Last}, , {First} ,{Middle}",
        "  {First}   {Nobody} ",
        "{first}",
        "{First}{",
        ",{Middle},",
    ],
)
@pytest.mark.parametrize("middle", ["Augusta", ""])
def test_the_preview_of_a_name_is_what_the_directory_gets(look, display_format, middle):
    page = look()
    page.evaluate(
        "(middle) => { document.querySelector('[data-preview]').dataset.middle = middle; }", middle
    )
    page.get_by_label("Display name (optional)").fill(display_format)
    made = format_name(display_format, first="Ada", middle=middle, last="King")
    assert page.locator("[data-preview]").text_content() == (made or "Ada King")


def test_a_destructive_button_works_once_the_words_are_typed(look):
    page = look()
    page.get_by_text("Delete the directory").click()
    button = page.get_by_role("button", name="CONFIRM", exact=True)
    assert button.is_disabled()
    page.get_by_label("permanently delete").fill("permanently")
    assert button.is_disabled()
    page.get_by_label("permanently delete").fill("permanently delete")
    assert button.is_enabled()


def test_moments_are_relative_and_the_exact_one_stays(look):
    page = look()
    shown = page.locator("td time").first
    exact = shown.get_attribute("title")
    assert shown.inner_text().startswith("5 minutes ago")
    assert shown.text_content() == f"5 minutes ago ({exact})"
    assert exact.endswith("UTC")


def test_moments_are_exact_without_script(look):
    page = look(java_script_enabled=False)
    shown = page.locator("td time").first
    assert shown.inner_text() == shown.get_attribute("title")


def test_a_form_that_was_wrong_puts_the_focus_on_its_summary(look):
    page = look()
    page.locator(".buttons button").click()
    page.locator(".error-summary:focus").wait_for()
    assert page.title().startswith("Error: ")
    page.get_by_role("link", name="Give the API endpoint.").click()
    assert page.evaluate("document.activeElement.id") == "endpoint"


def test_a_row_menu_closes_on_escape_and_on_a_click_elsewhere(look):
    page = look()
    menu = page.locator("details.row-menu").first
    menu.locator("summary").click()
    assert menu.get_by_role("link", name="Open").is_visible()
    page.keyboard.press("Escape")
    assert not menu.get_by_role("link", name="Open").is_visible()
    menu.locator("summary").click()
    page.get_by_role("heading", name="Components").click()
    assert not menu.get_by_role("link", name="Open").is_visible()
