"""A key for Entra ID from one page, in a Chromium that may claim Microsoft's origin.

The key is Chromium's own virtual one, so any FIDO2 key is allowed, and no attestation is enforced
at the emulated tenant, which verifies origin, relying party, challenge, format and the keys that it
excluded.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from emulators.entra.running import running as run_entra
from models import Passkey
from services import policies
from tests.browser import scene, station, vendors
from tests.browser.conftest import ARGUMENTS, PATIENCE_MS

VIRTUAL_KEY = "01020304-0506-0708-0102-030405060708"
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}
CONTOSO = "Key for Contoso"
GRACE = "Grace Hopper"

pytestmark = pytest.mark.skipif(bool(station.why_not()), reason=station.why_not() or "can be")


@pytest.fixture
def tenant():
    with run_entra(people=3) as started:
        yield started


@pytest.fixture
def grace(site, tenant):
    """Somebody whom the emulated Entra knows."""
    scene.choose(site, policies.Kind.ANY)
    directory = vendors.entra(site, tenant)
    person = scene.person(site)
    vendors.link(site, directory, person, tenant.control.add_user(displayName=GRACE)["id"])
    return person


@pytest.fixture
def at_station(chromium, site, tmp_path):
    """Open a page at a station, with a virtual key: `at_station(allowed=…)`."""
    opened = []

    def page(*, allowed: str = ""):
        folder = tmp_path / f"station{len(opened)}"
        folder.mkdir()
        browser = chromium.browser_type.launch(
            executable_path=station.program(folder),
            args=[*ARGUMENTS, f"{station.SWITCH}={allowed or site.url}"],
        )
        opened.append(browser)
        context = browser.new_context(base_url=site.url)
        context.set_default_timeout(PATIENCE_MS)
        made = context.new_page()
        session = context.new_cdp_session(made)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        return made

    yield page
    for browser in opened:
        browser.close()


def held(tenant) -> list[dict]:
    """Her keys at the tenant."""
    return tenant.control.passkeys(tenant.control.user(GRACE)["id"])


def foreign(site, person) -> list[Passkey]:
    with site.portal.database.read() as session:
        found = session.scalars(select(Passkey).where(Passkey.person_id == person.id))
        return [one for one in found if not one.own]


def enrol_here_first(page, path: str) -> None:
    """Begin with a link, and enrol the key for the portal itself."""
    page.goto(path)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(CONTOSO)


def test_a_key_for_entra_is_enrolled_in_the_page(site, tenant, grace, at_station):
    page = at_station()
    enrol_here_first(page, scene.link(site, grace))
    main = page.get_by_role("main")
    # Whoever meets the browser's dialog was told whom it names, and what it says.
    expect(main).to_contain_text("Your organisation manages this browser")
    expect(main).to_contain_text("not Latchkey: the key is made for Microsoft")
    expect(main).to_contain_text("make and model of your key will be shared")
    expect(page.get_by_role("button", name="Make a command for the agent")).to_be_hidden()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your keys are enrolled")
    expect(page.get_by_text("Contoso", exact=True)).to_be_visible()
    expect(page.get_by_text("ready", exact=True)).to_be_visible()
    (passkey,) = foreign(site, grace)
    assert (passkey.rp_id, passkey.origin) == ("login.microsoft.com", "https://login.microsoft.com")
    (there,) = held(tenant)
    assert there["credential"] == passkey.credential_id.hex()
    assert str(passkey.aaguid) == VIRTUAL_KEY


def test_a_key_that_entra_has_already_is_excluded(site, tenant, grace, at_station):
    page = at_station()
    enrol_here_first(page, scene.link(site, grace))
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_text("ready", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign in with it").click()
    page.get_by_role("button", name="Sign in with a key").click()
    page.wait_for_url("**/passkeys")
    page.goto(f"/passkeys/new?for={foreign(site, grace)[0].maker}")
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("alert")).to_contain_text("already registered")
    assert len(held(tenant)) == 1


def test_a_model_that_entra_does_not_allow_is_held_with_the_reason(site, tenant, grace, at_station):
    tenant.control.restrict("block", VIRTUAL_KEY)
    page = at_station()
    enrol_here_first(page, scene.link(site, grace))
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your keys are enrolled")
    expect(page.get_by_text("held", exact=True)).to_be_visible()
    assert held(tenant) == []


def test_a_station_that_allows_another_origin_says_so_and_offers_the_agent(
    site, tenant, grace, at_station
):
    page = at_station(allowed="https://elsewhere.example")
    enrol_here_first(page, scene.link(site, grace))
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("main")).to_contain_text("This browser is not allowed to")
    expect(page.get_by_role("heading", name="With the desk agent")).to_be_focused()
    expect(page.get_by_role("button", name="Make a command for the agent")).to_be_visible()
    assert held(tenant) == []
