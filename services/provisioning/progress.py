"""How far the people of a request are: what enrolments, desks and deliveries say of them.

Whoever changes a person of a request and more takes the request's row first, then links, then the
person's: always in this order, so that nobody waits in a circle.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import EnrolmentLink, Passkey, RequestPasskey, RequestPerson, RequestState
from services.refusal import Refusal

OPEN = (RequestState.PENDING, RequestState.STARTED)
"""The states in which something may still happen by itself."""
LEADS_ON = (RequestState.STARTED, RequestState.FAILED, RequestState.EXPIRED)
"""The states of people whom a directory may yet confirm."""


def hold(session: Session, place_id: int) -> RequestPerson:
    """The person of a request as they are now, held until the transaction ends."""
    return session.get_one(
        RequestPerson,
        place_id,
        populate_existing=True,
        with_for_update={"key_share": True, "of": RequestPerson},
    )


def began(session: Session, link: EnrolmentLink, *, now: datetime) -> None:
    """Note that somebody began with a link, where a request has it."""
    if link.request_person_id is not None:
        start(session, hold(session, link.request_person_id), now=now)


def start(session: Session, place: RequestPerson, *, now: datetime) -> None:
    """Note that the enrolment of a held person has begun, by a link or at a desk."""
    if place.state is RequestState.PENDING or (
        place.state is RequestState.FAILED and place.person_id is not None
    ):
        place.state = RequestState.STARTED
        place.code = place.reason = place.finished_at = None
        place.started_at = place.started_at or now
        place.check_at = now


def finished(session: Session, place: RequestPerson, passkey: Passkey, *, now: datetime) -> None:
    """Note that a passkey was registered for a request, in the transaction that stores it.

    One of several touches, or the only one. Wake the workers after the transaction: they settle
    what it leads to.

    Raises:
        Refusal: `request_closed`, which takes the passkey back with the transaction.
    """
    place = hold(session, place.id)
    if place.state in (RequestState.CANCELLED, RequestState.EXPIRED):
        raise Refusal(
            "request_closed",
            "This request is not open any more. Nothing was registered for it.",
            status=409,
        )
    known = session.scalar(
        select(RequestPasskey.id).where(
            RequestPasskey.request_person_id == place.id, RequestPasskey.passkey_id == passkey.id
        )
    )
    if known is None:
        session.add(
            RequestPasskey(request_person_id=place.id, passkey_id=passkey.id, registered_at=now)
        )
    start(session, place, now=now)
    place.check_at = now


def unreached(session: Session, place_id: int, why: str, *, now: datetime) -> None:
    """Note that somebody's mail was given up, unless they are done or went on without it."""
    place = hold(session, place_id)
    if place.state is RequestState.PENDING:
        place.state, place.finished_at, place.check_at = RequestState.FAILED, now, now
        place.code, place.reason = "mail_failed", f"The mail was not sent. {why}"[:1000]


def take_up(place: RequestPerson) -> None:
    """Let a held person who had failed go on."""
    if place.state is RequestState.FAILED:
        place.state = RequestState.STARTED if place.started_at else RequestState.PENDING
        place.code = place.reason = place.finished_at = None


def delivered(session: Session, person_id: int, *, now: datetime) -> None:
    """Look again at somebody of whose deliveries one was settled."""
    session.execute(
        update(RequestPerson)
        .where(
            RequestPerson.person_id == person_id,
            RequestPerson.state.in_(LEADS_ON),
        )
        .values(check_at=now)
        .execution_options(synchronize_session=False)
    )
