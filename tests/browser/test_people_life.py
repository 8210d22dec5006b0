"""A person's life in a browser: edited, suspended, let in, ended, brought back; each page clean."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser import looks, scene
from tests.browser.conftest import PATIENCE_MS


def test_somebody_is_edited_suspended_ended_and_brought_back(site, key, visit, world):
    scene.administrator(site, key)
    scene.ory(site)
    grace = scene.person(site)
    scene.passkey(site, grace, world.key())
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    problems: list[str] = []

    def clean(page) -> None:
        problems.extend(looks.problems(page))

    page = ada.go(f"/admin/people/{grace.uuid}/edit")
    clean(page)
    page.get_by_label("E-mail").fill("hopper@example.com")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Grace Hopper is saved")).to_be_visible()
    page.get_by_text("Suspend", exact=True).click()
    clean(page)
    page.get_by_role("button", name="Suspend Grace Hopper").click()
    expect(page.get_by_text("Grace Hopper is suspended").first).to_be_visible()
    clean(page)
    clean(ada.go("/admin/people?show=suspended"))
    page = ada.go(f"/admin/people/{grace.uuid}")
    page.get_by_role("button", name="Let them back in").click()
    expect(page.get_by_text("Grace Hopper may come in again")).to_be_visible()
    page.get_by_role("button", name="End their record").click()
    clean(page)
    page.get_by_role("button", name="End the record").click()
    expect(page.get_by_text("Grace Hopper has left").first).to_be_visible()
    clean(page)
    page.get_by_role("button", name="Bring them back").click()
    expect(page.get_by_text("Grace Hopper is back")).to_be_visible()
    assert not problems, "\n".join(problems)


def test_people_are_added_from_a_file_that_is_looked_at_first(site, key, visit, tmp_path):
    scene.administrator(site, key)
    file = tmp_path / "people.csv"
    file.write_text(
        "email,display_name\nmary@example.com,Mary Somerville\nada@example.com,Ada\n",
        encoding="utf-8-sig",
    )
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    page = ada.go("/admin/people")
    page.get_by_role("button", name="Add from a file").click()
    problems = looks.problems(page)
    page.get_by_label("CSV file").set_input_files(file)
    expect(page.get_by_label("CSV", exact=True)).to_have_value(
        re.compile("Mary Somerville"), timeout=PATIENCE_MS
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("Is here already.")).to_be_visible(timeout=PATIENCE_MS)
    problems += looks.problems(page)
    page.get_by_role("button", name="CONFIRM").click()
    expect(page.get_by_text("Added: 1. Left out: 1.")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("link", name="Mary Somerville")).to_be_visible(timeout=PATIENCE_MS)
    assert problems == []
