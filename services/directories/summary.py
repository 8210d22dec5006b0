"""The directories at a glance, with what is owed to each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from models import (
    Delivery,
    DeliveryState,
    Directory,
    DirectoryGroup,
    DirectoryPerson,
    GroupMember,
    Identity,
    Person,
    Placement,
    PlacementState,
    Serves,
)


@dataclass(frozen=True)
class Summary:
    """One directory and its numbers."""

    directory: Directory
    people: int
    """How many people it serves."""
    linked: int
    """How many people here are linked with their identity there."""
    placed: int
    """Passkeys that it confirmed."""
    waiting: int
    """Deliveries on their way."""
    held: int
    """Deliveries that wait for a human: held, or in need of a new touch."""


def summaries(session: Session) -> list[Summary]:
    """Every directory that has not ended, drafts included, by name; six queries in all."""
    directories = session.scalars(
        select(Directory).where(Directory.ended_at.is_(None)).order_by(Directory.name, Directory.id)
    ).all()
    here = Person.ended_at.is_(None)
    everyone = session.scalar(select(func.count(Person.id)).where(here)) or 0
    # Whoever is chosen and in a chosen group, or in two, counts once: UNION leaves doubles out.
    served = union(
        select(DirectoryPerson.directory_id, DirectoryPerson.person_id),
        select(DirectoryGroup.directory_id, GroupMember.person_id).join(
            GroupMember, GroupMember.group_id == DirectoryGroup.group_id
        ),
    ).subquery()
    chosen = _counts(
        session,
        select(served.c.directory_id, func.count())
        .join(Person, Person.id == served.c.person_id)
        .where(here)
        .group_by(served.c.directory_id),
    )
    linked = _counts(
        session,
        select(Identity.directory_id, func.count()).group_by(Identity.directory_id),
    )
    placed = _counts(
        session,
        select(Placement.directory_id, func.count())
        .where(Placement.actual == PlacementState.PRESENT)
        .group_by(Placement.directory_id),
    )
    states: defaultdict[tuple[int, DeliveryState], int] = defaultdict(int)
    open_states = (
        DeliveryState.WAITING,
        DeliveryState.RUNNING,
        DeliveryState.HELD,
        DeliveryState.NEEDS_TOUCH,
    )
    for directory_id, state, count in session.execute(
        select(Delivery.directory_id, Delivery.state, func.count())
        .where(Delivery.state.in_(open_states))
        .group_by(Delivery.directory_id, Delivery.state)
    ):
        states[directory_id, state] = count
    return [
        Summary(
            directory=directory,
            people=everyone if directory.serves is Serves.EVERYONE else chosen.get(directory.id, 0),
            linked=linked.get(directory.id, 0),
            placed=placed.get(directory.id, 0),
            waiting=states[directory.id, DeliveryState.WAITING]
            + states[directory.id, DeliveryState.RUNNING],
            held=states[directory.id, DeliveryState.HELD]
            + states[directory.id, DeliveryState.NEEDS_TOUCH],
        )
        for directory in directories
    ]


def _counts(session: Session, statement: Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(statement)}
