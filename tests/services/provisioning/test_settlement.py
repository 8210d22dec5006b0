"""A person is done when every place confirmed a key of theirs. On both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import (
    Delivery,
    DeliveryState,
    EnrolmentLink,
    Passkey,
    Placement,
    PlacementState,
    RequestPasskey,
    RequestPerson,
    RequestState,
)
from services import provisioning, role_changes
from services.attestation.policy import Policy
from services.policies import POLICIES, Kind
from services.provisioning import closing, drafts, pending, preview, records, result, settlement
from services.refusal import Refusal
from tests.records import Records
from tests.services.provisioning.conftest import place

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def register(do, clock):
    """Let somebody register a passkey for the request; it is owed to these directories."""

    def run(*directories, name="Bob", **more):
        def act(session, found):
            held = Records(session, clock)
            passkey = held.passkey(found[name], **more)
            for one in directories:
                held.placement(passkey, found[one.name])
                session.add(
                    Delivery(
                        directory_id=one.id,
                        person_id=found[name].id,
                        passkey_id=passkey.id,
                        cause="passkey.registered",
                        created_at=clock(),
                        due_at=clock(),
                    )
                )
            provisioning.finished(session, place(session, found, name), passkey, now=clock())
            return passkey.id

        return do(act)

    return run


@pytest.fixture
def confirm(do, clock):
    """Let a directory confirm, and the worker say so."""

    def run(directory, name="Bob"):
        def act(session, found):
            for row in session.scalars(
                select(Placement)
                .join(Passkey, Placement.passkey_id == Passkey.id)
                .where(Placement.directory_id == directory.id, Passkey.person_id == found[name].id)
            ):
                row.actual = PlacementState.PRESENT
            provisioning.delivered(session, found[name].id, now=clock())

        do(act)

    return run


@pytest.fixture
def stop(do, clock):
    """Let the newest passkey's delivery end like this."""

    def run(directory, state, reason, name="Bob"):
        def act(session, found):
            passkey = session.scalars(
                select(Passkey)
                .where(Passkey.person_id == found[name].id)
                .order_by(Passkey.id.desc())
            ).first()
            session.add(
                Delivery(
                    directory_id=directory.id,
                    person_id=found[name].id,
                    passkey_id=passkey.id,
                    state=state,
                    cause="passkey.registered",
                    code="entra.no",
                    reason=reason,
                    created_at=clock(),
                    due_at=clock(),
                    settled_at=clock(),
                )
            )
            provisioning.delivered(session, found[name].id, now=clock())

        do(act)

    return run


def test_a_key_that_is_registered_is_not_yet_one_that_works(
    request_for, work, register, confirm, states, request_state, ory
):
    request_for("Bob", directories=[ory])
    work()
    register(ory)
    work()
    assert states()["Bob"] == ("started", None)
    assert request_state() == "started"
    confirm(ory)
    work()
    assert states()["Bob"] == ("completed", None)
    assert request_state() == "completed"


def test_every_place_has_to_confirm_one(
    request_for, work, register, confirm, states, ory, entra, do, clock
):
    do(lambda session, found: Records(session, clock).identity(found["Entra"], found["Bob"], "r-1"))
    request_for("Bob", directories=[ory, entra])
    work()
    register(ory)
    confirm(ory)
    work()
    assert states()["Bob"] == ("started", None)
    register(entra)
    confirm(entra)
    work()
    assert states()["Bob"] == ("completed", None)


def test_without_a_place_a_key_of_our_own_is_enough(
    request_for, work, register, states, request_state
):
    request_for("Bob", "Cy")
    work()
    register()
    work()
    assert states() == {"Bob": ("completed", None), "Cy": ("pending", None)}
    assert request_state() == "started"


def test_a_delivery_that_is_held_fails_the_person_with_its_sentence_and_then_leads_on(
    request_for, work, register, confirm, stop, states, request_state, ory, rows
):
    request_for("Bob", directories=[ory])
    work()
    register(ory)
    stop(ory, DeliveryState.HELD, "The schema lacks a field.")
    work()
    assert states()["Bob"] == ("failed", "entra.no")
    assert rows(RequestPerson)[0].reason == "Ory: The schema lacks a field."
    assert request_state() == "failed"
    confirm(ory)
    work()
    assert states()["Bob"] == ("completed", None)
    assert request_state() == "completed"


def test_a_key_that_its_directory_refused_is_ended_and_a_new_touch_leads_on(
    request_for, work, register, confirm, stop, states, ory, do, clock
):
    request_for("Bob", directories=[ory])
    work()
    key = register(ory)
    stop(ory, DeliveryState.HELD, "Not this model.")
    do(lambda session, found: setattr(session.get_one(Passkey, key), "ended_at", clock()))
    work()
    assert states()["Bob"] == ("failed", "entra.no")
    register(ory)
    work()
    assert states()["Bob"][0] == "started"
    confirm(ory)
    work()
    assert states()["Bob"] == ("completed", None)


