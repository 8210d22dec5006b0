"""Browsing the people of Entra ID, PingOne and Ory, and linking them to people here."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from emulators.entra.running import running as run_entra
from emulators.pingone.running import running as run_pingone
from models import Identity, Placement, PlacementState
from services import people
from tests.browser import scene, vendors

PEOPLE = 240
"""More than any page holds."""


@pytest.fixture
def tenant():
    with run_entra(people=PEOPLE) as started:
        yield started


@pytest.fixture
def ping():
    with run_pingone(people=PEOPLE) as started:
        yield started


@pytest.fixture
def ada(site, visit, key):
    """An administrator, signed in."""
    scene.administrator(site, key)
    visitor = visit(key)
    scene.sign_in(visitor)
    return visitor


def open_people(visitor, directory, query: str = "") -> Page:
    """From the directory's own page to its people."""
    page = visitor.go(f"/admin/directories/{directory.uuid}")
    page.get_by_role("main").get_by_role("button", name="People", exact=True).click()
    if query:
        search(page, query)
    return page


def search(page, query: str) -> None:
    page.get_by_role("searchbox").fill(query)
    page.get_by_role("button", name="Search", exact=True).click()


def row(page, text: str):
    return page.get_by_role("row").filter(has_text=text)


def choose_action(page, text: str, action: str) -> None:
    """Open a row's menu and choose from it."""
    line = row(page, text)
    line.locator("summary").click()
    line.get_by_role("link", name=action).click()


def names_on(page) -> list[str]:
    """The names in a page's table, once the page has come."""
    page.wait_for_load_state()
    return page.locator("main tbody th").evaluate_all(
        "cells => cells.map(cell => cell.firstChild.textContent.trim())"
    )


def links(site) -> dict[str, str]:
    """The linked person's name by the id of the record."""
    with site.portal.database.read() as session:
        return {one.remote_id: one.person.display_name for one in session.scalars(select(Identity))}


def members(tenant, name: str) -> set[str]:
    ids = {one["id"] for one in tenant.control.group(name)["members"] if one["type"] == "user"}
    return {one["displayName"] for one in tenant.control.users() if one["id"] in ids}


def test_the_people_of_entra_are_leafed_through_searched_and_narrowed(site, ada, tenant):
    directory = vendors.entra(site, tenant)
    page = open_people(ada, directory)
    seen = names_on(page)
    for _ in range(2):
        page.get_by_role("link", name="Next").click()
        seen += names_on(page)
    assert len(seen) == len(set(seen)) == 75
    assert "skiptoken" not in page.url
    page.get_by_role("link", name="First page").click()
    assert names_on(page) == seen[:25]

    user = next(one for one in tenant.control.users() if not one["accountEnabled"])
    search(page, user["displayName"])
    expect(row(page, user["userPrincipalName"])).to_contain_text("disabled")

    page.get_by_role("link", name="Members of a group").click()
    search(page, "Key pilots abroad")
    page.get_by_role("link", name="Key pilots abroad").click()
    expect(page.get_by_role("link", name="In Key pilots abroad")).to_be_visible()
    assert set(names_on(page)) == members(tenant, "Key pilots abroad")

    page.get_by_role("link", name="Assigned to the application").click()
    assigned = set(names_on(page))
    while (following := page.get_by_role("link", name="Next")).count():
        following.first.click()
        assigned |= set(names_on(page))
    assert members(tenant, "Key pilots") <= assigned
    assert len(assigned) < PEOPLE


def test_passkeys_there_are_counted_after_the_page_has_come(site, ada, tenant):
    user = tenant.control.users()[0]
    before = len(tenant.control.passkeys(user["id"]))
    tenant.control.add_passkey(user["id"], credential_id=b"new")
    directory = vendors.entra(site, tenant)
    tenant.control.hold(path=r"\$batch")
    page = open_people(ada, directory)
    line = row(page, user["userPrincipalName"])
    expect(line).to_contain_text("counting")
    tenant.control.release()
    expect(line.locator("[data-count]")).to_have_text(str(before + 1))
    tenant.control.fail(path=r"\$batch", status=503, times=9)
    page.reload()
    expect(line.locator("[data-count]")).to_have_text("cannot be told")


