"""What an administrator confirms with the key: another policy, and deleting a directory."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import scene


@pytest.fixture
def ada(site, visit, world):
    key = world.key()
    scene.administrator(site, key)
    scene.ory(site)
    visitor = visit(key)
    scene.sign_in(visitor)
    return visitor


def test_a_policy_and_a_deletion_are_confirmed_with_the_key(ada):
    page = ada.go("/admin/policies")
    page.get_by_role("button", name="EDIT", exact=True).click()
    page.locator("label", has_text="Chosen models").click()
    for box in page.get_by_role("table", name="Chosen models").get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_label("Find models by name or AAGUID").fill("YubiKey 5 FIPS")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="Chosen models")).to_be_checked()
    page.get_by_role("table", name="Models found").get_by_role("checkbox").first.check()
    page.get_by_role("button", name="CONTINUE").click()
    expect(page.get_by_role("main")).to_contain_text("would not be accepted today")
    page.get_by_role("button", name="CONFIRM").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text("In force: Chosen models")

    page = ada.go("/admin/directories")
    page.get_by_role("link", name="Staff sign-in").click()
    page.get_by_role("button", name="EDIT", exact=True).click()
    update = page.get_by_role("button", name="UPDATE")
    expect(update).to_be_enabled()
    page.get_by_label("Configuration name").fill("")
    expect(update).to_be_disabled()
    page.get_by_label("Configuration name").fill("Front door")
    update.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Front door")
    page.get_by_role("button", name="DELETE", exact=True).click()
    confirm = page.get_by_role("button", name="CONFIRM")
    expect(confirm).to_be_disabled()
    page.get_by_label("Confirmation").fill("permanently")
    expect(confirm).to_be_disabled()
    page.get_by_label("Confirmation").fill("permanently delete")
    confirm.click()
    expect(page).to_have_url(re.compile("/admin/directories$"))
    expect(page.get_by_role("main")).to_contain_text("Front door is deleted here.")
