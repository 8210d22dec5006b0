"""The worker takes people in, and says of everybody else why not. On both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from directories.base import Group as RemoteGroup
from directories.base import Misconfigured, Refused, Transient
from models import (
    AuditEvent,
    GroupMember,
    Identity,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestSource,
    RequestState,
)
from services import role_changes, suspension
from services.provisioning import (
    closing,
    drafts,
    gathering,
    records,
    retrying,
    rounds,
    settlement,
    sources,
)
from services.refusal import Refusal
from tests.records import Records

pytestmark = pytest.mark.usefixtures("house")
CREW = RemoteGroup("g-1", "Crew")


@pytest.fixture
def from_group(do, choices, clock, entra, fake):
    """Confirm a request for the directory's group."""
    fake.members.setdefault(CREW, set())

    def make(by="Uma", **more):
        def act(session, found):
            request = drafts.begin(
                session, choices("Keys", entra, **more), actor=found[by], now=clock()
            )
            sources.add_directory_group(session, request, found["Entra"], CREW, actor=found[by])
            drafts.confirm(session, request, actor=found[by], now=clock())

        do(act)

    return make


def member(fake, email, **more):
    record = fake.add(email, **more)
    fake.members.setdefault(CREW, set()).add(record.remote_id)
    return record


def link(do, clock, name, record):
    do(
        lambda session, found: Records(session, clock).identity(
            found["Entra"], found[name], record.remote_id
        )
    )


def test_a_directorys_group_is_read_page_by_page_and_strangers_are_added_and_linked(
    from_group, work, fake, do, clock, states, rows, request_state
):
    fake.page_size = 2
    link(do, clock, "Bob", member(fake, "bob-there@example.com"))
    for number in range(4):
        member(fake, f"new{number}@example.com", given_name=f"New{number}")
    from_group()
    work()
    assert states() == {
        "Bob": ("pending", None),
        **{f"New{number}": ("pending", None) for number in range(4)},
    }
    assert len(rows(Identity)) == 5
    (source,) = rows(RequestSource)
    assert (source.seen, source.done_at is not None) == (5, True)
    assert request_state() == "pending"
    assert rows(AuditEvent)[-1].tag == "request.gathered"


def test_an_address_that_somebody_here_has_is_a_conflict_until_a_human_linked_the_two(
    from_group, work, fake, do, clock, rows, states
):
    record = member(fake, "bob@example.com")
    from_group()
    work()
    (row,) = rows(RequestPerson)
    assert (row.state, row.code, row.person_id) == (RequestState.FAILED, "record_conflict", None)
    assert rows(Identity) == []

    def retry(session, found):
        place = session.scalar(select(RequestPerson))
        return retrying.retry(session, place, actor=found["Uma"], now=clock())

    assert do(retry) is False
    link(do, clock, "Bob", record)
    assert do(retry) is True
    assert states() == {"Bob": ("pending", None)}
    with pytest.raises(Refusal) as refused:
        do(retry)
    assert refused.value.code == "request_person_fine"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"enabled": False}, "record_disabled"),
        ({"email": "", "label": "x"}, "record_without_email"),
    ],
    ids=["disabled", "no-address"],
)
def test_a_record_that_says_too_little_or_too_much_is_not_taken_in(
    from_group, work, fake, rows, more, code
):
    record = member(fake, "somebody@example.com")
    if "email" in more:
        record.email = "somebody"
    else:
        record.more.update(more)
    from_group()
    work()
    assert [one.code for one in rows(RequestPerson)] == [code]


def test_a_walk_that_broke_off_goes_on_where_it_stopped(
    from_group, work, fake, rows, request_state, portal, clock
):
    fake.page_size = 2
    for number in range(4):
        member(fake, f"new{number}@example.com", given_name=f"New{number}")
    from_group()
    fake.after["people"].append(lambda: fake.before["people"].append(DOWN))
    work()
    (request,) = rows(ProvisioningRequest)
    assert (request.code, request.said, request.request_id) == ("fake.down", "gone", "req-1")
    assert len(rows(RequestPerson)) == 2
    work(minutes=31)
    assert len(rows(RequestPerson)) == 4
    assert rows(ProvisioningRequest)[0].code is None


DOWN = Transient("No answer came.", code="fake.down", said="gone", request_id="req-1")


def test_two_who_wait_in_a_circle_for_the_same_people_are_tried_again_soon(
    from_group, work, fake, rows, monkeypatch, clock
):
    """Two requests may add the same strangers in another order: the database then ends one."""
    member(fake, "new@example.com")
    from_group()
    circle = OperationalError("INSERT", {}, Exception("deadlock detected"))
    with monkeypatch.context() as patch:
        patch.setattr(gathering, "take_page", raising(circle))
        work()
    (request,) = rows(ProvisioningRequest)
    assert (request.code, rows(RequestPerson)) == (None, [])
    assert request.due_at == clock() + rounds.SOON
    work(seconds=6)
    assert len(rows(RequestPerson)) == 1


def raising(error):
    def call(*_, **__):
        raise error

    return call


def test_a_connection_that_is_wrong_waits_for_whoever_mends_it(from_group, work, fake, rows):
    member(fake, "new@example.com")
    from_group()
    fake.before["people"].append(Misconfigured("No permission.", code="fake.permission"))
    work()
    assert rows(ProvisioningRequest)[0].code == "fake.permission"
    work(minutes=16)
    assert len(rows(RequestPerson)) == 1


def test_a_group_that_is_gone_is_said_and_the_others_are_taken_in(
    from_group, work, fake, rows, request_state
):
    from_group()
    fake.before["people"].append(Refused("There is no such group.", code="fake.gone"))
    work()
    assert [(one.name, one.code) for one in rows(RequestPerson)] == [("Crew", "source_unreadable")]
    assert request_state() == "failed"


