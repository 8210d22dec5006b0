"""Removing a key in a browser: the touch, the page after it, and what the browser is told."""

from __future__ import annotations

import base64

from playwright.sync_api import expect

from tests.browser import scene
from tests.browser.axe import violations

RECORD_SIGNALS = """
window.signals = [];
PublicKeyCredential.signalUnknownCredential = async (one) => { window.signals.push(one); };
PublicKeyCredential.signalAllAcceptedCredentials = async () => { throw new Error("never"); };
"""


def test_a_key_is_removed_and_the_browser_is_told_of_that_one_only(site, visit, world):
    scene.choose(site)
    ory = scene.ory(site)
    grace = scene.person(site)
    key = world.key()
    lost = scene.passkey(site, grace, key)
    scene.passkey(site, grace, world.key())
    visitor = visit(key, bypass_csp=True)  # axe styles what it measures
    visitor.context.add_init_script(RECORD_SIGNALS)
    scene.sign_in(visitor)
    page = visitor.go(f"/passkeys/{lost.uuid}")
    assert page.evaluate("window.signals") == []
    page.get_by_role("button", name="Remove this key").click()
    expect(page.get_by_role("main")).to_contain_text(f"removed from {ory.name}")
    assert violations(page) == []
    page.get_by_role("button", name="Remove this key").click()
    page.wait_for_url("**/passkeys/removed")
    expect(page.get_by_role("main")).to_contain_text("You are signed out")
    ended = base64.urlsafe_b64encode(lost.credential_id).rstrip(b"=").decode()
    assert page.evaluate("window.signals") == [{"rpId": "localhost", "credentialId": ended}]
    assert violations(page) == []
    refused = visitor.go("/sign-in")
    refused.get_by_role("button", name="Sign in with a key").click()
    expect(refused.get_by_role("main")).to_contain_text("credential_ended")
