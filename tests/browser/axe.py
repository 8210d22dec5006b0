"""Asks axe-core what is wrong with a page for people who see, hear or move differently."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """One line for each rule that an element of the page breaks; empty when all is well."""
    page.wait_for_load_state()  # with its styles
    page.evaluate(_source())  # through the debugger, which the page's own policy does not bind
    found = page.evaluate(
        "async (tags) => (await axe.run(document, { runOnly: tags })).violations", TAGS
    )
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]