def test_a_request_whose_maker_may_make_none_any_more_takes_nobody_in(
    from_group, work, fake, rows, do, clock
):
    member(fake, "new@example.com")
    from_group()
    do(
        lambda session, found: role_changes.revoke(
            session, found["Uma"], "user_administrator", actor=found["Ada"], now=clock()
        )
    )
    work()
    assert rows(RequestPerson) == []
    assert rows(ProvisioningRequest)[0].code == "request.maker_may_not"


def test_strangers_are_not_added_by_whoever_may_not_add_people(
    from_group, work, fake, rows, do, clock
):
    def limit(session, found):
        privileges = ["requests.create", "entra.view", "identities.link"]
        role = Records(session, clock).role(privileges=privileges)
        role_changes.grant(session, found["Cy"], str(role.uuid), actor=None, now=clock())

    do(limit)
    member(fake, "new@example.com")
    from_group(by="Cy")
    work()
    assert [one.code for one in rows(RequestPerson)] == ["record_unknown_here"]


def test_nobody_is_taken_in_who_may_do_more_is_suspended_or_is_not_known_there(
    request_for, work, do, clock, states, entra, fake
):
    do(
        lambda session, found: suspension.suspend(
            session, found["Cy"], actor=found["Ada"], now=clock()
        )
    )
    request_for("Ada", "Bob", "Cy", directories=[entra])
    work()
    assert states() == {
        "Ada": ("failed", "person_holds_more"),
        "Bob": ("failed", "person_unlinked"),
        "Cy": ("failed", "person_suspended"),
    }


def test_whoever_has_a_key_in_every_place_already_is_left_alone_unless_told_otherwise(
    request_for, work, do, clock, ory
):
    def place(session, found):
        held = Records(session, clock)
        held.placement(held.passkey(found["Bob"]), found["Ory"], actual="present")

    do(place)
    request_for("Bob", directories=[ory])
    request_for("Bob", name="Spare", directories=[ory], only_missing=False)
    work()

    def first(session, found):
        pages = [records.people_of(session, found[name]) for name in ("Keys", "Spare")]
        return [(one.state.value, one.code) for page in pages for one in page.items]

    assert do(first) == [("completed", "placed_before"), ("pending", None)]


def test_people_groups_and_files_are_taken_in_together_and_nobody_twice(
    do, choices, clock, work, rows, states
):
    def act(session, found):
        group = Records(session, clock).group(found["Bob"], found["Cy"], name="Desk")
        request = drafts.begin(session, choices(), actor=found["Uma"], now=clock())
        sources.add_people(session, request, [found["Bob"]], actor=found["Uma"])
        sources.add_group(session, request, group, actor=found["Uma"])
        text = "email,display_name\nbob@example.com,\nnew@example.com,New One\nwrong,Who\n"
        sources.add_file(session, request, text, actor=found["Uma"])
        drafts.confirm(session, request, actor=found["Uma"], now=clock())

    do(act)
    work()
    assert states() == {
        "Bob": ("pending", None),
        "Cy": ("pending", None),
        "": ("pending", None),
        "Who": ("failed", "row_wrong"),
    }
    assert [one.position for one in rows(RequestPerson)] == [1, 2, 3, 4]
    assert all(one.content is None for one in rows(RequestSource))


def test_what_is_cancelled_while_a_directory_answers_takes_nobody_in(
    from_group, work, fake, do, clock, rows, request_state
):
    member(fake, "new@example.com")
    from_group()

    def cancel():
        do(
            lambda session, found: closing.cancel(
                session, found["Keys"], actor=found["Ada"], now=clock()
            )
        )

    fake.after["people"].append(cancel)
    work()
    assert rows(RequestPerson) == []
    assert request_state() == "cancelled"


@pytest.fixture
def counted(portal):
    """How many statements something sends to the database."""

    def run(act):
        seen = []

        def note(connection, cursor, statement, *_):
            seen.append(statement)

        event.listen(portal.database.engine, "before_cursor_execute", note)
        try:
            act()
        finally:
            event.remove(portal.database.engine, "before_cursor_execute", note)
        return len(seen)

    return run


def test_five_thousand_people_are_taken_in_and_shown_in_steps_that_do_not_grow(
    portal, do, clock, work, request_state, counted, ory, choices, monkeypatch
):
    many = 5000
    with portal.database.write() as session:
        held = Records(session, clock)
        now = clock()
        session.add_all(
            Person(
                email=f"p{number}@example.com",
                display_name=f"Person {number}",
                user_handle=f"handle-{number}".encode(),
                created_at=now,
                roles=[],
            )
            for number in range(many)
        )
        session.flush()
        group = held.group(name="Everybody")
        session.add_all(
            GroupMember(group_id=group.id, person_id=key, added_at=now)
            for key in session.scalars(select(Person.id))
        )

    def make(session, found):
        request = drafts.begin(session, choices("Keys", ory), actor=found["Ada"], now=clock())
        sources.add_group(session, request, session.merge(group), actor=found["Ada"])
        drafts.confirm(session, request, actor=found["Ada"], now=clock())

    do(make)
    batches = (many + 4) // 200 + 1
    spent = counted(work)
    with portal.database.read() as session:
        assert session.scalar(select(func.count()).select_from(RequestPerson)) == many + 4
    assert spent <= batches * 30

    def page():
        with portal.database.read() as session:
            request = session.scalar(select(ProvisioningRequest))
            settlement.tally(session, request)
            assert len(records.people_of(session, request, "Person").items) == 50

    assert counted(page) <= 10
