"""The pages that a provisioning request is put together on."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from models import (
    Mail,
    Person,
    ProvisioningRequest,
    RequestSource,
    RequestState,
)
from services.role_changes import grant
from services.roles import USER_ADMINISTRATOR
from tests.blueprints.admin.requests.conftest import CREW, DOWN, NOBODYS, REQUESTS, rows
from tests.blueprints.conftest import said
from tests.records import Records


def test_a_request_is_put_together_looked_at_and_made(
    administrator, begin, people, work, places, portal
):
    assert "There is no request yet" in said(administrator.get(REQUESTS))
    order = begin()
    page = administrator.get(f"{order}/people?q=example.com")
    assert "bob@example.com" in said(page) and "Nobody yet." in said(page)
    chosen = [str(people["bob"].uuid), str(people["bob"].uuid), "nonsense", str(NOBODYS)]
    assert administrator.send(f"{order}/people/here", {"person": chosen}).status_code == 303
    assert "Bob Example Person here" in said(administrator.get(f"{order}/people"))
    page = administrator.get(f"{order}/review")
    assert "touches a key once" in said(page)
    assert "By each person’s own policy" in said(page)
    assert rows(portal, Mail) == []
    assert administrator.send(f"{order}/review").location == order
    work()
    assert places()["Bob"].state is RequestState.PENDING
    page = said(administrator.get(order))
    assert "Bob Example" in page and "pending" in page and "Provision now" in page
    assert "New keys" in said(administrator.get(REQUESTS))
    assert administrator.get(f"{order}/review").status_code == 404


def test_what_was_chosen_can_be_taken_back_and_a_draft_be_changed_and_discarded(
    administrator, begin, people, portal
):
    order = begin()
    administrator.send(f"{order}/people/here", {"person": str(people["bob"].uuid)})
    (source,) = rows(portal, RequestSource)
    administrator.send(f"{order}/people/remove/{source.uuid}")
    assert "Nobody yet." in said(administrator.get(f"{order}/people"))
    assert administrator.send(f"{order}/review").location == f"{order}/people"
    assert "nobody is in it yet" in said(administrator.get(f"{order}/people"))
    page = administrator.get(f"{order}/edit")
    assert 'value="New keys"' in page.text
    fields = {"name": "Other", "driver": "desk", "policy": "any", "last_day": "2999-01-01"}
    assert administrator.send(f"{order}/edit", fields).status_code == 422
    day = re.search(r'name="last_day"[^>]*value="([^"]+)"', page.text).group(1)
    assert administrator.send(f"{order}/edit", fields | {"last_day": day}).status_code == 303
    (row,) = rows(portal, ProvisioningRequest)
    assert (row.name, row.driver.value, row.policy["demand_attestation"]) == (
        "Other",
        "desk",
        False,
    )
    assert "Any FIDO2 authenticator" in said(administrator.get(f"{order}/review"))
    assert administrator.send(f"{order}/discard").location == REQUESTS
    assert administrator.get(f"{order}/people").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 129},
        {"last_day": "soon"},
        {"last_day": "2001-01-01"},
        {"last_day": "2999-01-01"},
        {"driver": "nobody"},
        {"policy": "none"},
        {"directories": str(NOBODYS)},
    ],
)
def test_what_cannot_be_is_told_at_its_field(administrator, clock, changes):
    administrator.get(f"{REQUESTS}/new")
    day = str((clock() + timedelta(days=7)).date())
    fields = {"name": "Keys", "driver": "link", "policy": "own", "last_day": day, **changes}
    answer = administrator.send(f"{REQUESTS}/new", fields)
    assert answer.status_code == 422
    assert "There is a problem" in said(answer)


def test_whoever_may_not_decide_about_policies_is_offered_none_and_chooses_none(
    administrator, portal, clock
):
    with portal.database.write() as session:
        ada = session.scalars(select(Person).where(Person.given_name == "Ada")).one()
        other = Records(session, clock).person("boss", roles=[])
        for one in ("administrator",):
            grant(session, other, one, actor=None, now=clock())
        for held in list(ada.roles):
            ada.roles.remove(held)
            session.delete(held)
        session.flush()
        grant(session, ada, USER_ADMINISTRATOR, actor=None, now=clock())
    page = administrator.get(f"{REQUESTS}/new")
    assert "Each key is judged by its person’s own policy." in said(page)
    day = str((clock() + timedelta(days=7)).date())
    fields = {"name": "Keys", "driver": "link", "policy": "any", "last_day": day}
    assert administrator.send(f"{REQUESTS}/new", fields).status_code == 422
    assert rows(portal, ProvisioningRequest) == []


def sealed(page, name: str, field: str) -> str:
    """What a directory's page offers by this name."""
    row = next(one for one in re.split(r"<tr>|class=\"choice\"", page.text) if name in one)
    found = re.search(rf'name="{field}" value="([^"]+)"', row)
    return unescape(found.group(1))


def test_a_group_and_a_person_of_a_directory_are_taken_added_and_linked(
    administrator, begin, entra, fake, work, places, portal, clock
):
    crew = [fake.add(f"crew{number}@example.com", name=f"Crew {number}") for number in (1, 2)]
    alone = fake.add("alone@example.com", name="Alone There")
    fake.members[CREW] = {one.remote_id for one in crew}
    order = begin(directories=str(entra.uuid))
    there = f"{order}/people/{entra.uuid}"
    page = administrator.get(f"{there}?view=groups")
    administrator.send(there, {"group": sealed(page, "Crew", "group")})
    page = administrator.get(there, query_string={"q": "alone"})
    administrator.send(there, {"record": sealed(page, "Alone There", "record")})
    assert "Group of Staff" in said(administrator.get(f"{order}/people"))
    assert "foreign ceremony" in said(administrator.get(f"{order}/review"))
    administrator.send(f"{order}/review")
    work()
    people = {one.person.email for one in places().values()}
    assert people == {"crew1@example.com", "crew2@example.com", "alone@example.com"}
    assert alone.remote_id in {one.remote_id for one in places().values()}
    assert all(one.state is RequestState.PENDING for one in places().values())


def test_a_directory_that_does_not_answer_says_so(administrator, begin, entra, fake):
    order = begin()
    fake.before["people"].append(DOWN)
    page = administrator.get(f"{order}/people/{entra.uuid}")
    assert page.status_code == 502
    assert "upstream gone" in said(page)


def test_a_file_is_looked_at_row_by_row_before_its_people_are_taken(
    administrator, begin, people, work, places, portal
):
    order = begin()
    text = "email,display_name\nbob@example.com,\nnew@example.com,New One\nnonsense,Who\n"
    page = administrator.send(f"{order}/people/file", {"text": text})
    assert "To be taken: 2 , of whom 1 is not here yet" in said(page)
    assert "Rows with a problem: 1" in said(page)
    assert rows(portal, RequestSource) == []
    administrator.send(f"{order}/people/file", {"text": text, "take": "1"})
    administrator.send(f"{order}/review")
    work()
    assert {name: one.state.value for name, one in places().items()} == {
        "Bob": "pending",
        "new@example.com": "pending",
        "nonsense": "failed",
    }
    assert administrator.send(f"{order}/people/file", {"text": ""}).status_code == 404
