"""The pages of a request that is made, up to the file that comes of it."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

from sqlalchemy import select

from models import (
    AuditEvent,
    EnrolmentLink,
    Mail,
    Person,
    RequestState,
)
from services import mails
from services.people_csv import BOM
from tests.blueprints.admin.requests.conftest import REQUESTS, rows
from tests.blueprints.admin.test_delete import touch
from tests.blueprints.conftest import said
from tests.records import Records


def test_links_are_mailed_reminded_of_made_anew_and_shown_once(
    administrator, made, places, portal, work, clock
):
    order = made()
    assert administrator.send(f"{order}/provision").location == order
    assert "on their way by mail" in said(administrator.get(order))
    administrator.send(f"{order}/provision")
    assert "That was said before" in said(administrator.get(order))
    work()
    mails.work(portal, worker="test")
    assert len(rows(portal, Mail)) == 2
    administrator.send(f"{order}/remind")
    assert "Nobody is to be reminded now" in said(administrator.get(order))
    bob = f"{order}/people/{places()['Bob'].uuid}"
    administrator.send(f"{bob}/send", {"again": "1"})
    assert "within a day" in said(administrator.get(order))
    administrator.send(f"{bob}/send", {"state": "pending"})
    page = administrator.send(f"{bob}/link")
    assert page.location == f"{order}#new-link"
    page = administrator.get(order)
    assert "/links/" in said(page) and "data:image/svg+xml" in page.text
    assert "/links/" not in said(administrator.get(order))
    alive = [
        one for one in rows(portal, EnrolmentLink) if one.request_person_id and not one.revoked_at
    ]
    assert len(alive) == 2
    clock.forward(hours=7)
    administrator.sign_in()
    clock.forward(days=1)
    administrator.sign_in()
    administrator.get(order)
    administrator.send(f"{order}/remind")
    assert "Reminded by mail: 2." in said(administrator.get(order))


def test_one_person_and_then_all_are_cancelled(administrator, made, places):
    order = made()
    bob = f"{order}/people/{places()['Bob'].uuid}"
    assert administrator.send(f"{bob}/cancel", {"state": "pending"}).location.endswith(
        "?state=pending"
    )
    assert places()["Bob"].state is RequestState.CANCELLED
    administrator.send(f"{bob}/cancel")
    assert "nothing to cancel" in said(administrator.get(order))
    administrator.send(f"{order}/cancel")
    page = said(administrator.get(order))
    assert "People who were given up: 1." in page and "Provision now" not in page
    administrator.send(f"{order}/provision")
    assert "nothing is sent" in said(administrator.get(order))


def test_whoever_could_not_be_taken_in_is_tried_again(
    administrator, begin, entra, fake, people, work, places, portal, clock
):
    order = begin(directories=str(entra.uuid))
    administrator.send(f"{order}/people/here", {"person": str(people["bob"].uuid)})
    administrator.send(f"{order}/review")
    work()
    assert "linked to no record of Staff" in said(administrator.get(order))
    bob = f"{order}/people/{places()['Bob'].uuid}"
    administrator.send(f"{bob}/retry")
    assert "still does" in said(administrator.get(order))
    with portal.database.write() as session:
        person = session.get_one(Person, people["bob"].id)
        Records(session, clock).identity(entra, person, "r-1")
    administrator.send(f"{bob}/retry")
    assert "They are in the request now." in said(administrator.get(order))
    assert places()["Bob"].state is RequestState.PENDING


def test_the_name_and_the_last_day_of_a_request_that_is_made_can_be_changed(
    administrator, made, portal, clock
):
    order = made()
    last = (clock() + timedelta(days=30)).date()
    day = str(last)
    assert administrator.get(f"{order}/edit").status_code == 200
    answer = administrator.send(f"{order}/edit", {"name": "Later", "last_day": day})
    assert answer.location == order
    page = said(administrator.get(order))
    assert "Later" in page and f"until {last.day} {last:%B %Y}" in page
    wrong = {"name": "Later", "last_day": "2001-01-01"}
    assert administrator.send(f"{order}/edit", wrong).status_code == 422
    administrator.send(f"{order}/cancel")
    answer = administrator.send(f"{order}/edit", {"name": "Too late", "last_day": day})
    assert "it stays as it is" in said(answer)


def test_letters_are_made_once_with_a_code_each_and_kill_other_links(
    administrator, made, places, portal
):
    order = made()
    page = administrator.get(f"{order}/letters")
    assert "shown only this once" in said(page) and "cy@example.com" in said(page)
    chosen = str(places()["Bob"].uuid)
    page = administrator.send(f"{order}/letters", {"place": [chosen, "nonsense"]})
    assert page.status_code == 200
    assert page.text.count('class="letter"') == 1
    assert "Hello Bob Example," in said(page) and "Hello Cy" not in said(page)
    assert page.headers["Cache-Control"] == "no-store"
    first = re.search(r"/links/([\w-]+)", page.text).group(1)
    again = administrator.send(f"{order}/letters", {"place": chosen})
    assert first not in again.text
    assert [one.revoked_at is None for one in rows(portal, EnrolmentLink)][-2:] == [False, True]
    assert administrator.send(f"{order}/letters", {}).location == f"{order}/letters"
    tags = [one.tag for one in rows(portal, AuditEvent)]
    assert tags.count("request.letters_made") == 2


def test_the_result_is_downloaded_without_secrets_and_safe_for_spreadsheets(
    administrator, made, portal, work
):
    with portal.database.write() as session:
        cy = session.scalars(select(Person).where(Person.given_name == "Cy")).one()
        cy.display_name = "=1+1"
    order = made()
    administrator.send(f"{order}/letters", {"place": []})
    answer = administrator.get(f"{order}/download")
    assert answer.mimetype == "text/csv"
    found = list(csv.DictReader(io.StringIO(answer.text.removeprefix(BOM))))
    assert [one["email"] for one in found] == ["bob@example.com", "cy@example.com"]
    assert found[1]["person"] == "'=1+1"
    assert {one["state"] for one in found} == {"pending"}
    assert administrator.get(f"{order}/download?state=completed").text.count("\n") == 1
    assert rows(portal, AuditEvent)[-1].tag == "request.downloaded"


def test_a_request_is_deleted_with_words_and_a_touch_and_the_trail_keeps_it(
    administrator, made, portal
):
    order = made()
    address = order.rpartition("/")[2]
    page = administrator.get(f"{order}/delete")
    assert "2 people are given up" in said(page)
    assert administrator.send(f"{order}/delete", {"confirmation": "yes"}).status_code == 422
    fields = {"confirmation": "permanently delete"}
    assert administrator.send(f"{order}/delete", fields).status_code >= 400
    fields |= touch(administrator, f"request:{address}")
    assert administrator.send(f"{order}/delete", fields).location == REQUESTS
    assert administrator.send(f"{order}/delete", fields).location == REQUESTS
    assert administrator.get(order).status_code == 404
    assert "There is no request yet" in said(administrator.get(REQUESTS))
    assert rows(portal, AuditEvent)[-1].tag == "request.deleted"


def test_a_directory_that_a_request_waits_for_is_not_deleted(
    administrator, begin, entra, fake, people, portal, clock, work
):
    with portal.database.write() as session:
        Records(session, clock).identity(entra, session.get_one(Person, people["bob"].id), "r-1")
    order = begin(directories=str(entra.uuid))
    administrator.send(f"{order}/people/here", {"person": str(people["bob"].uuid)})
    administrator.send(f"{order}/review")
    work()
    page = said(administrator.get(f"/admin/directories/{entra.uuid}/delete"))
    assert "“New keys”. Finish or cancel first." in page
    administrator.send(f"{order}/cancel")
    page = said(administrator.get(f"/admin/directories/{entra.uuid}/delete"))
    assert "Finish or cancel first." not in page


def test_a_draft_is_there_only_for_whoever_began_it(administrator, portal, clock):
    with portal.database.write() as session:
        held = Records(session, clock)
        other = held.person("other")
        draft = held.request(other, state=RequestState.DRAFT, name="Somebody’s draft")
    for page in ("", "/people", "/edit", "/review"):
        assert administrator.get(f"{REQUESTS}/{draft.uuid}{page}").status_code == 404
    assert "Somebody’s draft" not in said(administrator.get(REQUESTS))


def test_the_list_and_the_people_are_narrowed_by_the_address(administrator, made, places):
    order = made()
    assert "New keys" in said(administrator.get(f"{REQUESTS}?state=pending"))
    assert "No request found" in said(administrator.get(f"{REQUESTS}?state=expired"))
    assert "New keys" in said(administrator.get(f"{REQUESTS}?q=keys&state=nonsense"))
    page = said(administrator.get(f"{order}?q=bob&state=pending"))
    assert "bob@example.com" in page and "cy@example.com" not in page
    assert "Nobody found" in said(administrator.get(f"{order}?state=completed"))
    assert "Nobody found" in said(administrator.get(f"{order}?q=zebra"))


def test_the_progress_renews_itself_until_everybody_is_settled(administrator, made):
    order = made()
    assert "data-done" not in administrator.get(f"{order}/progress").text
    administrator.send(f"{order}/cancel")
    assert "data-done" in administrator.get(f"{order}/progress").text


def test_the_overview_names_open_requests_until_they_are_done(administrator, made):
    order = made()
    page = said(administrator.get("/admin/"))
    assert "New keys" in page and "0 of 2 completed" in page
    administrator.send(f"{order}/cancel")
    assert "New keys" not in said(administrator.get("/admin/"))
