"""Provisioning requests in a browser: made, watched, sent, printed, downloaded, given up."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from emulators.entra.running import running as run_entra
from models import (
    EnrolmentLink,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestState,
)
from services.people_csv import BOM
from services.provisioning import rounds
from tests.browser import looks, requests, scene, vendors

PEOPLE = 40


@pytest.fixture(scope="module")
def stocked(shared_site, world):
    """An administrator, Ory and Entra ID, and a request that is on its way."""
    site, key = shared_site, world.key()
    scene.administrator(site, key)
    ory = scene.ory(site)
    with run_entra(
        people=PEOPLE, data_dir=site.portal.settings.data_dir / "emulators" / "entra"
    ) as tenant:
        entra = vendors.entra(site, tenant)
        made = requests.staged(site, ory)
        draft = requests.draft(site, ory)
        yield site, key, draft, entra, made


@pytest.fixture
def site(stocked):
    return stocked[0]


@pytest.fixture
def ada(stocked, visit):
    one = visit(stocked[1], accept_downloads=True)
    scene.sign_in(one)
    return one


def found(site, name: str) -> ProvisioningRequest:
    with site.portal.database.read() as session:
        return session.scalars(
            select(ProvisioningRequest).where(ProvisioningRequest.name == name)
        ).one()


def begin(page, name: str, *, only: str = "") -> None:
    """The first step, for one directory."""
    page.get_by_label("Name of the request").fill(name)
    for box in page.get_by_role("group", name="Places to enrol for").get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_label(only, exact=True).check()
    page.get_by_role("button", name="CONTINUE").click()


def test_every_page_of_requests_is_clean(stocked, visit):
    _, key, draft, entra, made = stocked
    one = visit(key, **looks.LOOK)
    scene.sign_in(one)
    problems = []
    for path in requests.pages(made, entra, draft):
        page = one.go(path)
        expect(page.get_by_role("main")).to_be_visible()
        problems += looks.problems(page)
    assert not problems, "\n".join(problems)


def test_a_request_is_made_from_a_group_of_entra_and_its_people_come_in(ada, site):
    page = ada.go("/admin/requests")
    page.get_by_role("button", name="NEW").click()
    begin(page, "Crew of Contoso", only="Contoso")
    page.get_by_role("link", name="People and groups of Contoso").click()
    page.get_by_role("link", name="Groups", exact=True).last.click()
    page.get_by_role("button", name=re.compile("^Add everybody in")).first.click()
    page.get_by_role("button", name="CONTINUE").click()
    expect(page.get_by_text("A managed browser, or the desk agent")).to_be_visible()
    page.get_by_role("button", name="CREATE").click()
    expect(page.get_by_text("Its people are taken in now")).to_be_visible()
    rounds.work(site.portal, worker="test")
    page.reload()
    rows = page.get_by_role("region", name="People of the request").locator("tbody tr")
    expect(rows.first).to_be_visible()
    expect(rows.first).to_contain_text("pending")
    request = found(site, "Crew of Contoso")
    assert request.gathered_at is not None
    assert request.people_count == rows.count()


def test_a_file_is_looked_at_sent_links_reminded_and_cancelled(ada, site):
    page = ada.go("/admin/requests/new")
    begin(page, "From a file", only="Staff sign-in")
    page.get_by_role("link", name="Upload or paste CSV").click()
    page.get_by_label("CSV", exact=True).fill(
        "email,given_name,family_name\nmary.ward@example.com,Mary,Ward\nnonsense,Nobody,Here\n"
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("The e-mail address is missing, or is none.")).to_be_visible()
    page.get_by_role("button", name="CONFIRM").click()
    page.get_by_role("button", name="CONTINUE").click()
    page.get_by_role("button", name="CREATE").click()
    rounds.work(site.portal, worker="test")
    page.reload()
    page.get_by_role("button", name="Provision now").click()
    expect(page.get_by_text("on their way by mail")).to_be_visible()
    expect(page.locator("[data-poll]").get_by_text("pending")).to_be_visible()
    page.get_by_role("button", name="Remind who is not done").click()
    expect(page.get_by_text("Nobody is to be reminded now")).to_be_visible()

    row = page.get_by_role("row", name=re.compile("Mary Ward"))
    row.locator("summary").click()
    row.get_by_role("button", name=re.compile("^Show")).click()
    expect(page.get_by_role("img", name="QR code of the enrolment link above")).to_be_visible()

    with page.expect_download() as begun:
        page.get_by_role("button", name="Download").click()
    text = begun.value.path().read_text("utf-8").removeprefix(BOM)
    assert [one["email"] for one in csv.DictReader(io.StringIO(text))] == [
        "mary.ward@example.com",
        "nonsense",
    ]
    assert "/links/" not in text

    page.get_by_text("Cancel the request").first.click()
    page.locator("details.confirm[open]").get_by_role(
        "button", name="Cancel the request"
    ).last.click()
    expect(page.get_by_text("The request is cancelled.")).to_be_visible()
    with site.portal.database.read() as session:
        alive = session.scalars(
            select(EnrolmentLink)
            .join(RequestPerson, EnrolmentLink.request_person_id == RequestPerson.id)
            .join(ProvisioningRequest, RequestPerson.request_id == ProvisioningRequest.id)
            .where(ProvisioningRequest.name == "From a file", EnrolmentLink.revoked_at.is_(None))
        ).all()
    assert alive == []


def test_letters_are_printed_one_on_a_sheet_and_open_the_enrolment(ada, stocked, site, visit):
    made = stocked[4]
    page = ada.go(f"/admin/requests/{made.uuid}/letters")
    page.get_by_role("button", name="Make the letters").click()
    letters = page.locator("article.letter")
    expect(letters.first).to_be_visible()
    assert letters.count() >= 2
    address = letters.first.locator("code").inner_text()
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Administration")).to_be_hidden()
    expect(letters.first).to_be_visible()
    assert letters.first.evaluate("one => getComputedStyle(one).breakAfter") == "page"

    somebody = visit()
    somebody.go(address.removeprefix(site.url))
    somebody.page.get_by_role("button", name="Begin").click()
    expect(somebody.page).to_have_url(re.compile("/enrol"))
    with site.portal.database.read() as session:
        states = session.scalars(
            select(RequestPerson.state).where(RequestPerson.request_id == made.id)
        ).all()
    assert RequestState.STARTED in states


def test_somebody_who_enrols_by_their_letter_is_completed_when_ory_has_the_key(
    ada, stocked, site, visit, world
):
    made = stocked[4]
    page = ada.go(f"/admin/requests/{made.uuid}/letters")
    for box in page.get_by_role("checkbox").all()[1:]:
        box.uncheck()
    page.get_by_role("button", name="Make the letters").click()
    address = page.locator("article.letter code").inner_text()
    name = page.locator("article.letter p").nth(1).inner_text()
    radia = visit(world.key())
    scene.enrol(radia, address.removeprefix(site.url))
    radia.page.wait_for_url("**/enrol/done")
    page = ada.go(f"/admin/requests/{made.uuid}?state=completed")
    expect(page.get_by_role("progressbar", name="Completed")).to_be_visible()
    with site.portal.database.read() as session:
        person = session.scalars(
            select(Person).where(Person.display_name == name[len("Hello ") : -1])
        ).one()

    def settled() -> bool:
        with site.portal.database.read() as session:
            place = session.scalars(
                select(RequestPerson).where(
                    RequestPerson.request_id == made.id, RequestPerson.person_id == person.id
                )
            ).one()
            return place.state is RequestState.COMPLETED

    for _ in range(60):
        if settled():
            break
        page.wait_for_timeout(250)
    assert settled()
    page.reload()
    expect(page.get_by_role("row", name=re.compile(person.display_name))).to_be_visible()
