"""Finding people: by words, by whether they may get in, by their keys and by their roles."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from models import Passkey, Person, RoleGrant
from services.paging import Slice, newest_first
from services.people import matching

CHUNK = 500


class Shown(StrEnum):
    """The views of the list."""

    ALL = "all"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


class Keys(StrEnum):
    """Whether people have a passkey that works."""

    ANY = "any"
    WITH = "with"
    WITHOUT = "without"


@dataclass(frozen=True)
class Filters:
    """What a list of people is narrowed to."""

    query: str = ""
    shown: Shown = Shown.ALL
    keys: Keys = Keys.ANY
    role: str = ""
    """A role's key; empty for whatever role, or none."""


def search(
    session: Session,
    filters: Filters,
    *,
    older: uuid.UUID | None = None,
    newer: uuid.UUID | None = None,
) -> Slice[Person]:
    """One page of the people, newest first.

    Args:
        older: the page after this person; `newer`: the page before.
    """
    statement = select(Person).where(*_narrowed(filters))
    return newest_first(session, statement, Person, older=older, newer=newer)


def counts(session: Session, filters: Filters) -> dict[Shown, int]:
    """How many people each view has, by the other filters."""
    views = _views()
    tallies = [func.coalesce(func.sum(case((one, 1), else_=0)), 0) for one in views.values()]
    statement = select(func.count(), *tallies).select_from(Person).where(*_but_view(filters))
    return dict(zip((Shown.ALL, *views), session.execute(statement).one(), strict=True))


def everyone(session: Session, filters: Filters) -> Iterator[list[Person]]:
    """All of them, newest first, some at a time."""
    last: int | None = None
    while True:
        statement = select(Person).where(*_narrowed(filters))
        if last is not None:
            statement = statement.where(Person.id < last)
        found = list(session.scalars(statement.order_by(Person.id.desc()).limit(CHUNK)))
        if found:
            yield found
        if len(found) < CHUNK:
            return
        last = found[-1].id


def state(person: Person) -> Shown:
    """The view that the person is in."""
    if person.ended_at is not None:
        return Shown.LEFT
    return Shown.ACTIVE if person.suspended_at is None else Shown.SUSPENDED


def _views() -> dict[Shown, ColumnElement[bool]]:
    here, free = Person.ended_at.is_(None), Person.suspended_at.is_(None)
    return {Shown.ACTIVE: here & free, Shown.SUSPENDED: here & ~free, Shown.LEFT: ~here}


def _narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    view = _views().get(filters.shown)
    return _but_view(filters) + ([] if view is None else [view])


def _but_view(filters: Filters) -> list[ColumnElement[bool]]:
    conditions = matching(filters.query)
    if filters.keys is not Keys.ANY:
        live = (
            select(Passkey.id)
            .where(Passkey.person_id == Person.id, Passkey.ended_at.is_(None))
            .exists()
        )
        conditions.append(live if filters.keys is Keys.WITH else ~live)
    if filters.role:
        conditions.append(
            select(RoleGrant.id)
            .where(RoleGrant.person_id == Person.id, RoleGrant.role == filters.role)
            .exists()
        )
    return conditions
