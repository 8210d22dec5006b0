"""Groups that are taken from a directory's group: from which, by whom, and letting go of it.

From then on the worker keeps the members in step (`services.groups.step`), with the word of whoever
took it: nobody gets into the group, or out of it, whose groups they could not change themselves.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directories import base
from models import Directory, Group, GroupSource, Person
from services import audit
from services.groups.members import obstacle, taken
from services.groups.records import lock
from services.refusal import Refusal
from services.serving import LISTING_GROUPS, in_service


def of(session: Session, group: Group) -> GroupSource | None:
    """Where the group's members come from; None for one that is made here."""
    return session.scalar(select(GroupSource).where(GroupSource.group_id == group.id))


def offered(session: Session) -> list[Directory]:
    """The directories from which a group can be taken, by name."""
    return list(
        session.scalars(
            select(Directory)
            .where(Directory.type.in_(LISTING_GROUPS), in_service())
            .order_by(Directory.name)
        )
    )


def take(
    session: Session,
    group: Group,
    directory: Directory,
    there: base.Group,
    *,
    actor: Person,
    now: datetime,
) -> GroupSource:
    """Take the group's members from a directory's group from now on; the worker begins at once.

    Members that it has already leave it once the directory has told all of its own.

    Args:
        there: the directory's group.

    Raises:
        Refusal: `group_unknown`, `group_policy_needed`; `group_taken` where it is taken already;
            `directory_not_in_service`.
    """
    lock(session, group)
    _may_change(group, actor)
    if of(session, group) is not None:
        raise taken(group)
    if directory.added_at is None or directory.verified_at is None or directory.ended_at:
        raise Refusal(
            "directory_not_in_service",
            "This directory is not verified yet. Test the connection first.",
            status=409,
        )
    source = GroupSource(
        group_id=group.id,
        directory_id=directory.id,
        remote_id=there.remote_id,
        remote_name=there.name,
        taken_by_id=actor.id,
        taken_at=now,
        due_at=now,
    )
    session.add(source)
    session.flush()
    _record(session, audit.Tag.GROUP_TAKEN, source, group, actor=actor, now=now)
    return source


def let_go(session: Session, group: Group, *, actor: Person, now: datetime) -> bool:
    """Keep the group in step no longer: its members stay, and are changed by hand.

    Raises:
        Refusal: `group_unknown`, `group_policy_needed`.

    Returns:
        Whether it was taken from a directory.
    """
    lock(session, group)
    _may_change(group, actor)
    source = of(session, group)
    if source is None:
        return False
    _record(session, audit.Tag.GROUP_LET_GO, source, group, actor=actor, now=now)
    session.delete(source)
    return True


def hurry(session: Session, group: Group, *, now: datetime) -> bool:
    """Let the worker bring the group in step now, unless one does at this moment.

    Raises:
        Refusal: `group_unknown`.

    Returns:
        Whether it is taken from a directory.
    """
    lock(session, group)
    source = of(session, group)
    if source is None:
        return False
    if source.lease_until is None or source.lease_until <= now:
        source.due_at = min(source.due_at, now)
    return True


def _may_change(group: Group, actor: Person) -> None:
    refused = obstacle(group, actor)
    if refused is not None:
        raise refused


def _record(
    session: Session,
    tag: audit.Tag,
    source: GroupSource,
    group: Group,
    *,
    actor: Person,
    now: datetime,
) -> None:
    audit.record(
        session,
        tag,
        now=now,
        actor=actor,
        directory=session.get_one(Directory, source.directory_id),
        group=str(group.uuid),
        name=group.name,
        remote_id=source.remote_id,
        remote_name=source.remote_name,
    )
