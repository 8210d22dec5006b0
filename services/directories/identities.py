"""Which record of a directory belongs to which person: what is written here of it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Directory, Identity, Passkey, Person, Placement, PlacementState
from services.serving import serves


def by_remote_id(session: Session, directory: Directory, remote_id: str) -> Identity | None:
    """The link of a record, by the directory's own id for it; None for a text that can be no id."""
    if not remote_id.isprintable():
        return None  # it came from an address; PostgreSQL's driver raises for such texts
    return session.scalar(
        select(Identity).where(
            Identity.directory_id == directory.id, Identity.remote_id == remote_id
        )
    )


def of(session: Session, directory: Directory, person: Person) -> Identity | None:
    """The person's link in one directory."""
    return session.scalar(
        select(Identity).where(
            Identity.directory_id == directory.id, Identity.person_id == person.id
        )
    )


def linked(
    session: Session, directory: Directory, remote_ids: Collection[str]
) -> dict[str, Person]:
    """The people to whom these records are linked, by the directory's id."""
    found = session.scalars(
        select(Identity).where(
            Identity.directory_id == directory.id, Identity.remote_id.in_(remote_ids)
        )
    )
    return {one.remote_id: one.person for one in found}


def linked_people(
    session: Session, directory: Directory, people: Collection[Person]
) -> dict[int, str]:
    """The records to which these people are linked, by the person's key."""
    found = session.execute(
        select(Identity.person_id, Identity.remote_id).where(
            Identity.directory_id == directory.id,
            Identity.person_id.in_([one.id for one in people]),
        )
    )
    return {row[0]: row[1] for row in found}


def of_person(session: Session, person: Person) -> list[Identity]:
    """Every link of the person, by the directory's name; directories that have ended aside."""
    return list(
        session.scalars(
            select(Identity)
            .join(Directory, Identity.directory_id == Directory.id)
            .where(Identity.person_id == person.id, Directory.ended_at.is_(None))
            .order_by(Directory.name)
        )
    )


def without(session: Session, person: Person) -> list[Directory]:
    """The directories in which the person can still be linked to a record, by name."""
    if person.ended_at is not None:
        return []
    known = select(Identity.directory_id).where(Identity.person_id == person.id)
    return list(
        session.scalars(
            select(Directory)
            .where(
                Directory.added_at.is_not(None),
                Directory.verified_at.is_not(None),
                Directory.ended_at.is_(None),
                Directory.id.not_in(known),
            )
            .order_by(Directory.name)
        )
    )


def is_served(session: Session, directory: Directory, person: Person) -> bool:
    """Whether the directory serves the person, so that their passkeys are delivered to it."""
    found = select(Directory.id).where(Directory.id == directory.id, serves(person.id))
    return session.scalar(found) is not None


def placed(session: Session, directory: Directory, person: Person) -> int:
    """How many of the person's passkeys the directory has confirmed."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Placement)
            .join(Passkey, Placement.passkey_id == Passkey.id)
            .where(
                Placement.directory_id == directory.id,
                Passkey.person_id == person.id,
                Placement.actual == PlacementState.PRESENT,
            )
        )
        or 0
    )


def pending(session: Session, directory: Directory, person: Person) -> bool:
    """Whether the directory may still have what it began for a passkey of the person, neither
    finished nor taken back.
    """
    found = (
        select(Placement.id)
        .join(Passkey, Placement.passkey_id == Passkey.id)
        .where(
            Placement.directory_id == directory.id,
            Passkey.person_id == person.id,
            Placement.actual == PlacementState.ABSENT,
            Placement.begun.is_not(None),
        )
    )
    return session.scalar(found.limit(1)) is not None
