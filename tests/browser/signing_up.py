"""Signing up, as tests and pictures do it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import PATIENCE_MS
from tests.mail_server import MailServer

PAUSE_MS = 50


def signing_up(server: MailServer) -> dict[str, Any]:
    """The settings of a site where people of example.com may sign up."""
    return {
        "sign_up_domains": "example.com",
        "smtp_url": server.url,
        "mail_from": "keys@example.com",
    }


def ask(page: Page, email: str) -> None:
    """Enter an address on the sign-in page."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Continue with e-mail").click()
    page.wait_for_url("**/sign-up*/**" if email.endswith("@example.com") else "**/sign-up")


def enter(page: Page, code: str) -> None:
    """Enter a code, and wait for what comes of it."""
    page.get_by_label("Code").fill(code)
    with page.expect_event("load"):
        page.get_by_role("button", name="Continue").click()


def newest_code(page: Page, server: MailServer, *, after: int = 0) -> str:
    """The code of the newest mail, which the worker may be about to send.

    Args:
        after: how many codes came before it.
    """
    for _ in range(PATIENCE_MS // PAUSE_MS):
        if len(codes := server.codes()) > after:
            return codes[-1]
        page.wait_for_timeout(PAUSE_MS)
    raise AssertionError("no mail with a code came")
