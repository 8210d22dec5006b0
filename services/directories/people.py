"""Whom a directory serves: everyone, or chosen people and groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import Directory, DirectoryGroup, DirectoryPerson, Group, Person, Serves
from services import audit, groups
from services.deliveries import outbox
from services.deliveries.upsert import insert


def serve(
    session: Session, directory: Directory, serves: Serves, *, actor: Person | None, now: datetime
) -> None:
    """Serve everyone, or only the chosen people (whoever was chosen before stays chosen).

    Passkeys that the directory confirmed stay there; what was only on its way to people who are
    not served any more is given up. Newly served people's passkeys are counted by
    `outbox.unplaced` and delivered on request.
    """
    if directory.serves is serves:
        return
    before, directory.serves = directory.serves, serves
    session.flush()
    outbox.withdraw(session, directory, now=now)
    audit.record(
        session,
        audit.Tag.DIRECTORY_SERVES_CHANGED,
        now=now,
        actor=actor,
        directory=directory,
        before=before.value,
        after=serves.value,
    )


def choose(
    session: Session,
    directory: Directory,
    people: Sequence[Person],
    *,
    actor: Person | None,
    now: datetime,
) -> None:
    """Add people to the chosen ones."""
    for person in people:
        added = session.scalar(
            insert(session, DirectoryPerson)
            .values(directory_id=directory.id, person_id=person.id)
            .on_conflict_do_nothing(index_elements=["directory_id", "person_id"])
            .returning(DirectoryPerson.id)
        )
        if added is not None:
            _record(session, directory, person, "chosen", actor=actor, now=now)


def unchoose(
    session: Session, directory: Directory, person: Person, *, actor: Person | None, now: datetime
) -> None:
    """Take a person from the chosen ones; nothing happens when they are not one of them."""
    removed = session.scalar(
        delete(DirectoryPerson)
        .where(DirectoryPerson.directory_id == directory.id, DirectoryPerson.person_id == person.id)
        .returning(DirectoryPerson.id)
    )
    if removed is not None:
        outbox.withdraw(session, directory, now=now)
        _record(session, directory, person, "not_chosen", actor=actor, now=now)


def choose_group(
    session: Session, directory: Directory, group: Group, *, actor: Person | None, now: datetime
) -> None:
    """Serve the members of a group too, whoever they will be.

    The passkeys that its members have are counted by `outbox.unplaced` and delivered on request;
    those of whoever joins later follow by themselves.

    Raises:
        Refusal: `group_unknown` when it was ended at this moment.
    """
    groups.lock(session, group)
    added = session.scalar(
        insert(session, DirectoryGroup)
        .values(directory_id=directory.id, group_id=group.id)
        .on_conflict_do_nothing(index_elements=["directory_id", "group_id"])
        .returning(DirectoryGroup.id)
    )
    if added is not None:
        _record_group(session, directory, group, "chosen", actor=actor, now=now)


def unchoose_group(
    session: Session, directory: Directory, group: Group, *, actor: Person | None, now: datetime
) -> None:
    """Serve a group no longer; nothing happens when it is not chosen."""
    removed = session.scalar(
        delete(DirectoryGroup)
        .where(DirectoryGroup.directory_id == directory.id, DirectoryGroup.group_id == group.id)
        .returning(DirectoryGroup.id)
    )
    if removed is not None:
        outbox.withdraw(session, directory, now=now)
        _record_group(session, directory, group, "not_chosen", actor=actor, now=now)


def chosen_groups(session: Session, directory: Directory) -> list[Group]:
    """The chosen groups, by name."""
    return list(
        session.scalars(
            select(Group)
            .join(DirectoryGroup, DirectoryGroup.group_id == Group.id)
            .where(DirectoryGroup.directory_id == directory.id)
            .order_by(Group.name)
        )
    )


def serving_groups(session: Session, found: Sequence[Group]) -> dict[int, list[Directory]]:
    """The directories that chose each of these groups, by name, by the group's key."""
    rows = session.execute(
        select(DirectoryGroup.group_id, Directory)
        .join(Directory, DirectoryGroup.directory_id == Directory.id)
        .where(DirectoryGroup.group_id.in_([one.id for one in found]), Directory.ended_at.is_(None))
        .order_by(Directory.name)
    )
    serving: defaultdict[int, list[Directory]] = defaultdict(list)
    for group_id, directory in rows:
        serving[group_id].append(directory)
    return dict(serving)


def chosen(
    session: Session, directory: Directory, *, after: int = 0, limit: int = 50
) -> list[Person]:
    """The chosen people in the order of their ids, from the one after `after` on."""
    return list(
        session.scalars(
            select(Person)
            .join(DirectoryPerson, DirectoryPerson.person_id == Person.id)
            .where(DirectoryPerson.directory_id == directory.id, Person.id > after)
            .order_by(Person.id)
            .limit(limit)
        )
    )


def chosen_among(session: Session, directory: Directory, people: Sequence[Person]) -> set[int]:
    """The ids of those of the people who are chosen."""
    return set(
        session.scalars(
            select(DirectoryPerson.person_id).where(
                DirectoryPerson.directory_id == directory.id,
                DirectoryPerson.person_id.in_([person.id for person in people]),
            )
        )
    )


def _record_group(
    session: Session,
    directory: Directory,
    group: Group,
    what: str,
    *,
    actor: Person | None,
    now: datetime,
) -> None:
    audit.record(
        session,
        audit.Tag.DIRECTORY_SERVES_CHANGED,
        now=now,
        actor=actor,
        directory=directory,
        what=what,
        group=str(group.uuid),
        name=group.name,
    )


def _record(
    session: Session,
    directory: Directory,
    person: Person,
    what: str,
    *,
    actor: Person | None,
    now: datetime,
) -> None:
    audit.record(
        session,
        audit.Tag.DIRECTORY_SERVES_CHANGED,
        now=now,
        actor=actor,
        person=person,
        directory=directory,
        what=what,
    )
