"""Entra ID and PingOne in the browser: connected badly and well, tested, edited, deleted."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from directories import oauth
from emulators.entra.running import running as run_entra
from emulators.pingone.running import running as run_pingone
from tests.browser import scene

LIST = "/admin/directories"
GUID = "8f2c1e4b-0d7a-4c35-9e61-2b90a7d4c813"


@pytest.fixture(scope="module")
def staged(shared_site, world):
    """A portal with an administrator, and both emulated directories beside it."""
    oauth.forget_all()
    key = world.key()
    scene.administrator(shared_site, key)
    folder = shared_site.portal.settings.data_dir / "emulators"
    with ExitStack() as stack:
        tenant = stack.enter_context(run_entra(people=5, data_dir=folder / "entra"))
        ping = stack.enter_context(run_pingone(people=5, data_dir=folder / "pingone"))
        yield shared_site, key, tenant, ping


@pytest.fixture
def site(staged):
    return staged[0]


@pytest.fixture
def page(staged, visit) -> Page:
    ada = visit(staged[1])
    scene.sign_in(ada)
    return ada.page


@pytest.fixture
def tenant(staged):
    staged[2].control.clear_faults()
    return staged[2]


@pytest.fixture
def ping(staged):
    staged[3].control.clear_faults()
    return staged[3]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def begin(page: Page, type_name: str) -> None:
    """NEW, the type, CONTINUE."""
    page.goto(LIST)
    page.get_by_role("button", name="NEW").first.click()
    page.get_by_role("radio", name=type_name, exact=True).check()
    press(page, "CONTINUE")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Connect {type_name}")


def from_menu(page: Page, name: str, entry: str) -> None:
    """Choose something from the menu of a row."""
    page.goto(LIST)
    page.locator("summary", has_text=f"Actions for {name}").click()
    row = page.get_by_role("row").filter(has_text=name)
    row.get_by_text(entry, exact=True).click()


def delete(page: Page, name: str) -> None:
    from_menu(page, name, "Delete…")
    expect(page.get_by_role("button", name="CONFIRM")).to_be_disabled()
    page.get_by_label("Confirmation").fill("permanently delete")
    press(page, "CONFIRM")
    expect(page).to_have_url(re.compile(f"{LIST}$"))
    expect(page.get_by_role("main")).to_contain_text(f"{name} is deleted here.")


def fill_entra(page: Page, tenant, **changes: str) -> None:
    typed = {
        "name": "Staff of Entra",
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.client_id,
        "secret": tenant.client_secret,
        **changes,
    }
    more = page.locator("details.more", has=page.locator("[name=login_url]"))
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    for name, value in (*typed.items(), ("login_url", tenant.url), ("graph_url", tenant.url)):
        page.locator(f"[name={name}]").fill(value)
    press(page, "ADD")


def test_entra_is_connected_tested_edited_and_deleted(page, tenant):
    main = page.get_by_role("main")
    begin(page, "Entra ID")
    bad = [
        ({"secret": tenant.client_secret_id}, "That is the Secret ID."),
        ({"secret": "wrong~and~secret"}, "AADSTS7000215"),
        ({"tenant_id": GUID}, "AADSTS90002"),
    ]
    for changes, sentence in bad:
        fill_entra(page, tenant, **changes)
        expect(main).to_contain_text(sentence)
        expect(page.locator("[name=client_id]")).to_have_value(tenant.client_id)
        expect(page.locator("[name=secret]")).to_have_value("")
    tenant.control.revoke("Group.Read.All")
    fill_entra(page, tenant)
    expect(main).to_contain_text("Group.Read.All")
    tenant.control.grant("Group.Read.All")
    oauth.forget_all()  # a token keeps the permissions it was given with
    fill_entra(page, tenant)
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff of Entra")
    expect(main).to_contain_text("The connection is verified.")

    from_menu(page, "Staff of Entra", "Test Connection")
    expect(page).to_have_url(re.compile(rf"{LIST}#directory-"))
    expect(main).to_contain_text("Staff of Entra: the connection works.")

    from_menu(page, "Staff of Entra", "Edit")
    update = page.get_by_role("button", name="UPDATE")
    expect(update).to_be_enabled()  # what is hidden is not asked for
    page.get_by_role("radio", name="With a certificate").check()
    expect(update).to_be_disabled()
    page.get_by_label("Certificate (PEM)").fill(tenant.certificate)
    page.get_by_label("Private key (PEM)").fill(tenant.private_key)
    page.get_by_label("Configuration name").fill("Staff of the tenant")
    update.click()
    expect(main).to_contain_text("The connection works.")
    expect(main).to_contain_text("with a certificate")
    delete(page, "Staff of the tenant")


def fill_pingone(page: Page, ping, method: str = "Client Secret Post", **changes: str) -> None:
    typed = {
        "name": "Staff of Ping",
        "environment_id": ping.environment_id,
        "client_id": ping.client_id,
        "secret": ping.client_secret,
        **changes,
    }
    region = typed.pop("region", "NA")
    more = page.locator("details.more")
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    for name, value in (*typed.items(), ("auth_url", ping.url), ("api_url", ping.url)):
        page.locator(f"[name={name}]").fill(value)
    page.get_by_label("Region").select_option(region)
    page.get_by_role("radio", name=method).check()
    press(page, "CONNECT")


def test_pingone_is_connected_tested_edited_and_deleted(page, ping):
    main = page.get_by_role("main")
    begin(page, "PingOne")
    bad = [
        ({"secret": "wrong-and-secret"}, "does not know this Client ID"),
        ({"method": "Client Secret Basic"}, "Choose Client Secret Post here"),
        ({"region": "EU"}, "is in the region NA"),
        ({"environment_id": GUID}, "The connection did not work"),
    ]
    for changes, sentence in bad:
        fill_pingone(page, ping, **changes)
        expect(main).to_contain_text(sentence)
        expect(page.locator("[name=client_id]")).to_have_value(ping.client_id)
        expect(page.locator("[name=secret]")).to_have_value("")
    fill_pingone(page, ping)
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose the MFA policy")
    expect(main).to_contain_text("A browser here can enrol: yes")
    expect(main).to_contain_text("A browser here can enrol: no, because")

    page.goto(LIST)
    expect(page.get_by_role("row").filter(has_text="Staff of Ping")).to_contain_text("begun")
    from_menu(page, "Staff of Ping", "Continue")
    page.get_by_role("radio", name=ping.mfa_policy_name).check()
    press(page, "ADD")
    expect(main).to_contain_text("The connection is verified.")

    from_menu(page, "Staff of Ping", "Edit")
    page.get_by_label("Configuration name").fill("Staff of the environment")
    page.get_by_text("Replace", exact=True).click()
    page.locator("[name=secret]").fill(ping.client_secret)
    press(page, "UPDATE")
    expect(main).to_contain_text("The connection works.")
    delete(page, "Staff of the environment")


@pytest.mark.parametrize("type_name", ["Entra ID", "PingOne"])
def test_the_emulated_one_is_connected_with_one_click(page, tenant, ping, type_name):
    begin(page, type_name)
    press(page, f"Use the emulated {type_name}")
    title = {"Entra ID": "Emulated Entra ID", "PingOne": "Choose the MFA policy"}[type_name]
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    for secret in (tenant.client_secret, ping.client_secret):
        assert secret not in page.content()
