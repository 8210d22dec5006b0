"""Claims of operators at a desk: who gets whom, and who may go on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from models import EnrolmentLink, Passkey, Person, ProvisioningRequest, RequestPerson, RequestState
from services import policies, role_changes, touches
from services.policies import Kind
from services.provisioning import closing, desk, desk_lists, desk_steps, minting, settlement
from services.refusal import Refusal
from services.roles import USER_ADMINISTRATOR
from tests.records import Records

PEOPLE = ("bob", "cy", "dee", "eve")


@pytest.fixture
def made(portal, house, clock):
    """A request of Ada's for four people; Uma and Ned may carry requests out."""
    with portal.database.write() as session:
        rows = Records(session, clock)
        policies.choose(session, Kind.ANY, actor=None, now=clock())
        by_name = {one.given_name: one for one in session.scalars(select(Person))}
        ned = rows.person("ned", roles=[])
        role_changes.grant(session, ned, USER_ADMINISTRATOR, actor=None, now=clock())
        request = rows.request(by_name["Ada"])
        for name in PEOPLE:
            rows.request_person(request, by_name.get(name.title()) or rows.person(name, roles=[]))
        return request


@pytest.fixture
def seen(portal, clock, made):
    """Look at the request as an operator: `seen(operator, act)`, in a transaction of its own."""

    def run(operator, act):
        with portal.database.write() as session:
            who = session.scalars(select(Person).where(Person.given_name == operator)).one()
            request = session.get_one(ProvisioningRequest, made.id)
            return act(session, request, who)

    return run


@pytest.fixture
def take(portal, clock, seen):
    def run(operator="Ada", **more):
        place = seen(
            operator,
            lambda session, request, who: desk.take(
                session, portal, request, operator=who, now=clock(), **more
            ),
        )
        return place and place.person.given_name

    return run


@pytest.fixture
def place(portal):
    def read(name):
        with portal.database.read() as session:
            return session.scalars(
                select(RequestPerson)
                .join(Person, RequestPerson.person_id == Person.id)
                .where(Person.given_name == name)
            ).one()

    return read


def renewed(portal, session, place, who, clock):
    row = session.get_one(RequestPerson, place.id)
    return desk.renew(session, row, place.fence, operator=who, now=clock())


def code(act) -> str:
    with pytest.raises(Refusal) as refused:
        act()
    return refused.value.code


def test_operators_who_ask_at_once_get_different_people(take, portal):
    barrier = Barrier(3)

    def ask(operator):
        barrier.wait()
        return take(operator)

    with ThreadPoolExecutor(3) as threads:
        got = list(threads.map(ask, ("Ada", "Uma", "Ned")))
    assert sorted(got) == ["Bob", "Cy", "Dee"]


def test_one_person_whom_two_choose_at_once_goes_to_one_of_them(seen, place, clock):
    wanted, barrier = place("Bob"), Barrier(2)

    def ask(operator):
        barrier.wait()
        try:
            seen(
                operator,
                lambda session, _, who: desk.choose(
                    session, session.get_one(RequestPerson, wanted.id), operator=who, now=clock()
                ),
            )
        except Refusal as refusal:
            return refusal.code
        return ""

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(ask, ("Ada", "Uma"))) == ["", "desk_taken"]


def test_whoever_comes_back_finds_the_same_person_even_late(take, clock):
    assert take() == "Bob"
    clock.forward(hours=3)
    assert take() == "Bob"


def test_a_person_who_was_left_behind_goes_to_whoever_asks_next(take, seen, place, portal, clock):
    assert take() == "Bob"
    lost = place("Bob")
    clock.forward(minutes=16)
    assert take("Uma") == "Bob"
    assert code(lambda: seen("Ada", lambda s, _, who: renewed(portal, s, lost, who, clock))) == (
        "desk_lost"
    )
    assert take() == "Cy"


def test_what_is_done_for_a_person_keeps_them_longer(take, seen, place, portal, clock):
    take()
    clock.forward(minutes=14)
    seen("Ada", lambda s, _, who: renewed(portal, s, place("Bob"), who, clock))
    clock.forward(minutes=14)
    assert take("Uma") == "Cy"


def test_another_page_of_the_same_operator_takes_the_person_over(take, seen, place, portal, clock):
    take()
    first = place("Bob")
    take()
    assert code(lambda: seen("Ada", lambda s, _, who: renewed(portal, s, first, who, clock))) == (
        "desk_lost"
    )


def test_people_come_by_position_and_round_again(take, seen, place):
    for name in ("Bob", "Cy", "Dee", "Eve", "Bob"):
        had = place(name)
        assert take(after=had.position - 1) == name
        seen("Ada", lambda s, _, who, had=had: desk.release(s, s.merge(had), operator=who))


