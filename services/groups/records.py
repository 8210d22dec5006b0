"""The record of a group: made, renamed, ended."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Directory, DirectoryGroup, Group, GroupSource, Person
from services import audit
from services.paging import Slice, newest_first
from services.people import tidy
from services.refusal import Refusal

NAME_LENGTH = 128
DESCRIPTION_LENGTH = 256


def get(session: Session, address: uuid.UUID) -> Group | None:
    """The group of an address in a URL, unless it has ended."""
    return session.scalar(select(Group).where(Group.uuid == address, Group.ended_at.is_(None)))


def lock(session: Session, group: Group) -> None:
    """Keep the group as it is until the transaction ends.

    Whoever changes who is in it, or what follows from being in it, comes one after the other.

    Raises:
        Refusal: `group_unknown` where somebody ended it at this moment.
    """
    session.refresh(group, with_for_update={"of": Group})
    if group.ended_at is not None:
        raise Refusal("group_unknown", "There is no such group any more.", status=404)


def search(
    session: Session,
    query: str = "",
    *,
    older: uuid.UUID | None = None,
    newer: uuid.UUID | None = None,
) -> Slice[Group]:
    """One page of the groups whose names hold every word of `query`, newest first."""
    statement = select(Group).where(Group.ended_at.is_(None))
    for word in tidy(query).split():
        statement = statement.where(Group.name.icontains(word, autoescape=True))
    return newest_first(session, statement, Group, older=older, newer=newer)


def every(session: Session, *, limit: int) -> list[Group]:
    """The groups by name, as far as a list of choices goes."""
    return list(
        session.scalars(
            select(Group).where(Group.ended_at.is_(None)).order_by(Group.name).limit(limit)
        )
    )


def create(
    session: Session, *, name: str, description: str = "", actor: Person | None, now: datetime
) -> Group:
    """Make a group with nobody in it.

    Raises:
        Refusal: `group_name_missing`, `group_name_taken`.
    """
    group = Group(
        name=_free_name(session, name),
        description=tidy(description)[:DESCRIPTION_LENGTH],
        created_at=now,
    )
    session.add(group)
    _flush(session, group.name)
    audit.record(session, audit.Tag.GROUP_MADE, now=now, actor=actor, after=_record(group))
    return group


def edit(
    session: Session,
    group: Group,
    *,
    name: str,
    description: str,
    actor: Person | None,
    now: datetime,
) -> None:
    """Change what the group is called.

    Raises:
        Refusal: `group_unknown`, `group_name_missing`, `group_name_taken`.
    """
    lock(session, group)
    before = _record(group)
    if tidy(name) != group.name:
        group.name = _free_name(session, name, but=group)
    group.description = tidy(description)[:DESCRIPTION_LENGTH]
    _flush(session, group.name)
    if _record(group) != before:
        audit.record(
            session,
            audit.Tag.GROUP_EDITED,
            now=now,
            actor=actor,
            before=before,
            after=_record(group),
        )


def obstacle_to_end(session: Session, group: Group) -> Refusal | None:
    """Why the group cannot be ended as things stand; None where it can."""
    serving = session.scalars(
        select(Directory.name)
        .join(DirectoryGroup, DirectoryGroup.directory_id == Directory.id)
        .where(DirectoryGroup.group_id == group.id, Directory.ended_at.is_(None))
        .order_by(Directory.name)
    ).all()
    if serving:
        return Refusal(
            "group_served",
            f"{', '.join(serving)} {'serves' if len(serving) == 1 else 'serve'} this group. "
            "Take it from whom they serve first.",
            status=409,
        )
    if group.rank is not None:
        return Refusal(
            "group_has_policy",
            "This group has a policy of its own. Take that away first.",
            status=409,
        )
    return None


def end(session: Session, group: Group, *, actor: Person | None, now: datetime) -> None:
    """End a group that nothing depends on any more.

    Raises:
        Refusal: `group_unknown`, or as `obstacle_to_end`.
    """
    lock(session, group)
    refused = obstacle_to_end(session, group)
    if refused is not None:
        raise refused
    group.ended_at = now
    session.execute(delete(GroupSource).where(GroupSource.group_id == group.id))
    audit.record(session, audit.Tag.GROUP_ENDED, now=now, actor=actor, before=_record(group))


def _free_name(session: Session, name: str, *, but: Group | None = None) -> str:
    name = tidy(name)
    if not name or len(name) > NAME_LENGTH:
        raise Refusal("group_name_missing", "Enter a name of at most 128 characters for the group.")
    taken = session.scalar(
        select(Group.id).where(
            func.lower(Group.name) == name.lower(),
            Group.ended_at.is_(None),
            Group.id != (but.id if but else 0),
        )
    )
    if taken is not None:
        raise _name_taken(name)
    return name


def _flush(session: Session, name: str) -> None:
    try:
        session.flush()
    except IntegrityError:  # somebody else took the name in this very moment
        raise _name_taken(name) from None


def _name_taken(name: str) -> Refusal:
    return Refusal("group_name_taken", f"A group is called “{name}” already. Choose another name.")


def _record(group: Group) -> dict[str, object]:
    return {"group": str(group.uuid), "name": group.name, "description": group.description}
