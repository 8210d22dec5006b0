"""A tenant's own rules beside the policy, read from the emulated Entra ID and PingOne."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from emulators.entra.running import running as run_entra
from emulators.pingone.running import running as run_pingone
from services.attestation.hid import HID_CRESCENDO
from tests.browser import scene, vendors

RULES = "Each rule, here and there"
YUBIKEY = "cb69481e-8ff7-4039-93ec-0a2729a154a8"
MISSING, *LISTED = sorted(str(one) for one in HID_CRESCENDO)


@pytest.fixture
def ada(site, visit, world):
    """The administrator, signed in; the policy is HID Crescendo only."""
    key = world.key()
    scene.administrator(site, key)
    visitor = visit(key)
    scene.sign_in(visitor)
    return visitor


def rules(ada, name):
    """From the list to the directory, and on to its rules."""
    page = ada.go("/admin/directories")
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Compare the rules").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Rules of {name}")
    return page


def row(page, table, words):
    """A row of one of the tables."""
    listed = page.get_by_role("table", name=table, exact=True)
    return listed.get_by_role("row").filter(has_text=words)


def test_the_rules_of_a_tenant_stand_beside_the_policy(site, ada):
    folder = site.portal.settings.data_dir / "emulators" / "entra"
    with run_entra(people=3, data_dir=folder) as tenant:
        vendors.entra(site, tenant)
        tenant.control.restrict("allow", *LISTED, YUBIKEY)
        page = rules(ada, "Contoso")
        expect(page.get_by_text("1 model that is accepted here is refused there.")).to_be_visible()
        expect(row(page, "Models accepted here", MISSING)).to_contain_text("not on the list there")
        expect(
            row(page, "Models allowed there, not accepted here", re.compile("YubiKey"))
        ).to_be_visible()
        expect(row(page, RULES, "attestation")).to_contain_text("Entra admin center")

        tenant.control.restrict("allow", MISSING, *LISTED)
        page.reload()
        expect(row(page, "Models accepted here", MISSING)).to_contain_text("admitted")
        expect(page.get_by_text("is refused there.")).to_have_count(0)

        tenant.control.revoke("Policy.Read.All", "Policy.Read.AuthenticationMethod")
        tenant.control.expire_tokens()
        page.reload()
        expect(page.get_by_text("The rules could not be read")).to_be_visible()
        expect(page.get_by_text("Insufficient privileges")).to_be_visible()


def test_a_fido_policy_of_pingone_stands_beside_the_policy(site, ada):
    folder = site.portal.settings.data_dir / "emulators" / "pingone"
    with run_pingone(people=3, data_dir=folder) as ping:
        vendors.pingone(site, ping)
        ping.control.fido_policy(
            discoverableCredentials="DISCOURAGED",
            userVerification={"option": "PREFERRED", "enforceDuringAuthentication": True},
        )
        page = rules(ada, "Ping of the house")
        for name in ("The key keeps the passkey itself", "PIN or fingerprint"):
            expect(row(page, RULES, name)).to_contain_text("differs")
        expect(row(page, RULES, "Relying party ID")).to_contain_text("agrees")