def test_nobody_is_given_who_needs_nothing_more_or_may_not_be_enrolled(
    take, seen, place, portal, clock
):
    with portal.database.write() as session:
        rows = Records(session, clock)
        bob = session.get_one(RequestPerson, place("Bob").id)
        passkey = rows.passkey(session.get_one(Person, bob.person_id))
        passkey.rp_id = portal.settings.rp_id
        rows.request_passkey(bob, passkey)
        bob.state = RequestState.STARTED
        session.get_one(Person, place("Cy").person_id).suspended_at = clock()
        dee = session.get_one(RequestPerson, place("Dee").id)
        dee.state, dee.code = RequestState.FAILED, "person_left"
    assert take() == "Eve"


def test_nobody_is_given_once_the_request_is_over(take, seen, made, clock):
    def cancel(session, request, who):
        closing.cancel(session, request, actor=who, now=clock())

    assert take() == "Bob"
    seen("Ada", cancel)
    assert code(take) == "request_closed"


@pytest.fixture
def registered(portal, seen, clock, place):
    """Register a key for somebody in the place of the page's ceremony."""

    def run(operator, name, *, fence=None, label=""):
        had = place(name)
        subject = f"desk:{had.uuid}:{had.fence if fence is None else fence}"

        def act(session, _, who):
            passkey = Records(session, clock).passkey(session.get_one(Person, had.person_id))
            passkey.rp_id = portal.settings.rp_id
            desk.finish(session, portal, subject, passkey, operator=who, label=label, now=clock())

        seen(operator, act)

    return run


def test_the_last_key_ends_the_claim_and_the_link(take, registered, place, seen, clock, rows):
    seen("Uma", lambda s, _, who: minting.mint(s, place("Bob").id, actor=who, now=clock()))
    take()
    registered("Ada", "Bob", label="No. 7")
    assert place("Bob").claimed_by_id is None
    assert place("Bob").state is RequestState.STARTED
    assert [one.revoked_at is None for one in rows(EnrolmentLink)] == [False]
    assert rows(Passkey)[-1].nickname == "No. 7"
    assert take() == "Cy"


def test_nothing_stays_of_what_was_registered_by_whoever_lost_the_person(
    take, registered, place, clock, rows, seen
):
    seen("Uma", lambda s, _, who: minting.mint(s, place("Bob").id, actor=who, now=clock()))
    take()
    fence = place("Bob").fence
    clock.forward(minutes=16)
    take("Uma")
    assert code(lambda: registered("Ada", "Bob", fence=fence)) == "desk_lost"
    assert code(lambda: registered("Ada", "Bob")) == "desk_lost"
    assert rows(Passkey) == []
    assert [one.revoked_at for one in rows(EnrolmentLink)] == [None]


def test_a_key_and_a_cancelled_request_meet_in_either_order(
    take, registered, seen, place, clock, rows
):
    take()
    barrier = Barrier(2)

    def register():
        barrier.wait()
        try:
            registered("Ada", "Bob")
        except Refusal as refusal:
            return refusal.code
        return ""

    def cancel():
        barrier.wait()
        seen("Ada", lambda s, request, who: closing.cancel(s, request, actor=who, now=clock()))
        return ""

    with ThreadPoolExecutor(2) as threads:
        outcome = [one.result() for one in (threads.submit(register), threads.submit(cancel))]
    assert outcome[0] in ("", "desk_lost", "request_closed")
    assert len(rows(Passkey)) == (0 if outcome[0] else 1)
    assert place("Bob").state is RequestState.CANCELLED


def test_the_lists_tell_who_is_left_and_what_was_last(take, registered, portal, made):
    take()
    registered("Ada", "Bob")
    take()
    registered("Ada", "Cy")
    with portal.database.read() as session:
        request = session.get_one(ProvisioningRequest, made.id)
        assert [one.person.given_name for one in desk_lists.left(session, request, limit=9)] == [
            "Dee",
            "Eve",
        ]
        latest = desk_lists.latest(session, request, limit=9)
        assert [one.person.given_name for one, _ in latest] == ["Cy", "Bob"]
        assert settlement.tally(session, request).total == len(PEOPLE)


def test_the_keys_of_the_others_are_excluded_newest_first(take, registered, portal, place, rows):
    take()
    registered("Ada", "Bob")
    take()
    registered("Ada", "Cy")
    with portal.database.read() as session:
        (touch,) = touches.planned(session, portal, place("Dee").person_id)[:1]
        assert desk_steps.recent(session, place("Dee"), touch) == tuple(
            one.credential_id for one in reversed(rows(Passkey))
        )
        assert desk_steps.recent(session, place("Cy"), touch) == (rows(Passkey)[0].credential_id,)
        assert desk_steps.has_some(session, place("Bob"), touch)
        assert not desk_steps.has_some(session, place("Dee"), touch)
