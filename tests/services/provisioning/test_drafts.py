"""Putting a request together, and looking through its people page by page. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from directories.base import Group as RemoteGroup
from directories.base import RemoteIdentity
from models import (
    AuditEvent,
    Directory,
    DirectoryType,
    Driver,
    Person,
    ProvisioningRequest,
    RequestDirectory,
    RequestPerson,
    RequestSource,
    RequestState,
)
from services import role_changes
from services.provisioning import changing, closing, drafts, records, sources
from services.refusal import Refusal
from services.roles import USER_ADMINISTRATOR
from tests.records import Records

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def begun(do, choices, clock, ory):
    do(
        lambda session, found: drafts.begin(
            session, choices("Keys", ory), actor=found["Uma"], now=clock()
        )
    )


def refusal(do, act) -> str:
    with pytest.raises(Refusal) as refused:
        do(act)
    return refused.value.code


def test_a_draft_is_changed_filled_emptied_and_discarded(begun, do, choices, clock, ory, rows):
    def fill(session, found):
        request, uma = found["Keys"], found["Uma"]
        assert sources.add_people(session, request, [found["Bob"]], actor=uma) == 1
        assert sources.add_people(session, request, [found["Bob"], found["Cy"]], actor=uma) == 1
        remote, group = RemoteIdentity("r-1", "x@example.com", name="X"), RemoteGroup("g-1", "Crew")
        for _ in range(2):
            sources.add_record(session, request, found["Ory"], remote, actor=uma)
            sources.add_directory_group(session, request, found["Ory"], group, actor=uma)
        changed = choices("Other", driver=Driver.DESK)
        drafts.change(session, request, changed, actor=uma, now=clock())

    do(fill)
    assert [one.name for one in rows(RequestSource)] == ["Bob Example", "Cy Example", "X", "Crew"]
    assert rows(RequestDirectory) == []
    assert rows(AuditEvent)[-1].tag != "request.created"
    do(
        lambda session, found: sources.remove(
            session, found["Other"], rows(RequestSource)[0].uuid, actor=found["Uma"]
        )
    )
    do(lambda session, found: drafts.discard(session, found["Other"], actor=found["Uma"]))
    assert rows(ProvisioningRequest) == rows(RequestSource) == []


def test_a_draft_belongs_to_whoever_began_it(begun, do, clock, choices):
    acts = (
        lambda session, found: drafts.confirm(
            session, found["Keys"], actor=found["Ada"], now=clock()
        ),
        lambda session, found: drafts.discard(session, found["Keys"], actor=found["Ada"]),
        lambda session, found: sources.add_people(
            session, found["Keys"], [found["Bob"]], actor=found["Ada"]
        ),
        lambda session, found: drafts.change(
            session, found["Keys"], choices(), actor=found["Ada"], now=clock()
        ),
    )
    assert {refusal(do, one) for one in acts} == {"request_changed"}
    assert (
        do(lambda session, found: records.get(session, found["Keys"].uuid, viewer=found["Ada"]))
        is None
    )


def test_nobody_at_all_is_no_request(begun, do, clock):
    code = refusal(
        do,
        lambda session, found: drafts.confirm(
            session, found["Keys"], actor=found["Uma"], now=clock()
        ),
    )
    assert code == "request_empty"


def test_what_changed_since_it_was_chosen_is_looked_at_when_it_is_made(begun, do, clock):
    def fill(session, found):
        sources.add_people(session, found["Keys"], [found["Bob"]], actor=found["Uma"])
        found["Ory"].ended_at = clock()

    def confirm(session, found):
        drafts.confirm(session, found["Keys"], actor=found["Uma"], now=clock())

    do(fill)
    assert refusal(do, confirm) == "request_directory_unknown"
    do(lambda session, found: setattr(found["Ory"], "ended_at", None))
    clock.forward(days=11)
    assert refusal(do, confirm) == "request_day_wrong"


@pytest.mark.parametrize("kind", ["record", "group"])
def test_people_are_taken_from_no_directory_that_one_may_not_see_any_more(begun, do, clock, kind):
    def fill(session, found):
        where = Records(session, clock).directory("PingOne", type=DirectoryType.PINGONE)
        request, uma = found["Keys"], found["Uma"]
        if kind == "record":
            record = RemoteIdentity("r-1", "grace")
            sources.add_record(session, request, where, record, actor=uma)
        else:
            crew = RemoteGroup("g-1", "Crew")
            sources.add_directory_group(session, request, where, crew, actor=uma)
        role = Records(session, clock).role(privileges=["requests.create", "ory.view"])
        role_changes.grant(session, uma, str(role.uuid), actor=None, now=clock())
        role_changes.revoke(session, uma, USER_ADMINISTRATOR, actor=found["Ada"], now=clock())

    do(fill)
    code = refusal(
        do,
        lambda session, found: drafts.confirm(
            session, found["Keys"], actor=found["Uma"], now=clock()
        ),
    )
    assert code == "request_directory_unknown"


def test_only_directories_that_one_may_see_are_offered(do, clock, ory, entra):
    def act(session, found):
        role = Records(session, clock).role(privileges=["requests.create", "ory.view"])
        role_changes.grant(session, found["Cy"], str(role.uuid), actor=None, now=clock())
        session.flush()
        names = [one.name for one in drafts.offered(session, found["Cy"])]
        return names, [one.name for one in drafts.offered(session, found["Uma"])]

    assert do(act) == (["Ory"], ["Entra", "Ory"])


def test_a_draft_takes_people_from_so_many_places_and_no_more(begun, do, monkeypatch):
    monkeypatch.setattr(sources, "MOST_SOURCES", 1)
    both = lambda session, found: sources.add_people(  # noqa: E731
        session, found["Keys"], [found["Bob"], found["Cy"]], actor=found["Uma"]
    )
    assert refusal(do, both) == "request_full"


def test_a_request_is_made_once_and_can_end_on_another_day(request_for, do, clock, rows):
    request_for("Bob")
    assert rows(AuditEvent)[-1].detail["name"] == "Keys"
    again = lambda session, found: drafts.confirm(  # noqa: E731
        session, found["Keys"], actor=found["Uma"], now=clock()
    )
    assert refusal(do, again) == "request_changed"
    day = (clock() + timedelta(days=20)).date()

    def change(session, found):
        changing.change(
            session, found["Keys"], name="Later", last_day=day, actor=found["Uma"], now=clock()
        )

    do(change)
    (request,) = rows(ProvisioningRequest)
    assert (request.name, request.last_day) == ("Later", day)
    assert rows(AuditEvent)[-1].tag == "request.edited"


def test_people_are_leafed_through_in_their_order_both_ways(do, clock):
    def act(session, found):
        held = Records(session, clock)
        request = held.request(found["Uma"], name="Many")
        for number in range(120):
            held.request_person(
                request,
                None,
                name=f"Person {number}",
                state=RequestState.FAILED if number % 2 else RequestState.PENDING,
            )
        pages = [records.people_of(session, request)]
        while pages[-1].newer:
            pages.append(records.people_of(session, request, after=pages[-1].newer))
        back = records.people_of(session, request, before=pages[-1].older)
        failed = records.people_of(session, request, "Person 1", state=RequestState.FAILED)
        return [[one.position for one in page.items] for page in (*pages, back, failed)]

    first, second, third, back, failed = do(act)
    assert (first[0], first[-1], second[0], third[-1]) == (1, 50, 51, 120)
    assert back == second
    assert len(failed) > 10 and all(position % 2 == 0 for position in failed)


def test_a_deleted_request_is_gone_for_everybody_and_its_links_with_it(
    request_for, work, do, clock
):
    request_for("Bob")
    work()
    do(
        lambda session, found: closing.delete(
            session, found["Keys"], actor=found["Ada"], now=clock()
        )
    )

    def look(session, found):
        name = session.scalar(select(ProvisioningRequest.uuid))
        return (
            records.get(session, name, viewer=found["Ada"]),
            records.is_deleted(session, name),
            session.scalar(select(RequestPerson.state)),
            records.search(session, viewer=found["Ada"]).items,
        )

    assert do(look) == (None, True, RequestState.CANCELLED, ())
    assert work(days=30) == 0
    assert do(lambda session, found: session.scalar(select(Directory.id))) is None
    assert do(lambda session, found: session.scalar(select(Person.id))) is not None