def test_a_record_of_entra_is_linked_to_a_person_and_unlinked_again(site, ada, tenant):
    user = tenant.control.users()[3]
    scene.person(site)
    directory = vendors.entra(site, tenant)
    page = open_people(ada, directory, user["userPrincipalName"])
    choose_action(page, user["userPrincipalName"], "Link to a person here")
    expect(page.get_by_role("main")).to_contain_text("Nobody here has the address")
    search(page, "hopper")
    page.get_by_role("button", name="Choose").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Link to Grace Hopper")
    assert links(site) == {}
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("is linked to Grace Hopper")
    expect(page.get_by_role("searchbox")).to_have_value(user["userPrincipalName"])
    assert links(site) == {user["id"]: "Grace Hopper"}

    row(page, user["userPrincipalName"]).get_by_role("link", name="Grace Hopper").click()
    expect(page.get_by_role("main")).to_contain_text(user["id"])
    page.get_by_role("link", name="Unlink from Contoso").click()
    expect(page.get_by_role("main")).to_contain_text("nothing is removed")
    page.get_by_role("button", name="Unlink").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Grace Hopper")
    assert links(site) == {}


def test_a_record_is_found_from_the_persons_own_page(site, ada, ping):
    grace = scene.person(site)
    vendors.pingone(site, ping)
    page = ada.go(f"/admin/people/{grace.uuid}")
    page.get_by_role("link", name="Link a record of Ping of the house").click()
    expect(page.get_by_role("main")).to_contain_text("Nobody found")
    search(page, "grace.byron")
    page.get_by_role("button", name="Choose").first.click()
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Grace Hopper")
    expect(page.get_by_role("link", name="Unlink from Ping of the house")).to_be_visible()
    assert list(links(site).values()) == ["Grace Hopper"]


def test_somebody_whom_pingone_knows_is_invited(site, ada, ping):
    directory = vendors.pingone(site, ping)
    page = open_people(ada, directory, "grace.byron")
    choose_action(page, "grace.byron", "Invite")
    expect(page.get_by_label("Given name")).to_have_value("Grace")
    page.get_by_label("Display name").fill("Grace A. Byron")
    page.get_by_role("button", name="Invite and make a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Grace A. Byron")
    assert re.search(r"/links/[\w-]+", page.get_by_role("main").inner_text())
    assert list(links(site).values()) == ["Grace A. Byron"]

    page = open_people(ada, directory, "grace.byron")
    expect(row(page, "grace.byron")).to_contain_text("Grace A. Byron")


def test_an_address_that_is_taken_leads_to_linking_its_person(site, ada, tenant):
    user = tenant.control.users()[5]
    scene.person(site, vendors.names_of(user))
    directory = vendors.entra(site, tenant)
    page = open_people(ada, directory, user["userPrincipalName"])
    choose_action(page, user["userPrincipalName"], "Invite")
    page.get_by_role("button", name=f"Link to {user['displayName']}").click()
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("is linked to")
    assert links(site) == {user["id"]: user["displayName"]}


