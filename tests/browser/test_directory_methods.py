"""What a directory has for somebody to sign in with: looked at, and acted on with one's own key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from directories import oauth
from emulators.entra.running import running
from models import Identity
from tests.browser import looks, scene, vendors

CRESCENDO = "692db549-7ae5-44d5-a1e5-dd20a493b723"


@pytest.fixture
def tenant():
    oauth.forget_all()
    with running(people=12) as started:
        started.control.grant("Policy.Read.AuthenticationMethod", "User.RevokeSessions.All")
        started.control.lag(0)
        yield started
    oauth.forget_all()


@pytest.fixture
def stocked(site, world, tenant):
    """Ada, and Kim, who has a key in Entra that was registered there."""
    key = world.key()
    scene.administrator(site, key)
    directory = vendors.entra(site, tenant)
    user = tenant.control.add_user(
        displayName="Kim Okafor", givenName="Kim", surname="Okafor", mail="kim@contoso.example"
    )
    tenant.control.add_passkey(
        user["id"], credential_id=b"k" * 32, name="From the counter", aaguid=CRESCENDO
    )
    kim = scene.person(site, vendors.names_of(user))
    with site.portal.database.write() as session:
        session.add(
            Identity(
                directory_id=directory.id,
                person_id=kim.id,
                remote_id=user["id"],
                linked_at=site.portal.now(),
            )
        )
    return key, directory, user, kim


def test_somebody_is_helped_in_their_directory(stocked, visit, tenant):
    key, directory, user, kim = stocked
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    page = ada.go(f"/admin/people/{kim.uuid}")
    page.get_by_role("link", name="Methods in Contoso").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("How Kim Okafor signs in")
    expect(page.get_by_role("table", name="Passkeys of Kim")).to_contain_text("not made here")
    expect(page.get_by_role("table", name="Other methods")).to_contain_text("Password")
    problems = seen(page, "methods")

    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.locator("#look")).to_contain_text("Passkeys are switched on there.")
    problems += seen(page, "look")

    page.get_by_role("button", name="Sign out there").click()
    problems += seen(page, "sign-out")
    page.get_by_role("button", name="Sign them out").click()
    expect(heading).to_have_text("How Kim Okafor signs in")
    expect(page.get_by_text("Kim Okafor is signed out of Contoso")).to_be_visible()
    assert "signInSessionsValidFromDateTime" in tenant.control.user(user["id"])

    page.get_by_role("button", name="Make a temporary pass").click()
    page.get_by_text("8 hours", exact=True).click()
    problems += seen(page, "temporary-pass")
    page.get_by_role("button", name="Make the pass").click()
    expect(heading).to_have_text("Temporary pass of Kim Okafor")
    shown = page.locator(".copy-block code").inner_text()
    assert len(shown) >= 8
    expect(page.get_by_role("main")).to_contain_text("mysignins.microsoft.com/security-info")
    problems += seen(page, "pass-shown")
    page.get_by_role("link", name="How Kim Okafor signs in there").click()
    expect(page.get_by_role("table", name="Other methods")).to_contain_text("Temporary Access Pass")
    assert shown not in page.content()

    page.get_by_role("link", name="Remove From the counter").click()
    problems += seen(page, "remove")
    page.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_role("main")).to_contain_text("Contoso has no passkey for them.")
    assert tenant.control.passkeys(user["id"]) == []

    tenant.control.remove_user(user["id"])
    page = ada.go(f"/admin/directories/{directory.uuid}/people/methods?identity={user['id']}")
    expect(page.get_by_role("main")).to_contain_text("The record is gone there")
    problems += seen(page, "gone")
    assert not problems, "\n".join(problems)


def test_ending_a_lost_key_offers_to_sign_its_owner_out_there(stocked, visit, site, tenant, world):
    key, _, user, kim = stocked
    lost = scene.passkey(site, kim, world.key())
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    page = ada.go(f"/admin/passkeys/{lost.uuid}/end")
    also = page.get_by_label("Also sign them out of Contoso")
    expect(also).not_to_be_checked()
    problems = seen(page, "end-passkey")
    also.check()
    page.get_by_role("button", name="End this passkey").click()
    expect(page.get_by_text("Sign-ins at Contoso are ended.")).to_be_visible()
    assert "signInSessionsValidFromDateTime" in tenant.control.user(user["id"])
    assert not problems, "\n".join(problems)


def seen(page, name: str) -> list[str]:
    """What is wrong with the page, in any of its looks; and a picture, where one is asked for."""
    found = looks.problems(page)
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path=str(Path(folder) / f"{name}-phone.png"), full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})
    return found
