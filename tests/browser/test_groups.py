"""The pages of groups: clean in both themes and on a phone, and used from one to the next."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from emulators.entra.running import running as run_entra
from models import Group, Serves
from services import directories, groups, people, policies
from services.directories import connector
from services.groups import policies as group_policies
from services.groups import sources, step
from services.policies import POLICIES, Kind
from tests.browser import looks, scene, vendors


@pytest.fixture(scope="module")
def stocked(shared_site, world):
    """Two groups with members and policies, one of them taken from Entra ID; Ory serves one."""
    site, key = shared_site, world.key()
    made, portal = scene.administrator(site, key), site.portal
    ory = scene.ory(site)
    with portal.database.read() as session:
        ada = people.get(session, made.uuid)  # with the role that she has by now
    with run_entra(people=40, data_dir=portal.settings.data_dir / "emulators" / "entra") as tenant:
        entra = vendors.entra(site, tenant)
        there = connector(portal, entra).groups("", None).items[0]
        with portal.database.write() as session:
            desk = groups.create(
                session, name="Help desk", description="Who helps", actor=ada, now=portal.now()
            )
            crew = groups.create(session, name="Crew", actor=ada, now=portal.now())
            found = directories.by_uuid(session, ory.uuid)
            directories.serve(session, found, Serves.CHOSEN, actor=ada, now=portal.now())
            directories.choose_group(session, found, desk, actor=ada, now=portal.now())
            for group, kind in ((desk, Kind.HID_CRESCENDO), (crew, Kind.ANY)):
                group_policies.change(
                    session, group, POLICIES[kind], base=None, actor=ada, now=portal.now()
                )
        for name in ("Grace Hopper", "Joan Clarke"):
            person = scene.person(site, scene.names(name))
            with portal.database.write() as session:
                group = groups.get(session, desk.uuid)
                groups.add(session, group, person, actor=ada, now=portal.now())
        with portal.database.write() as session:
            where = directories.by_uuid(session, entra.uuid)
            taken = groups.get(session, crew.uuid)
            sources.take(session, taken, where, there, actor=ada, now=portal.now())
        step.work(portal, worker="test")
        yield site, key, desk, crew, ory, entra


@pytest.fixture
def site(stocked):
    return stocked[0]


def test_every_page_of_groups_is_clean(stocked, visit):
    _, key, desk, crew, ory, entra = stocked
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    problems = []
    for path in (
        "/admin/groups",
        f"/admin/groups/{desk.uuid}?who=ada",
        f"/admin/groups/{crew.uuid}",
        f"/admin/groups/{desk.uuid}/edit",
        f"/admin/groups/{desk.uuid}/take/{entra.uuid}",
        "/admin/policies",
        f"/admin/policies/groups/{desk.uuid}/edit",
        f"/admin/policies/groups/{desk.uuid}/take-away",
        f"/admin/directories/{ory.uuid}",
    ):
        page = ada.go(path)
        expect(page.get_by_role("main")).to_be_visible()
        problems += looks.problems(page)
    assert not problems, "\n".join(problems)


def test_a_group_is_made_filled_and_given_a_policy_by_a_touch(stocked, visit):
    site, key, *_ = stocked
    ada = visit(key)
    scene.sign_in(ada)
    page = ada.go("/admin/groups")
    page.get_by_role("button", name="NEW").click()
    page.get_by_label("Name").fill("Night shift")
    page.get_by_role("button", name="Make the group").click()
    page.get_by_label("Find people by name or e-mail").fill("grace")
    page.locator("#add").get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Add Grace Hopper").click()
    expect(page.get_by_role("link", name="Grace Hopper")).to_be_visible()

    page.get_by_role("button", name="Choose a policy").click()
    page.get_by_label("Any FIDO2 authenticator").check()
    page.get_by_role("button", name="CONTINUE").click()
    page.get_by_role("button", name="CONFIRM").click()
    page.wait_for_url("**/admin/policies")
    row = page.get_by_role("row", name=re.compile("Night shift"))
    expect(row).to_contain_text("Any FIDO2 authenticator")
    row.locator("summary").click()
    row.get_by_role("button", name="Earlier").click()
    expect(page.get_by_text("comes earlier now")).to_be_visible()

    page.get_by_role("row", name=re.compile("Night shift")).locator("summary").click()
    page.get_by_role("link", name="Take away…").click()
    page.get_by_role("button", name="CONFIRM").click()
    page.wait_for_url("**/admin/policies")
    with site.portal.database.read() as session:
        night = session.scalars(select(Group).where(Group.name == "Night shift")).one()
        assert policies.current(session, night) is None
