"""How far the people of a request are: begun, registered, placed.

A person is done once a passkey was registered for the request and every directory of it has
confirmed one of theirs. What is in the way is read from the deliveries, so a delivery that is held
fails the person, and one that goes on, or a new touch, leads on from there.

Whoever changes a person of a request and more takes the request's row first, then links, then the
person's: always in this order, so that nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models import (
    Delivery,
    DeliveryState,
    Directory,
    EnrolmentLink,
    Passkey,
    Placement,
    PlacementState,
    ProvisioningRequest,
    RequestPasskey,
    RequestPerson,
    RequestState,
)
from services import audit
from services.serving import in_service

OPEN = (RequestState.PENDING, RequestState.STARTED)
"""The states in which something may still happen by itself."""
ALIVE = (*OPEN, RequestState.FAILED)
"""The states of people who may still become done."""
LOOK_AGAIN = timedelta(minutes=15)
"""How long until somebody who waits for a directory is looked at, should nobody say a word."""


@dataclass(frozen=True)
class Tally:
    """How many people of a request are in each state."""

    counts: dict[RequestState, int]

    def of(self, *states: RequestState) -> int:
        """How many are in one of these."""
        return sum(self.counts.get(one, 0) for one in states)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        """How many are neither done nor given up."""
        return self.of(*OPEN)

    @property
    def done(self) -> int:
        """How many are completed."""
        return self.of(RequestState.COMPLETED)


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
    """
    place = hold(session, place.id)
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
    if place.state in ALIVE:
        place.check_at = now


def delivered(session: Session, person_id: int, *, now: datetime) -> None:
    """Look again at somebody of whose deliveries one was settled."""
    session.execute(
        update(RequestPerson)
        .where(
            RequestPerson.person_id == person_id,
            RequestPerson.state.in_((RequestState.STARTED, RequestState.FAILED)),
        )
        .values(check_at=now)
        .execution_options(synchronize_session=False)
    )


def tally(session: Session, request: ProvisioningRequest) -> Tally:
    """How many people of the request are in each state."""
    return tallies(session, [request])[request.id]


def tallies(session: Session, requests: Collection[ProvisioningRequest]) -> dict[int, Tally]:
    """The tallies of several requests, by their keys, in one query."""
    counts: dict[int, dict[RequestState, int]] = {one.id: {} for one in requests}
    rows = session.execute(
        select(RequestPerson.request_id, RequestPerson.state, func.count())
        .where(RequestPerson.request_id.in_(counts))
        .group_by(RequestPerson.request_id, RequestPerson.state)
    )
    for request_id, state, count in rows:
        counts[request_id][state] = count
    return {key: Tally(found) for key, found in counts.items()}


def judge(session: Session, places: Sequence[RequestPerson], *, now: datetime) -> None:
    """Settle where held people stand, in a fixed number of queries for each request of theirs."""
    for request_id in sorted({one.request_id for one in places}):
        some = [one for one in places if one.request_id == request_id]
        request = session.get_one(ProvisioningRequest, request_id)
        wanted = _wanted(session, request)
        registered = _registered(session, some)
        placed = _placed(session, some, wanted)
        stuck = _stuck(session, some, wanted)
        for place in some:
            _judge(
                session,
                place,
                registered=registered.get(place.id, 0),
                missing=[one for one in wanted if (place.person_id, one.id) not in placed],
                stuck=stuck.get(place.person_id or 0, {}),
                now=now,
            )


