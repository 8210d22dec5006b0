"""The looks that every page is checked in: both themes, on a wide screen and on a phone.

A page is loaded once and looked at four times. Its theme and its width are the style sheet's alone:
no script and no answer of the server depends on either.
"""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.axe import colour_violations, violations

WIDTHS = (320, 1280)
HEIGHT = 900
LOOK = {
    "bypass_csp": True,  # axe styles what it measures
    "reduced_motion": "reduce",  # and must not measure a colour on its way to another
    "viewport": {"width": WIDTHS[-1], "height": HEIGHT},
}
"""How a visitor comes whose pages are checked."""


def overflow(page: Page) -> list[str]:
    """A line when the page scrolls sideways."""
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return [f"{wide} px too wide"] if wide > 0 else []


def problems(page: Page) -> list[str]:
    """What is wrong with the open page, in any of its looks; it ends in the one it began in."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += _told(page, f"{width} px, dark", colour_violations(page))
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        found += _told(page, f"{width} px, light", violations(page) + overflow(page))
    return found


def _told(page: Page, look: str, found: list[str]) -> list[str]:
    return [f"{page.url} ({look}): {one}" for one in found]