def test_a_group_is_linked_after_a_look_and_conflicts_stay_as_they_are(site, ada, tenant):
    directory = vendors.entra(site, tenant)
    members = tenant.control.group("Key pilots abroad")["members"]
    good, off, taken = (tenant.control.user(one["id"]) for one in members[:3])
    tenant.control.change_user(off["id"], accountEnabled=False)
    for user in (good, off, taken):
        scene.person(site, vendors.names_of(user))
    other = tenant.control.users()[9]
    with site.portal.database.write() as session:
        person = people.by_email(session, taken["mail"])
        session.add(
            Identity(
                directory_id=directory.id,
                person_id=person.id,
                remote_id=other["id"],
                linked_at=site.portal.now(),
            )
        )
    page = open_people(ada, directory)
    page.get_by_role("link", name="Members of a group").click()
    page.get_by_role("link", name="Key pilots abroad").click()
    page.get_by_role("button", name="Link several").click()
    expect(row(page, good["mail"]).get_by_role("checkbox")).to_be_checked()
    expect(row(page, off["mail"]).get_by_role("checkbox")).not_to_be_checked()
    expect(row(page, off["mail"])).to_contain_text("disabled there")
    expect(row(page, taken["mail"]).get_by_role("checkbox")).to_have_count(0)
    expect(row(page, taken["mail"])).to_contain_text("linked to another record")
    page.get_by_role("button", name="Link the chosen").click()
    expect(page.get_by_role("status").first).to_contain_text("1 person is linked")
    assert links(site) == {good["id"]: good["displayName"], other["id"]: taken["displayName"]}

    row(page, off["mail"]).get_by_role("checkbox").check()
    tenant.control.change_user(off["id"], mail="else@birchwood.example", userPrincipalName="x@y.z")
    page.get_by_role("button", name="Link the chosen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not everybody is linked")
    expect(page.get_by_role("main")).to_contain_text("any more")
    assert len(links(site)) == 2


def test_a_directory_that_is_down_or_busy_says_so_and_nothing_is_lost(site, ada, tenant):
    directory = vendors.entra(site, tenant)
    page = open_people(ada, directory)
    tenant.control.fail(status=503, path="/users$", times=9)
    search(page, "ann")
    expect(page.get_by_text("Contoso did not answer this")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("ann")
    tenant.control.clear_faults()
    tenant.control.limit(0, seconds=7)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("main")).to_contain_text("Wait 7 seconds")
    expect(page.get_by_text("Request id")).to_be_visible()
    tenant.control.clear_faults()
    page.get_by_role("button", name="Try again").click()
    assert names_on(page)


def test_a_passkey_goes_into_the_record_that_was_linked(site, ada, world):
    grace = scene.person(site)
    scene.passkey(site, grace, world.key())
    directory = scene.ory(site)
    (record, *_) = site.ory.control.identities()
    page = open_people(ada, directory, record["traits"]["email"])
    choose_action(page, record["traits"]["email"], "Link to a person here")
    search(page, "grace")
    page.get_by_role("button", name="Choose").click()
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("1 passkey is on the way")
    for _ in range(150):
        if _placed(site):
            break
        page.wait_for_timeout(100)
    (stored,) = [one for one in site.ory.control.identities() if one["id"] == record["id"]]
    assert len(stored["credentials"]["passkey"]["config"]["credentials"]) == 1
    page.goto(f"/admin/people/{grace.uuid}")
    page.get_by_role("link", name="Unlink from Staff sign-in").click()
    expect(page.get_by_role("main")).to_contain_text("is in this record")


def test_without_script_passkeys_are_counted_on_request(site, key, visit, tenant):
    scene.administrator(site, key)
    signed_in = visit(key)
    scene.sign_in(signed_in)
    directory = vendors.entra(site, tenant)
    plain = visit(None, java_script_enabled=False)
    plain.context.add_cookies(signed_in.context.cookies())
    page = plain.go(f"/admin/directories/{directory.uuid}/people")
    expect(page.get_by_text("counting").first).to_be_hidden()
    page.get_by_role("link", name="Count the passkeys there").click()
    user = tenant.control.users()[0]
    there = len(tenant.control.passkeys(user["id"]))
    expect(row(page, user["userPrincipalName"]).locator("td.number").last).to_have_text(str(there))


def _placed(site) -> bool:
    with site.portal.database.read() as session:
        return (
            session.scalar(select(Placement.id).where(Placement.actual == PlacementState.PRESENT))
            is not None
        )