def _judge(
    session: Session,
    place: RequestPerson,
    *,
    registered: int,
    missing: list[Directory],
    stuck: dict[int, Delivery],
    now: datetime,
) -> None:
    place.check_at = None
    if place.state not in ALIVE or not registered:
        return
    if not missing:
        place.state, place.finished_at = RequestState.COMPLETED, now
        place.code = place.reason = place.claimed_by_id = place.claim_until = None
        _record(session, audit.Tag.REQUEST_PERSON_COMPLETED, place, now=now)
        return
    place.check_at = now + LOOK_AGAIN
    why = next((stuck[one.id] for one in missing if one.id in stuck), None)
    if why is None:
        place.state = RequestState.STARTED
        place.code = place.reason = place.finished_at = None
    elif why.state is DeliveryState.NEEDS_TOUCH:
        place.state, place.finished_at = RequestState.STARTED, None
        place.code = "needs_touch"
        place.reason = f"{why.directory.name} needs a new touch: {why.reason or ''}".strip()[:1000]
    elif (place.state, place.code) != (RequestState.FAILED, why.code):
        place.state, place.finished_at = RequestState.FAILED, now
        place.code = (why.code or "delivery.held")[:64]
        place.reason = f"{why.directory.name}: {why.reason or why.said or 'it refused.'}"[:1000]
        _record(session, audit.Tag.REQUEST_PERSON_FAILED, place, now=now)


def _wanted(session: Session, request: ProvisioningRequest) -> list[Directory]:
    keys = [one.directory_id for one in request.directories]
    return list(
        session.scalars(
            select(Directory).where(Directory.id.in_(keys), in_service()).order_by(Directory.name)
        )
    )


def _registered(session: Session, places: Sequence[RequestPerson]) -> dict[int, int]:
    """How many living passkeys each person registered for the request."""
    rows = session.execute(
        select(RequestPasskey.request_person_id, func.count())
        .join(Passkey, RequestPasskey.passkey_id == Passkey.id)
        .where(
            RequestPasskey.request_person_id.in_([one.id for one in places]),
            Passkey.ended_at.is_(None),
        )
        .group_by(RequestPasskey.request_person_id)
    )
    return {row[0]: row[1] for row in rows}


def _placed(
    session: Session, places: Sequence[RequestPerson], wanted: Sequence[Directory]
) -> set[tuple[int | None, int]]:
    """The people and directories where a living passkey is confirmed."""
    return placed(session, [one.person_id for one in places if one.person_id], wanted)


def placed(
    session: Session, people: Collection[int], directories: Sequence[Directory]
) -> set[tuple[int | None, int]]:
    """Which of these directories have confirmed a living passkey of which of these people."""
    rows = session.execute(
        select(Passkey.person_id, Placement.directory_id)
        .join(Placement, Placement.passkey_id == Passkey.id)
        .where(
            Passkey.person_id.in_(people),
            Passkey.ended_at.is_(None),
            Placement.directory_id.in_([one.id for one in directories]),
            Placement.wanted == PlacementState.PRESENT,
            Placement.actual == PlacementState.PRESENT,
        )
        .distinct()
    )
    return {(row[0], row[1]) for row in rows}


def _stuck(
    session: Session, places: Sequence[RequestPerson], wanted: Sequence[Directory]
) -> dict[int, dict[int, Delivery]]:
    """The newest delivery of the request's passkeys that only a human leads on, by person and
    directory.
    """
    newest = (
        select(func.max(Delivery.id))
        .join(RequestPasskey, RequestPasskey.passkey_id == Delivery.passkey_id)
        .where(
            RequestPasskey.request_person_id.in_([one.id for one in places]),
            Delivery.directory_id.in_([one.id for one in wanted]),
            Delivery.state != DeliveryState.DROPPED,
        )
        .group_by(Delivery.person_id, Delivery.directory_id)
    )
    found: dict[int, dict[int, Delivery]] = {}
    for one in session.scalars(
        select(Delivery).where(
            Delivery.id.in_(newest),
            Delivery.state.in_((DeliveryState.HELD, DeliveryState.NEEDS_TOUCH)),
        )
    ):
        found.setdefault(one.person_id, {})[one.directory_id] = one
    return found


def _record(session: Session, tag: audit.Tag, place: RequestPerson, *, now: datetime) -> None:
    audit.record(
        session,
        tag,
        now=now,
        person=place.person,
        request=str(place.request.uuid),
        name=place.request.name,
        code=place.code,
    )
