"""Who is in a group. What follows from it follows at once.

Whoever is put into a group that a directory serves is served by it: their passkeys are owed to it
in the same transaction. Nobody changes the groups of a person who may do more than they do, and who
is in a group that has a policy of its own is for those to say who may change policies.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from models import Directory, DirectoryGroup, Group, GroupMember, GroupSource, Person, Serves
from services import audit, people
from services.deliveries import outbox
from services.deliveries.upsert import insert
from services.groups.records import lock
from services.paging import Slice, newest_first
from services.refusal import Refusal
from services.roles import Privilege, holds_more, privileges
from services.serving import in_service


def members(
    session: Session,
    group: Group,
    query: str = "",
    *,
    older: uuid.UUID | None = None,
    newer: uuid.UUID | None = None,
) -> Slice[Person]:
    """One page of the members whose names or address hold every word of `query`."""
    statement = (
        select(Person)
        .join(GroupMember, GroupMember.person_id == Person.id)
        .where(GroupMember.group_id == group.id, *people.matching(query))
    )
    return newest_first(session, statement, Person, older=older, newer=newer)


def candidates(session: Session, group: Group, query: str, *, limit: int) -> list[Person]:
    """The people that a search finds and that are not in the group, newest first."""
    inside = select(GroupMember.person_id).where(GroupMember.group_id == group.id)
    return list(
        session.scalars(
            select(Person)
            .where(Person.id.not_in(inside), Person.ended_at.is_(None), *people.matching(query))
            .order_by(Person.id.desc())
            .limit(limit)
        )
    )


def among(session: Session, group: Group, found: Collection[Person]) -> set[int]:
    """The ids of those of the people who are members."""
    return set(
        session.scalars(
            select(GroupMember.person_id).where(
                GroupMember.group_id == group.id,
                GroupMember.person_id.in_([one.id for one in found]),
            )
        )
    )


def count(session: Session, group: Group) -> int:
    """How many people are in the group."""
    return counts(session, [group]).get(group.id, 0)


def counts(session: Session, groups: Collection[Group]) -> dict[int, int]:
    """How many people are in each of the groups, by the group's key; empty ones aside."""
    statement = (
        select(GroupMember.group_id, func.count())
        .where(GroupMember.group_id.in_([one.id for one in groups]))
        .group_by(GroupMember.group_id)
    )
    return dict(session.execute(statement).all())


def of_person(session: Session, person: Person) -> list[Group]:
    """The groups that the person is in, by name."""
    return list(
        session.scalars(
            select(Group)
            .join(GroupMember, GroupMember.group_id == Group.id)
            .where(GroupMember.person_id == person.id, Group.ended_at.is_(None))
            .order_by(Group.name)
        )
    )


def add(
    session: Session, group: Group, person: Person, *, actor: Person | None, now: datetime
) -> bool:
    """Put a person into the group; nothing happens when they are in it already.

    Raises:
        Refusal: `group_unknown`, `group_taken`, `group_policy_needed`, `person_holds_more`.

    Returns:
        Whether they are new to it. Wake the workers after the transaction.
    """
    lock(session, group)
    _by_hand(session, group)
    _may_change(group, person, actor)
    added = session.scalar(
        insert(session, GroupMember)
        .values(group_id=group.id, person_id=person.id, added_at=now)
        .on_conflict_do_nothing(index_elements=["group_id", "person_id"])
        .returning(GroupMember.id)
    )
    if added is None:
        return False
    _record(session, audit.Tag.GROUP_JOINED, group, person, actor=actor, now=now)
    for directory in _serving(session, group):
        outbox.owe_served(session, directory, [person.id], now=now, actor=actor)
    return True


def remove(
    session: Session, group: Group, person: Person, *, actor: Person | None, now: datetime
) -> bool:
    """Take a person out of the group; nothing happens when they are not in it.

    What a directory has confirmed stays there; what is only on its way is given up.

    Raises:
        Refusal: `group_unknown`, `group_taken`, `group_policy_needed`, `person_holds_more`.

    Returns:
        Whether they were in it.
    """
    lock(session, group)
    _by_hand(session, group)
    _may_change(group, person, actor)
    removed = session.scalar(
        delete(GroupMember)
        .where(GroupMember.group_id == group.id, GroupMember.person_id == person.id)
        .returning(GroupMember.id)
    )
    if removed is None:
        return False
    _record(session, audit.Tag.GROUP_LEFT, group, person, actor=actor, now=now)
    for directory in _serving(session, group):
        outbox.withdraw(session, directory, now=now)
    return True


