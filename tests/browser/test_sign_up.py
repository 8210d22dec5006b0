"""Signing up in a browser: by keyboard alone, and in every look."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import looks, scene
from tests.browser.conftest import open_site
from tests.browser.signing_up import newest_code, signing_up
from tests.mail_server import mail_server


@pytest.fixture(scope="module")
def server():
    with mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory, migrated_sqlite, metadata_file, server, world):
    folder = tmp_path_factory.mktemp("site")
    with open_site(folder, migrated_sqlite, metadata_file, **signing_up(server)) as opened:
        visitor_key = world.key()
        scene.set_up(opened, visitor_key)
        yield opened


def heading(page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_from_the_address_to_the_key_by_keyboard_alone(visit, world, server):
    grace = visit(world.key())
    page, press = grace.go("/sign-in"), grace.page.keyboard.press
    heading(page, "Sign in or sign up")
    expect(page.get_by_role("button", name="Sign in with a key")).to_be_enabled()
    page.get_by_label("E-mail").focus()
    before = len(server.codes())
    page.keyboard.type("grace@example.com")
    press("Enter")
    heading(page, "Check your e-mail")
    assert page.url.endswith("/sign-up/code")
    code = newest_code(page, server, after=before)
    page.get_by_label("Code").focus()
    page.keyboard.type(f"{(int(code) + 1) % 10**6:06d}")
    press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("That code does not lead on")
    page.get_by_role("alert").get_by_role("link").focus()
    press("Enter")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(f"{code[:3]} {code[3:]}")
    press("Enter")
    heading(page, "Your name")
    page.get_by_label("Given name").focus()
    page.keyboard.type("Grace")
    press("Tab")
    page.keyboard.type("Hopper")
    press("Enter")
    heading(page, "Enrol a security key, Grace")
    page.get_by_role("button", name="Continue").focus()
    press("Enter")
    expect(page.get_by_role("button", name="Enrol a key")).to_be_enabled()
    page.get_by_role("button", name="Enrol a key").focus()
    press("Enter")
    heading(page, "Your key is enrolled")
    page.get_by_role("button", name="Sign in with it").click()
    page.get_by_role("button", name="Sign in with a key").click()
    page.wait_for_url(re.compile("/passkeys$"))
    expect(page.get_by_text("Grace Hopper")).to_be_visible()


def test_somebody_with_an_account_sees_the_same_page(visit, server):
    ada = visit()
    before = len(server.mails)
    page = ada.go("/sign-in")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("button", name="Continue with e-mail").click()
    heading(page, "Check your e-mail")
    while len(server.mails) == before:
        page.wait_for_timeout(50)
    assert "You have an account there already" in server.texts()[-1]


def test_every_step_is_clean(visit, server):
    katherine = visit(**looks.LOOK)
    page, before = katherine.go("/sign-in"), len(server.codes())

    def clean() -> None:
        assert looks.problems(page) == []

    clean()
    page.get_by_label("E-mail").fill("katherine@example.org")
    page.get_by_role("button", name="Continue with e-mail").click()
    expect(page.get_by_role("alert").first).to_contain_text("Only addresses that end in")
    clean()
    page.get_by_label("E-mail").fill("katherine@example.com")
    page.get_by_role("button", name="Continue with e-mail").click()
    heading(page, "Check your e-mail")
    clean()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the code")
    clean()
    page.get_by_label("Code").fill(newest_code(page, server, after=before))
    page.get_by_role("button", name="Continue").click()
    heading(page, "Your name")
    clean()


def test_the_address_can_be_sent_without_any_script(visit, site):
    plain = visit(java_script_enabled=False)
    page = plain.go("/sign-in")
    page.get_by_label("E-mail").fill("alan@example.com")
    page.get_by_role("button", name="Continue with e-mail").click()
    heading(page, "Check your e-mail")
