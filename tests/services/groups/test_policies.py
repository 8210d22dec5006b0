"""A group's own policy: for whom it is, which comes first, and who may change it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from models import AttestationPolicy, AuditEvent, Passkey
from services import groups, policies, policy_changes
from services.groups import policies as group_policies
from services.policies import POLICIES, Kind
from services.refusal import Refusal
from services.role_changes import grant
from services.roles import DEVICE_SERVICE_ADMINISTRATOR
from tests.records import Records

pytestmark = pytest.mark.usefixtures("house")
TAGS = select(AuditEvent.tag).order_by(AuditEvent.id)
ANY, HID = POLICIES[Kind.ANY], POLICIES[Kind.HID_CRESCENDO]


@pytest.fixture
def desks(do, clock):
    """The portal takes HID Crescendo; Bob is in Desk and Lab, Cy in Lab."""

    def act(session, found):
        policies.choose(session, Kind.HID_CRESCENDO, actor=None, now=clock())
        for name, inside in (("Desk", ["Bob"]), ("Lab", ["Bob", "Cy"])):
            made = groups.create(session, name=name, actor=None, now=clock())
            for person in inside:
                groups.add(session, made, found[person], actor=None, now=clock())

    do(act)


@pytest.fixture
def give(do, clock):
    """Give a group a policy."""

    def run(group, policy):
        return do(
            lambda session, found: group_policies.change(
                session,
                found[group],
                policy,
                base=base_of(session, found[group]),
                actor=found["Ada"],
                now=clock(),
            )
        )

    return run


def base_of(session, group):
    row = policies.current_row(session, group)
    return row and row.uuid


def named(do, person):
    return do(lambda session, found: policies.for_person(session, found[person].id).name)


def test_members_are_judged_by_their_groups_policy_and_others_by_the_portals(do, desks, give):
    give("Lab", ANY)
    assert named(do, "Cy") == named(do, "Bob") == ANY.name
    assert named(do, "Ada") == HID.name
    assert do(lambda session, found: policies.current(session)) == HID
    history = do(lambda session, found: [row.name for row in policies.history(session)])
    assert history == [HID.name]


def test_the_group_that_comes_first_counts_and_the_order_can_be_changed(do, desks, give, clock):
    give("Desk", HID)
    give("Lab", ANY)
    assert (named(do, "Bob"), named(do, "Cy")) == (HID.name, ANY.name)

    def move(group, earlier):
        return do(
            lambda session, found: group_policies.move(
                session, found[group], earlier=earlier, actor=found["Ada"], now=clock()
            )
        )

    assert move("Lab", earlier=True)
    assert named(do, "Bob") == ANY.name
    assert not move("Lab", earlier=True)
    assert move("Lab", earlier=False)
    assert named(do, "Bob") == HID.name
    order = do(lambda session, found: [one.name for one, _ in group_policies.ranked(session)])
    assert order == ["Desk", "Lab"]


def test_without_its_policy_a_group_is_as_if_it_never_had_one(do, desks, give, clock):
    give("Lab", ANY)

    def take(session, found):
        return group_policies.take_away(
            session,
            found["Lab"],
            base=base_of(session, found["Lab"]) or found["Lab"].uuid,
            actor=found["Ada"],
            now=clock(),
        )

    assert do(take) is True
    assert do(take) is False
    assert named(do, "Cy") == HID.name
    assert do(lambda session, found: found["Lab"].rank) is None
    tags = do(lambda session, found: list(session.scalars(TAGS)))
    assert tags[-1] == "policy.taken_away"


def test_a_policy_that_was_changed_meanwhile_is_not_replaced_unseen(do, desks, give, clock):
    give("Lab", ANY)
    for act in (
        lambda session, found: group_policies.change(
            session, found["Lab"], HID, base=None, actor=found["Ada"], now=clock()
        ),
        lambda session, found: group_policies.take_away(
            session, found["Lab"], base=found["Lab"].uuid, actor=found["Ada"], now=clock()
        ),
    ):
        with pytest.raises(Refusal) as refused:
            do(act)
        assert refused.value.code == "policy_changed"
    assert named(do, "Cy") == ANY.name


def test_the_same_policy_again_is_not_written_again(do, desks, give):
    assert give("Lab", ANY) is True
    assert give("Lab", ANY) is False
    rows = do(lambda session, found: len(session.scalars(select(AttestationPolicy)).all()))
    assert rows == 2


def test_a_group_without_a_policy_has_no_place_in_the_order(do, desks, clock):
    with pytest.raises(Refusal) as refused:
        do(
            lambda session, found: group_policies.move(
                session, found["Lab"], earlier=True, actor=found["Ada"], now=clock()
            )
        )
    assert refused.value.code == "group_without_policy"


def test_two_groups_that_get_a_policy_at_once_have_an_order(do, desks, give):
    ready = threading.Barrier(2)

    def act(group):
        ready.wait()
        give(group, ANY)

    both = [threading.Thread(target=act, args=(name,)) for name in ("Desk", "Lab")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    ranked = do(lambda session, found: [one.name for one, _ in group_policies.ranked(session)])
    assert sorted(ranked) == ["Desk", "Lab"]


@pytest.mark.parametrize("act", [groups.add, groups.remove])
def test_who_may_not_change_policies_puts_nobody_into_a_group_with_one(do, desks, give, clock, act):
    """A group that carries a policy is no way around the privilege to change policies."""
    give("Lab", ANY)
    with pytest.raises(Refusal) as refused:
        do(
            lambda session, found: act(
                session, found["Lab"], found["Uma"], actor=found["Uma"], now=clock()
            )
        )
    assert refused.value.code == "group_policy_needed"
    assert named(do, "Uma") == HID.name


def test_both_privileges_together_change_who_is_in_it(do, desks, give, clock):
    give("Lab", ANY)

    def act(session, found):
        grant(session, found["Uma"], DEVICE_SERVICE_ADMINISTRATOR, actor=None, now=clock())
        return groups.add(session, found["Lab"], found["Uma"], actor=found["Uma"], now=clock())

    assert do(act)
    assert named(do, "Uma") == ANY.name


def test_a_group_with_a_policy_is_not_ended(do, desks, give, clock):
    give("Lab", ANY)
    with pytest.raises(Refusal) as refused:
        do(lambda session, found: groups.end(session, found["Lab"], actor=None, now=clock()))
    assert refused.value.code == "group_has_policy"


def test_a_change_is_judged_by_the_passkeys_that_it_is_for(do, desks, give, portal, clock):
    def keys(session, found):
        for name in ("Ada", "Bob", "Cy"):
            Records(session, clock).passkey(found[name])

    do(keys)

    def whose(group):
        def act(session, found):
            whom = group_policies.judged_by(found[group] if group else None, Passkey.person_id)
            change = policy_changes.compare(session, HID, HID, portal.metadata, whose=whom)
            return change.refused_count

        return do(act)

    assert (whose(None), whose("Desk"), whose("Lab")) == (3, 1, 2)
    give("Desk", HID)
    assert (whose(None), whose("Desk"), whose("Lab")) == (2, 1, 1)
    give("Lab", ANY)
    assert (whose(None), whose("Desk"), whose("Lab")) == (1, 1, 1)


def test_a_sign_in_hints_at_security_keys_only_while_every_policy_demands_them(
    do, desks, give, clock
):
    assert do(lambda session, found: policies.for_anybody(session)) == HID
    give("Desk", HID)
    assert do(lambda session, found: policies.for_anybody(session)) == HID
    give("Lab", ANY)
    assert do(lambda session, found: policies.for_anybody(session)) == ANY