def join(
    session: Session, group: Group, people: Sequence[Person], *, walk: int, now: datetime
) -> int:
    """Let these people be in the group, because a walk through a directory's group saw them.

    The caller has locked the group.

    Returns:
        How many deliveries that owes.
    """
    inside = among(session, group, people)
    session.execute(
        update(GroupMember)
        .where(GroupMember.group_id == group.id, GroupMember.person_id.in_(inside))
        .values(walk=walk)
    )
    new = [one for one in people if one.id not in inside]
    for person in new:
        session.add(GroupMember(group_id=group.id, person_id=person.id, added_at=now, walk=walk))
        _record(session, audit.Tag.GROUP_JOINED, group, person, actor=None, now=now)
    session.flush()
    if not new:
        return 0
    keys = [one.id for one in new]
    return sum(
        outbox.owe_served(session, directory, keys, now=now, actor=None)
        for directory in _serving(session, group)
    )


def unseen(session: Session, group: Group, *, walk: int, after: int, limit: int) -> list[Person]:
    """The members whom a walk did not see, in the order of their ids."""
    return list(
        session.scalars(
            select(Person)
            .join(GroupMember, GroupMember.person_id == Person.id)
            .where(
                GroupMember.group_id == group.id,
                or_(GroupMember.walk.is_(None), GroupMember.walk != walk),
                Person.id > after,
            )
            .order_by(Person.id)
            .limit(limit)
        )
    )


def leave(session: Session, group: Group, people: Sequence[Person], *, now: datetime) -> None:
    """Let these people be in the group no longer. The caller has locked the group."""
    if not people:
        return
    session.execute(
        delete(GroupMember).where(
            GroupMember.group_id == group.id,
            GroupMember.person_id.in_([one.id for one in people]),
        )
    )
    for person in people:
        _record(session, audit.Tag.GROUP_LEFT, group, person, actor=None, now=now)
    for directory in _serving(session, group):
        outbox.withdraw(session, directory, now=now)


def taken(group: Group) -> Refusal:
    """Why nothing is done by hand with the members of a group that is taken from a directory."""
    return Refusal(
        "group_taken",
        f"The members of {group.name} are taken from a directory, and are changed there.",
        status=409,
    )


def obstacle(group: Group, actor: Person) -> Refusal | None:
    """Why somebody cannot change who is in the group at all; None where they can."""
    if group.rank is not None and Privilege.EDIT_POLICIES not in privileges(actor):
        return Refusal(
            "group_policy_needed",
            "This group has a policy of its own, so whoever is in it may enrol other keys. Only "
            "those who may change policies change who is in it.",
            status=403,
        )
    return None


def _by_hand(session: Session, group: Group) -> None:
    source = select(GroupSource.id).where(GroupSource.group_id == group.id)
    if session.scalar(source) is not None:
        raise taken(group)


def _may_change(group: Group, person: Person, actor: Person | None) -> None:
    if actor is None:
        return
    refused = obstacle(group, actor)
    if refused is not None:
        raise refused
    if holds_more(person, actor):
        raise Refusal(
            "person_holds_more",
            f"{person.display_name} may do more than you, so you cannot change their groups.",
            status=403,
        )


def _serving(session: Session, group: Group) -> list[Directory]:
    """The directories that serve their chosen people, this group among them."""
    return list(
        session.scalars(
            select(Directory)
            .join(DirectoryGroup, DirectoryGroup.directory_id == Directory.id)
            .where(
                DirectoryGroup.group_id == group.id,
                Directory.serves == Serves.CHOSEN,
                in_service(),
            )
            .order_by(Directory.id)
        )
    )


def _record(
    session: Session,
    tag: audit.Tag,
    group: Group,
    person: Person,
    *,
    actor: Person | None,
    now: datetime,
) -> None:
    audit.record(
        session,
        tag,
        now=now,
        actor=actor,
        person=person,
        group=str(group.uuid),
        name=group.name,
    )
