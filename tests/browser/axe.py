"""Asks axe-core what is wrong with a page for people who see, hear or move differently."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules among them that a theme decides: it changes colours and nothing else."""
CHEAPLY = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
"""Nothing is told of what is well, and styles are read where the browser has them already."""


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """One line for each rule that an element of the page breaks; empty when all is well."""
    return _violations(page, {"type": "tag", "values": TAGS})


def colour_violations(page: Page) -> list[str]:
    """As `violations`, by the rules about colours only."""
    return _violations(page, {"type": "rule", "values": COLOURS})


def _violations(page: Page, rules: dict[str, Any]) -> list[str]:
    page.wait_for_load_state()  # with its styles
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_source())  # through the debugger, which the page's own policy does not bind
    found = page.evaluate(
        "async (options) => (await axe.run(document, options)).violations",
        {"runOnly": rules, **CHEAPLY},
    )
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]
