"""The browser offers the passkey by itself on the sign-in page (conditional mediation).

Chromium's virtual authenticator accepts such an offer at once, as if the person had chosen it.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from services.policies import Kind
from tests.browser import scene

PLATFORM_KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def site(shared_site):
    scene.choose(shared_site, Kind.ANY)
    return shared_site


@pytest.fixture
def enrolled(site, visit):
    """A visitor whose device holds their passkey, and a way to let it answer or wait."""
    visitor = visit()
    cdp = visitor.context.new_cdp_session(visitor.page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": PLATFORM_KEY})

    def touching(enabled: bool) -> None:
        cdp.send("WebAuthn.setAutomaticPresenceSimulation", {**made, "enabled": enabled})

    page = scene.enrol(visitor, scene.link(site, scene.person(site)))
    expect(page).to_have_title(re.compile("Your key is enrolled"))
    return visitor, touching


def asked(page) -> list[str]:
    """The options that the page asks for from now on."""
    seen: list[str] = []
    page.on(
        "request",
        lambda request: request.url.endswith("/options") and seen.append(request.method),
    )
    return seen


def test_the_offer_signs_in_without_a_button(enrolled):
    visitor, _ = enrolled
    seen = asked(visitor.page)
    visitor.go("/sign-in")
    visitor.page.wait_for_url(re.compile("/passkeys$"))
    assert seen == ["POST"]


def test_the_button_ends_the_offer_and_signs_in_itself(enrolled):
    visitor, touching = enrolled
    touching(False)
    seen = asked(visitor.page)
    with visitor.page.expect_response("**/ceremonies/sign-in/options"):
        page = visitor.go("/sign-in")
    expect(page.get_by_label("E-mail")).to_be_visible()
    touching(True)  # for the next call only: the offer goes on waiting
    page.get_by_role("button", name="Sign in with a key").click()
    page.wait_for_url(re.compile("/passkeys$"))
    assert seen == ["POST", "POST"]


def test_the_options_are_renewed_before_they_expire_and_one_offer_stands(enrolled):
    visitor, touching = enrolled
    touching(False)
    seen = asked(visitor.page)
    visitor.page.clock.install()
    with visitor.page.expect_response("**/ceremonies/sign-in/options") as first:
        page = visitor.go("/sign-in")
    timeout = first.value.json()["options"]["timeout"]
    expect(page.get_by_label("E-mail")).to_be_visible()
    page.clock.run_for(timeout - 61_000)
    assert seen == ["POST"]
    with page.expect_response("**/ceremonies/sign-in/options") as second:
        page.clock.run_for(2_000)
    assert second.value.json()["ceremony"] != first.value.json()["ceremony"]
    touching(True)
    page.get_by_role("button", name="Sign in with a key").click()
    page.wait_for_url(re.compile("/passkeys$"))
    assert seen == ["POST"] * 3


def test_a_browser_that_offers_nothing_shows_the_button_alone(site, visit):
    visitor = visit()
    visitor.context.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
    seen = asked(visitor.page)
    page = visitor.go("/sign-in")
    expect(page.get_by_role("button", name="Sign in with a key")).to_be_enabled()
    expect(page.locator("#username")).to_be_hidden()
    assert seen == []
