"""Giving up: a person of a request, a whole request, one whose last day is over; and deleting one.

Each is a handful of statements, however many people there are, in one transaction: from then on no
link of theirs can be opened or finished, no mail waits, and no ceremony of theirs ends well.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from models import (
    Mail,
    MailState,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestSource,
    RequestState,
)
from services import audit
from services.provisioning import minting, settlement
from services.provisioning.progress import OPEN
from services.provisioning.records import changed, lock
from services.refusal import Refusal


def cancel(session: Session, request: ProvisioningRequest, *, actor: Person, now: datetime) -> int:
    """Give the request up: whoever is done stays done, and nobody else enrols by it.

    Wake the workers after the transaction.

    Raises:
        Refusal: `request_changed`, or `request_closed` where nothing is left to give up.

    Returns:
        How many people were given up.
    """
    lock(session, request)
    if request.state is RequestState.DRAFT:
        raise changed()
    if request.state not in (*OPEN, RequestState.FAILED):
        raise Refusal(
            "request_closed",
            f"This request is {request.state.value} already: there is nothing to cancel.",
            status=409,
        )
    count = _close(session, request, RequestState.CANCELLED, now=now)
    request.state, request.finished_at, request.due_at = RequestState.CANCELLED, now, None
    request.gathered_at = request.gathered_at or now  # nobody more is taken in
    _record(session, audit.Tag.REQUEST_CANCELLED, request, actor=actor, now=now, people=count)
    return count


def cancel_person(session: Session, place: RequestPerson, *, actor: Person, now: datetime) -> None:
    """Give one person of a request up. Wake the workers after the transaction.

    Raises:
        Refusal: `request_changed`, or `request_closed` where they are done or given up.
    """
    request = place.request
    lock(session, request)
    if not _close(
        session,
        request,
        RequestState.CANCELLED,
        RequestPerson.id == place.id,
        states=(*OPEN, RequestState.FAILED),
        now=now,
    ):
        raise Refusal(
            "request_closed",
            "This person is done, or was given up already: there is nothing to cancel.",
            status=409,
        )
    _record(
        session,
        audit.Tag.REQUEST_PERSON_CANCELLED,
        request,
        actor=actor,
        person=place.person,
        now=now,
    )
    settlement.settle(session, request, now=now)


def expire(session: Session, request: ProvisioningRequest, *, now: datetime) -> int:
    """Give up whoever is still open in a held request whose last day is over.

    Returns:
        How many there were.
    """
    if request.ends_at is None or request.ends_at > now or request.state is RequestState.DRAFT:
        return 0
    request.gathered_at = request.gathered_at or now
    request.remind_at = None
    count = _close(session, request, RequestState.EXPIRED, now=now)
    if count:
        _record(session, audit.Tag.REQUEST_EXPIRED, request, actor=None, now=now, people=count)
    settlement.settle(session, request, now=now)
    return count


def delete(session: Session, request: ProvisioningRequest, *, actor: Person, now: datetime) -> None:
    """End a request's record: whoever is open is given up first. The audit trail keeps it.

    Raises:
        Refusal: `request_changed`; drafts are discarded instead.
    """
    lock(session, request)
    if request.state is RequestState.DRAFT:
        raise changed()
    count = _close(session, request, RequestState.CANCELLED, now=now)
    if request.state in OPEN:
        request.state, request.finished_at = RequestState.CANCELLED, now
    request.ended_at, request.due_at = now, None
    session.execute(
        update(RequestPerson)
        .where(RequestPerson.request_id == request.id)
        .values(check_at=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(RequestSource)
        .where(RequestSource.request_id == request.id)
        .values(content=None)
        .execution_options(synchronize_session=False)
    )
    _record(session, audit.Tag.REQUEST_DELETED, request, actor=actor, now=now, people=count)


def _close(
    session: Session,
    request: ProvisioningRequest,
    state: RequestState,
    *which: ColumnElement[bool],
    states: tuple[RequestState, ...] = OPEN,
    now: datetime,
) -> int:
    """Give up the open people of a held request, or some of them."""
    own = (RequestPerson.request_id == request.id, *which)
    places = select(RequestPerson.id).where(*own)
    session.execute(
        update(Mail)
        .where(Mail.request_person_id.in_(places), Mail.state == MailState.WAITING)
        .values(state=MailState.STOPPED, settled_at=now)
        .execution_options(synchronize_session=False)
    )
    minting.revoke(session, minting.links_of(places), now=now)
    at_desks = session.scalars(
        select(RequestPerson).where(*own, RequestPerson.claimed_by_id.is_not(None))
    ).all()
    minting.end_desks(session, at_desks, now=now)
    closed = session.scalars(
        update(RequestPerson)
        .where(*own, RequestPerson.state.in_(states))
        .values(
            state=state,
            finished_at=now,
            code=None,
            reason=None,
            claimed_by_id=None,
            claim_until=None,
        )
        .returning(RequestPerson.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.expire_all()
    return len(closed)


def _record(
    session: Session,
    tag: audit.Tag,
    request: ProvisioningRequest,
    *,
    actor: Person | None,
    now: datetime,
    person: Person | None = None,
    **more: Any,
) -> None:
    audit.record(
        session,
        tag,
        now=now,
        actor=actor,
        person=person,
        request=str(request.uuid),
        name=request.name,
        **more,
    )
