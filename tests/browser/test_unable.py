"""Browsers and addresses that cannot use a security key: each page says what to do."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import expect

from tests.browser import scene
from tests.browser.conftest import INSECURE_HOST, open_site


def test_a_browser_without_webauthn_is_told_which_ones_work(site, visit):
    scene.choose(site)
    grace = visit()
    grace.context.add_init_script("delete window.PublicKeyCredential")
    page = scene.begin(grace, scene.link(site, scene.person(site)))
    main = page.get_by_role("main")
    expect(main.get_by_role("alert").filter(has_text="browser")).to_be_visible()
    expect(main.get_by_role("button", name="Enrol a key")).to_have_count(0)
    main.get_by_role("alert").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/help/browser$"))


def test_an_insecure_address_is_told_to_use_https(
    chromium, tmp_path, migrated_sqlite, metadata_file
):
    with open_site(tmp_path, migrated_sqlite, metadata_file, host=INSECURE_HOST) as site:
        page = chromium.new_context(base_url=site.url).new_page()
        page.goto("/sign-in")
        alert = page.get_by_role("alert").filter(has_text="https")
        expect(alert).to_be_visible()
        expect(page.get_by_role("button", name="Sign in with a key")).to_have_count(0)
        page.context.close()


def test_the_loopback_address_leads_to_the_configured_name(site, visit):
    port = site.url.rpartition(":")[2]
    page = visit().go(f"http://127.0.0.1:{port}/sign-in")
    assert page.url == f"{site.url}/sign-in"


@pytest.mark.parametrize("host", ["192.0.2.7", "[2001:db8::7]", "elsewhere.example"])
def test_any_other_host_is_told_the_name_to_open(site, host):
    answer = requests.get(
        f"{site.url.replace('localhost', '127.0.0.1')}/sign-in", headers={"Host": host}, timeout=10
    )
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers
    assert host not in answer.text
    if "example" not in host:
        assert "name" in answer.text
