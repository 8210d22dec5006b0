"""Finding requests and their people, for pages."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from models import Person, ProvisioningRequest, RequestPerson, RequestState
from services import people
from services.paging import Slice, in_order, newest_first
from services.provisioning.progress import OPEN
from services.provisioning.settlement import Tally, tallies
from services.refusal import Refusal


def get(session: Session, address: uuid.UUID, *, viewer: Person) -> ProvisioningRequest | None:
    """The request of an address in a URL; a draft is there only for whoever began it."""
    found = session.scalar(
        select(ProvisioningRequest).where(
            ProvisioningRequest.uuid == address, ProvisioningRequest.ended_at.is_(None)
        )
    )
    if found is None or (found.state is RequestState.DRAFT and found.created_by_id != viewer.id):
        return None
    return found


def is_deleted(session: Session, address: uuid.UUID) -> bool:
    """Whether the request of an address was deleted."""
    found = select(ProvisioningRequest.id).where(
        ProvisioningRequest.uuid == address, ProvisioningRequest.ended_at.is_not(None)
    )
    return session.scalar(found) is not None


def place(
    session: Session, request: ProvisioningRequest, address: uuid.UUID
) -> RequestPerson | None:
    """One person of a request, by the address in a URL."""
    return session.scalar(
        select(RequestPerson).where(
            RequestPerson.request_id == request.id, RequestPerson.uuid == address
        )
    )


def lock(session: Session, request: ProvisioningRequest) -> None:
    """Hold the request as it is now until the transaction ends.

    Raises:
        Refusal: `request_changed` when it was deleted at this moment.
    """
    found = session.scalar(
        select(ProvisioningRequest)
        .where(ProvisioningRequest.id == request.id, ProvisioningRequest.ended_at.is_(None))
        .with_for_update(key_share=True, of=ProvisioningRequest)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise changed()


def own_draft(session: Session, request: ProvisioningRequest, actor: Person) -> None:
    """Hold a draft of the actor's own until the transaction ends.

    Raises:
        Refusal: `request_changed` when it is none.
    """
    lock(session, request)
    if request.state is not RequestState.DRAFT or request.created_by_id != actor.id:
        raise changed()


def changed() -> Refusal:
    """Why something cannot be done to a request any more."""
    return Refusal(
        "request_changed",
        "Somebody changed this request meanwhile, so nothing was done. Look at it again.",
        status=409,
    )


def search(
    session: Session,
    query: str = "",
    *,
    viewer: Person,
    states: Collection[RequestState] = (),
    older: uuid.UUID | None = None,
    newer: uuid.UUID | None = None,
) -> Slice[ProvisioningRequest]:
    """One page of the requests whose names hold every word of `query`, newest first.

    Args:
        states: only these; empty for all.
        older: the page after this request; `newer`: the page before.
    """
    statement = select(ProvisioningRequest).where(*_seen(viewer), *_named(query))
    if states:
        statement = statement.where(ProvisioningRequest.state.in_(states))
    return newest_first(session, statement, ProvisioningRequest, older=older, newer=newer)


def counts(session: Session, query: str = "", *, viewer: Person) -> dict[RequestState, int]:
    """How many requests are in each state."""
    rows = session.execute(
        select(ProvisioningRequest.state, func.count())
        .where(*_seen(viewer), *_named(query))
        .group_by(ProvisioningRequest.state)
    )
    return {row[0]: row[1] for row in rows}


def open_now(session: Session, *, limit: int) -> list[tuple[ProvisioningRequest, Tally]]:
    """The requests that somebody waits for, newest first, with how far they are."""
    found = session.scalars(
        select(ProvisioningRequest)
        .where(ProvisioningRequest.ended_at.is_(None), ProvisioningRequest.state.in_(OPEN))
        .order_by(ProvisioningRequest.id.desc())
        .limit(limit)
    ).all()
    counted = tallies(session, found)
    return [(one, counted[one.id]) for one in found]


def people_of(
    session: Session,
    request: ProvisioningRequest,
    query: str = "",
    *,
    state: RequestState | None = None,
    after: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
) -> Slice[RequestPerson]:
    """One page of a request's people, in the order in which they were taken in.

    Args:
        query: words that their names or address hold, or what the source said of them.
        state: only those in this one.
        after: the page after this person; `before`: the page before.
    """
    statement = select(RequestPerson).where(RequestPerson.request_id == request.id)
    if query:
        statement = statement.join(
            Person, RequestPerson.person_id == Person.id, isouter=True
        ).where(*_matching(query))
    if state is not None:
        statement = statement.where(RequestPerson.state == state)
    return in_order(session, statement, RequestPerson, after=after, before=before)


def _matching(query: str) -> list[ColumnElement[bool]]:
    return [
        or_(
            known,
            RequestPerson.name.icontains(word, autoescape=True),
            RequestPerson.email.icontains(word, autoescape=True),
        )
        for word, known in zip(people.tidy(query).split(), people.matching(query), strict=True)
    ]


def _seen(viewer: Person) -> list[ColumnElement[bool]]:
    own = or_(
        ProvisioningRequest.state != RequestState.DRAFT,
        ProvisioningRequest.created_by_id == viewer.id,
    )
    return [ProvisioningRequest.ended_at.is_(None), own]


def _named(query: str) -> list[ColumnElement[bool]]:
    return [
        ProvisioningRequest.name.icontains(word, autoescape=True)
        for word in people.tidy(query).split()
    ]
