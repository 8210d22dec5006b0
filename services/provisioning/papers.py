"""Invitations on paper: the links of a page of letters, made when the page is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models import Person, ProvisioningRequest, RequestPerson
from services import audit
from services.provisioning import minting, settlement
from services.provisioning.admission import unfinished
from services.provisioning.records import lock
from services.roles import holds_more

SIZE = 50
"""Letters of one page."""


@dataclass(frozen=True)
class Paper:
    """A letter with its link, which is shown this once."""

    place: RequestPerson
    person: Person
    last_day: date
    reminder: bool
    token: str = field(repr=False)


def count(session: Session, request: ProvisioningRequest) -> int:
    """How many people of the request may be given a letter."""
    found = select(func.count()).select_from(RequestPerson).where(*_open(request))
    return session.scalar(found) or 0


def next_page(
    session: Session,
    request: ProvisioningRequest,
    *,
    actor: Person,
    after: uuid.UUID | None,
    now: datetime,
) -> list[RequestPerson]:
    """The next people who may be given a letter by this actor, in the order of the request.

    Args:
        after: the last one of the page before.
    """
    statement = select(RequestPerson).where(*_open(request)).order_by(RequestPerson.id).limit(SIZE)
    last = session.scalar(select(RequestPerson.id).where(RequestPerson.uuid == after))
    found: list[RequestPerson] = []
    while len(found) < SIZE:
        places = session.scalars(statement.where(RequestPerson.id > (last or 0))).all()
        found += [one for one in places if may(request, one, actor=actor, now=now)]
        if len(places) < SIZE:
            break
        last = places[-1].id
    return found[:SIZE]


def make(
    session: Session,
    request: ProvisioningRequest,
    names: Sequence[str],
    *,
    actor: Person,
    now: datetime,
) -> list[Paper]:
    """Make the links of these people's letters; those that they had are dead from now on.

    Raises:
        Refusal: `request_changed`, and as `minting.mint`.
    """
    lock(session, request)
    chosen = session.scalars(
        select(RequestPerson)
        .where(*_open(request), RequestPerson.uuid.in_(_uuids(names)))
        .order_by(RequestPerson.id)
        .limit(SIZE)
    ).all()
    made = []
    for place in chosen:
        if not may(request, place, actor=actor, now=now) or place.person is None:
            continue
        reminder = place.invited_at is not None
        link = minting.mint(session, place.id, actor=actor, now=now)
        day = request.last_day or link.link.expires_at.date()
        made.append(Paper(place, place.person, day, reminder, link.token))
    if made:
        settlement.settle(session, request, now=now)
        audit.record(
            session,
            audit.Tag.REQUEST_LETTERS_MADE,
            now=now,
            actor=actor,
            request=str(request.uuid),
            name=request.name,
            people=len(made),
        )
    return made


def may(
    request: ProvisioningRequest, place: RequestPerson, *, actor: Person, now: datetime
) -> bool:
    """Whether this actor may give the person a letter."""
    person = place.person
    return (
        person is not None
        and person.active
        and not holds_more(person, actor)
        and minting.mintable(request, place, now=now)
    )


def _open(request: ProvisioningRequest) -> tuple[ColumnElement[bool], ...]:
    return (
        RequestPerson.request_id == request.id,
        RequestPerson.person_id.is_not(None),
        unfinished(),
    )


def _uuids(names: Sequence[str]) -> list[uuid.UUID]:
    found = []
    for name in names[:SIZE]:
        try:
            found.append(uuid.UUID(name))
        except ValueError:
            continue
    return found
