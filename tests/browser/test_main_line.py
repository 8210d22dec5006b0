"""The main job, from an empty portal to a sign-in at Ory, as people do it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser import scene


def test_from_set_up_to_a_sign_in_at_ory(site, visit, world):
    ada = visit(world.key())

    # Ada sets the portal up, and her key makes her its administrator.
    page = ada.go(scene.setup_link(site))
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Given name").fill("Ada")
    page.get_by_label("Family name").fill("Lovelace")
    page.get_by_label("Display name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Any FIDO2 authenticator").check()  # she changes her mind
    page.get_by_label("HID Crescendo only").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Enrol a key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    scene.sign_in(ada)

    # She connects Ory, in HID's order and words.
    page = ada.go("/admin/directories")
    page.get_by_role("button", name="NEW").click()
    page.get_by_label("Ory", exact=True).check()
    page.get_by_role("button", name="CONTINUE").click()
    page.get_by_label("Configuration name").fill("Staff sign-in")
    page.get_by_label("API endpoint").fill(site.ory.url)
    page.get_by_label("API key").fill(site.ory.api_key)
    page.get_by_role("button", name="CONNECT").click()
    page.get_by_label(re.compile(r"\(default\)|^default")).check()
    page.get_by_role("button", name="CONTINUE").click()
    page.get_by_role("button", name="ADD").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff sign-in")
    expect(page.get_by_text("Passkeys made here will sign in there")).to_be_visible()
    assert site.ory.api_key not in page.content()

    # Her own passkey exists already: she is offered to deliver it.
    page.get_by_role("button", name="Deliver").click()
    expect(page.get_by_role("main")).to_contain_text("1")

    # She invites Grace.
    page = ada.go("/admin/people/new")
    page.get_by_label("Given name").fill("Grace")
    page.get_by_label("Family name").fill("Hopper")
    page.get_by_label("Display name").fill("Grace Hopper")
    page.get_by_label("E-mail").fill("grace@example.com")
    page.get_by_role("button", name="Add the person").click()
    page.get_by_role("button", name="Make enrolment link").click()
    link = re.search(r"/links/[\w-]+", page.get_by_role("main").inner_text()).group()
    page.reload()
    assert link not in page.content(), "a link is shown once"

    # Grace enrols her key in a browser of her own, and sees it arrive without a reload.
    grace = visit(world.key())
    page = scene.enrol(grace, link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your key is enrolled")
    expect(page.get_by_text("Staff sign-in", exact=True)).to_be_visible()
    expect(page.get_by_text("ready", exact=True)).to_be_visible()
    (identity,) = [
        one
        for one in site.ory.control.identities()
        if one["traits"]["email"] == "grace@example.com"
    ]
    assert identity["credentials"]["passkey"]["identifiers"]

    # She signs in here with it, and proves that it signs in at Ory.
    page = scene.sign_in(grace)
    page.get_by_role("main").get_by_role("link").filter(has_text="HID Crescendo").first.click()
    page.get_by_role("link", name=re.compile("Prove it")).click()
    page.get_by_role("button", name="Sign in to Staff sign-in").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("signed in to Staff sign-in")
    expect(main).to_contain_text(identity["id"])
    expect(main).to_contain_text("aal1")
    expect(main).to_contain_text("passkey")
    expect(main).to_contain_text("signed out there again")


def test_the_emulated_ory_is_connected_with_one_click(site, visit, key):
    scene.administrator(site, key)
    ada = visit(key)
    scene.sign_in(ada)
    page = ada.go("/admin/directories/new/ory")
    page.get_by_label("Configuration name").fill("Emulated")
    page.get_by_role("button", name="Use the emulated Ory").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose the identity schema")
    assert site.ory.api_key not in page.content()