def test_a_ceremony_that_ran_out_waits_for_a_new_touch(
    request_for, work, register, stop, states, ory
):
    request_for("Bob", directories=[ory])
    work()
    register(ory)
    stop(ory, DeliveryState.NEEDS_TOUCH, "It took too long.")
    work()
    assert states()["Bob"] == ("started", "needs_touch")


def test_what_was_registered_in_time_and_arrives_late_still_completes(
    request_for, work, register, confirm, states, request_state, ory
):
    request_for("Bob", directories=[ory])
    work()
    register(ory)
    work(days=12)
    assert (states()["Bob"], request_state()) == (("expired", None), "expired")
    confirm(ory)
    work()
    assert (states()["Bob"], request_state()) == (("completed", None), "completed")


def test_the_same_passkey_is_noted_once(request_for, work, register, do, clock, rows):
    request_for("Bob")
    work()
    key = register()
    do(
        lambda session, found: provisioning.finished(
            session, place(session, found), session.get_one(Passkey, key), now=clock()
        )
    )
    assert len(rows(RequestPasskey)) == 1


def test_a_directory_stays_while_a_request_waits_for_it(request_for, work, do, ory, clock):
    request_for("Bob", directories=[ory])

    def standing(session, found):
        return pending.standing_against(session, found["Ory"])

    assert "“Keys”" in do(standing)
    work()
    assert "“Keys”" in do(standing)
    do(
        lambda session, found: closing.cancel(
            session, found["Keys"], actor=found["Ada"], now=clock()
        )
    )
    assert do(standing) is None


def test_a_policy_of_the_request_counts_while_its_chooser_may_choose_one(
    request_for, work, do, clock, choices
):
    wide = POLICIES[Kind.ANY]
    request_for("Bob", by="Ada", policy=wide)
    request_for("Bob", name="Own")
    work()

    def judged(session, found):
        chosen, own = session.scalars(select(RequestPerson).order_by(RequestPerson.request_id))
        return provisioning.policy_for(session, chosen), provisioning.policy_for(session, own)

    assert do(judged) == (wide, None)
    do(
        lambda session, found: role_changes.grant(
            session, found["Uma"], "administrator", actor=None, now=clock()
        )
    )
    do(
        lambda session, found: role_changes.revoke(
            session, found["Ada"], "administrator", actor=found["Uma"], now=clock()
        )
    )
    assert do(judged) == (None, None)


@pytest.mark.parametrize("policy", [POLICIES[Kind.ANY], POLICIES[Kind.HID_CRESCENDO]])
def test_a_policy_is_chosen_only_by_whoever_decides_about_policies(
    do, choices, clock, policy: Policy
):
    with pytest.raises(Refusal) as refused:
        do(
            lambda session, found: drafts.begin(
                session, choices(policy=policy), actor=found["Uma"], now=clock()
            )
        )
    assert refused.value.code == "request_policy_needs"


def test_a_link_of_a_request_is_for_its_directories_and_any_other_link_for_all(
    request_for, work, do, ory, entra, clock
):
    request_for("Bob", directories=[ory])
    work()

    def asked(session, found):
        link = Records(session, clock).link()
        before = provisioning.directories_for(session, link)
        link.request_person_id = place(session, found).id
        return before, provisioning.directories_for(session, link)

    assert do(asked) == (None, frozenset({ory.id}))
    assert do(lambda session, found: session.scalar(select(EnrolmentLink.id))) is not None


def test_the_plan_says_what_is_touched_and_where(portal, ory, entra):
    with portal.database.read() as session:
        both = preview.touches(portal, [session.merge(ory), session.merge(entra)])
        alone = preview.touches(portal, [])
    assert [(one.way.value, one.in_page) for one in both] == [("import", True), ("foreign", False)]
    assert [one.way.value for one in alone] == ["import"]


def test_the_result_names_keys_and_what_each_place_confirmed(
    request_for, work, register, confirm, do, ory, clock, portal
):
    request_for("Bob", "Cy", directories=[ory])
    work()
    register(ory, nickname="=cmd")
    confirm(ory)
    work()

    def download(session, found):
        return result.download(
            session,
            found["Keys"],
            metadata=portal.metadata,
            state=None,
            actor=found["Uma"],
            now=clock(),
        )

    head, bob, cy = do(download).splitlines()
    assert head.endswith("passkey,key_model,registered,Ory")
    assert "'=cmd" in bob and "completed" in bob and "not confirmed" not in bob
    assert "pending" in cy


def test_tallies_count_everybody_once(request_for, work, register, do):
    request_for("Bob", "Cy", "Ada")
    work()
    register()
    work()

    def count(session, found):
        found = settlement.tally(session, found["Keys"])
        return found.total, found.done, found.open, found.of(RequestState.FAILED)

    assert do(count) == (3, 1, 1, 1)
    assert do(lambda session, found: records.counts(session, viewer=found["Uma"])) == {
        RequestState.STARTED: 1
    }
