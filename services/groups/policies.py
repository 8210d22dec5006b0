"""Policies that groups have for themselves, and which of them comes first.

Who is in several such groups is judged by the policy of the one that ranks first, and by no other.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import AttestationPolicy, Group, GroupMember, Person
from services import audit, policies, policy_changes
from services.attestation.policy import Policy
from services.groups.records import lock
from services.refusal import Refusal


def ranked(session: Session) -> list[tuple[Group, AttestationPolicy]]:
    """The groups that have a policy of their own, the one that comes first at the head."""
    rows = session.execute(
        select(Group, AttestationPolicy)
        .join(AttestationPolicy, AttestationPolicy.group_id == Group.id)
        .where(AttestationPolicy.ended_at.is_(None), Group.ended_at.is_(None))
        .order_by(Group.rank, Group.id)
    )
    return [(row[0], row[1]) for row in rows]


def judged_by(group: Group | None, person_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether the person of the query is judged by the group's policy, or would be once it has
    one; by the portal's, where no group is given.
    """
    ahead = [
        GroupMember.person_id == person_id,
        GroupMember.group_id == Group.id,
        Group.rank.is_not(None),
    ]
    if group is not None and group.rank is not None:
        ahead.append(Group.rank < group.rank)
    if group is not None:
        ahead.append(Group.id != group.id)
    nobody_ahead = ~exists().where(*ahead)
    if group is None:
        return nobody_ahead
    inside = exists().where(GroupMember.group_id == group.id, GroupMember.person_id == person_id)
    return and_(nobody_ahead, inside)


def change(
    session: Session,
    group: Group,
    after: Policy,
    *,
    base: uuid.UUID | None,
    actor: Person,
    now: datetime,
) -> bool:
    """Put a policy in force for the group. Its first one comes after those of other groups.

    Args:
        base: the group's policy that was in force when the change was confirmed.

    Raises:
        Refusal: `group_unknown`; `policy_changed` when another one was put in force meanwhile.

    Returns:
        False where it is in force already, as after a double click.
    """
    lock(session, group)
    row = policies.current_row(session, group)
    if row is not None and policies.of_row(row) == after:
        return False
    if (row and row.uuid) != base:
        raise policy_changes.changed_meanwhile()
    if group.rank is None:
        last = session.scalar(select(func.max(Group.rank)))
        group.rank = (last or 0) + 1
    policies.put(session, after, group=group, actor=actor, now=now)
    return True


def take_away(
    session: Session, group: Group, *, base: uuid.UUID, actor: Person, now: datetime
) -> bool:
    """Let the group have no policy of its own any more.

    Args:
        base: the policy that was in force when this was confirmed.

    Raises:
        Refusal: `group_unknown`; `policy_changed` when another one was put in force meanwhile.

    Returns:
        False where it has none already.
    """
    lock(session, group)
    row = policies.current_row(session, group)
    if row is None:
        return False
    if row.uuid != base:
        raise policy_changes.changed_meanwhile()
    row.ended_at, group.rank = now, None
    audit.record(
        session,
        audit.Tag.POLICY_TAKEN_AWAY,
        now=now,
        actor=actor,
        before=policies.of_row(row).to_mapping(),
        group=str(group.uuid),
        name=group.name,
    )
    return True


def move(session: Session, group: Group, *, earlier: bool, actor: Person, now: datetime) -> bool:
    """Let the group's policy come one place earlier, or later; nothing happens at the end.

    Raises:
        Refusal: `group_without_policy` where it has none, or none any more.

    Returns:
        Whether it moved.
    """
    order = list(
        session.scalars(
            select(Group)
            .where(Group.rank.is_not(None), Group.ended_at.is_(None))
            .order_by(Group.id)
            .with_for_update(of=Group)  # in one order, so that two who move wait for each other
            .execution_options(populate_existing=True)
        )
    )
    order.sort(key=lambda one: (one.rank, one.id))
    if group not in order:
        raise Refusal(
            "group_without_policy", "This group has no policy of its own any more.", status=409
        )
    before = order.index(group)
    after = before - 1 if earlier else before + 1
    if not 0 <= after < len(order):
        return False
    order.insert(after, order.pop(before))
    for rank, one in enumerate(order, start=1):
        one.rank = rank
    audit.record(
        session,
        audit.Tag.GROUP_RANKED,
        now=now,
        actor=actor,
        group=str(group.uuid),
        name=group.name,
        before=before + 1,
        after=after + 1,
    )
    return True
