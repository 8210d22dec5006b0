"""Every page a person can reach: axe in both themes, no horizontal scroll on a phone, keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from emulators.entra.running import running as run_entra
from emulators.pingone.running import running as run_pingone
from models import Directory, DirectoryType
from tests.browser import scene, vendors
from tests.browser.axe import violations

PUBLIC = (
    "/",
    "/sign-in",
    "/help/browser",
    "/help/leftover",
    "/help/link",
    "/help/ory",
    "/help/sign-in",
    "/nothing-here",
)
SIGNED_IN = (
    "/passkeys",
    "/passkeys/new",
    "/sessions",
    "/privileges",
    "/admin/",
    "/admin/people",
    "/admin/people/new",
    "/admin/people/import",
    "/admin/groups",
    "/admin/groups/new",
    "/admin/passkeys",
    "/admin/directories",
    "/admin/directories/new",
    "/admin/directories/new/entra",
    "/admin/directories/new/ory",
    "/admin/directories/new/pingone",
    "/admin/policies",
    "/admin/policies/edit",
    "/admin/models?q=HID",
    "/admin/deliveries",
    "/admin/roles",
    "/admin/roles/new",
    "/admin/roles/view_only",
    "/admin/audit",
    "/admin/settings",
    "/components",
)


def overflow(page: Page) -> list[str]:
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return [f"{wide} px too wide"] if wide > 0 else []


@pytest.fixture(scope="module")
def connected(shared_site):
    """An Entra ID and a PingOne: the directories of the other types."""
    folder = shared_site.portal.settings.data_dir / "emulators"
    with (
        run_entra(people=3, data_dir=folder / "entra") as tenant,
        run_pingone(people=3, data_dir=folder / "pingone") as ping,
    ):
        yield [vendors.entra(shared_site, tenant), vendors.pingone(shared_site, ping)]


@pytest.fixture(scope="module")
def stocked(shared_site, connected, world):
    """A portal with an administrator, directories, a person with a delivered key, and a link."""
    site = shared_site
    key = world.key()
    scene.administrator(site, key)
    scene.ory(site)
    grace = scene.person(site)
    passkey = scene.passkey(site, grace, world.key())
    scene.link(site, grace)
    return site, key, grace, passkey


@pytest.fixture
def site(stocked):
    return stocked[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_every_page_is_clean(stocked, connected, visit, scheme, width):
    _, key, grace, passkey = stocked
    ada = visit(
        key,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        bypass_csp=True,  # axe styles what it measures
        reduced_motion="reduce",  # and must not measure a colour on its way to another
    )
    problems = []
    for path in PUBLIC:
        page = ada.go(path)
        problems += [f"{path}: {one}" for one in violations(page) + overflow(page)]
    scene.sign_in(ada)
    directory = f"/admin/directories/{_directory(stocked[0])}"
    own = ada.go("/passkeys").get_by_role("main").get_by_role("link").filter(has_text="HID").first
    pages = (
        *SIGNED_IN,
        own.get_attribute("href"),
        f"/admin/people/{grace.uuid}",
        f"/admin/people/{grace.uuid}/edit",
        f"/admin/people/{grace.uuid}/end",
        f"/admin/people/{grace.uuid}/privileges",
        f"/admin/passkeys/{passkey.uuid}",
        f"/admin/passkeys/{passkey.uuid}/end",
        f"{own.get_attribute('href')}/remove",
        directory,
        f"{directory}/schema",
        f"{directory}/mapping",
        f"{directory}/edit",
        f"{directory}/delete",
        f"{directory}/people",
        f"{directory}/people/pairs",
        *of_other_types(connected),
    )
    for path in pages:
        page = ada.go(path)
        expect(page.get_by_role("main")).to_be_visible()
        problems += [f"{path}: {one}" for one in violations(page) + overflow(page)]
    assert not problems, "\n".join(problems)


def of_other_types(connected: list[Directory]) -> list[str]:
    """The pages of directories that take no deliveries."""
    entra, pingone = (f"/admin/directories/{one.uuid}" for one in connected)
    each = ("", "/rules", "/edit", "/delete", "/people", "/people/groups", "/people/pairs")
    own = [f"{one}{page}" for one in (entra, pingone) for page in each]
    return [*own, f"{pingone}/mfa-policy"]


def _directory(site) -> str:
    with site.portal.database.read() as session:
        ory = select(Directory.uuid).where(Directory.type == DirectoryType.ORY)
        return str(session.scalar(ory))


def test_the_whole_way_in_works_by_keyboard(stocked, visit):
    _, key, *_ = stocked
    page = visit(key).go("/sign-in")
    expect(page.get_by_label("E-mail")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in with a key")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
