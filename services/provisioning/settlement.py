"""Where requests and their people stand, by their passkeys and what the directories confirmed.

A person is done once a passkey was registered for the request and every directory of it has
confirmed one of theirs. What is in the way is read from the deliveries, so a delivery that is held
fails the person, and one that goes on, or a new touch, leads on from there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models import (
    Delivery,
    DeliveryState,
    Directory,
    Passkey,
    Placement,
    PlacementState,
    ProvisioningRequest,
    RequestPasskey,
    RequestPerson,
    RequestState,
)
from services import audit
from services.deliveries.rows import REPLACED
from services.provisioning.progress import LEADS_ON, OPEN
from services.serving import in_service

STOPPED = (DeliveryState.HELD, DeliveryState.NEEDS_TOUCH, DeliveryState.DROPPED)
"""The states in which nothing goes on by itself."""
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
        begun = min((one.started_at for one in some if one.started_at), default=None)
        request.started_at = request.started_at or begun
        places_of_request = wanted(session, request)
        registered = _registered(session, some)
        there = _placed(session, some, places_of_request)
        stuck = _stuck(session, some, places_of_request)
        for place in some:
            _judge(
                session,
                place,
                registered=registered.get(place.id),
                missing=[
                    one for one in places_of_request if (place.person_id, one.id) not in there
                ],
                stuck=stuck.get(place.person_id or 0, {}),
                now=now,
            )


def settle(session: Session, request: ProvisioningRequest, *, now: datetime) -> None:
    """Say where a held request stands, by its people."""
    if request.gathered_at is None or request.state in (
        RequestState.DRAFT,
        RequestState.CANCELLED,
    ):
        return
    session.flush()
    found = tally(session, request)
    state = _state(request, found)
    if state is request.state:
        return
    if state is RequestState.STARTED:
        request.started_at = request.started_at or now
    request.finished_at = None if state in OPEN else now
    request.state = state
    if state is RequestState.COMPLETED:
        audit.record(
            session,
            audit.Tag.REQUEST_COMPLETED,
            now=now,
            request=str(request.uuid),
            name=request.name,
            people=found.done,
        )


def _state(request: ProvisioningRequest, found: Tally) -> RequestState:
    if found.open:
        begun = request.provisioned_at is not None or found.of(RequestState.STARTED) > 0
        begun = begun or request.started_at is not None
        return RequestState.STARTED if begun else RequestState.PENDING
    if found.of(RequestState.EXPIRED):
        return RequestState.EXPIRED
    if found.of(RequestState.FAILED) or not found.total:
        return RequestState.FAILED
    return RequestState.COMPLETED if found.done else RequestState.CANCELLED


def _judge(
    session: Session,
    place: RequestPerson,
    *,
    registered: bool | None,
    missing: list[Directory],
    stuck: dict[int, Delivery],
    now: datetime,
) -> None:
    place.check_at = None
    if place.state not in LEADS_ON or registered is None:
        return
    if not missing and registered:
        place.state, place.finished_at = RequestState.COMPLETED, now
        place.code = place.reason = place.claimed_by_id = place.claim_until = None
        _record(session, audit.Tag.REQUEST_PERSON_COMPLETED, place, now=now)
        return
    if _over(place.request, now=now):
        return  # what was registered in time may still arrive, and says so when it does
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


def _over(request: ProvisioningRequest, *, now: datetime) -> bool:
    """Whether nobody goes on in the request, whatever is mended."""
    return (
        request.ended_at is not None
        or request.state in (RequestState.CANCELLED, RequestState.EXPIRED)
        or (request.ends_at is not None and request.ends_at <= now)
    )


def wanted(session: Session, request: ProvisioningRequest) -> list[Directory]:
    """The directories that the request enrols for and that are in service, by name."""
    keys = [one.directory_id for one in request.directories]
    return list(
        session.scalars(
            select(Directory).where(Directory.id.in_(keys), in_service()).order_by(Directory.name)
        )
    )


def _registered(session: Session, places: Sequence[RequestPerson]) -> dict[int, bool]:
    """Who registered a passkey for the request, and whether one of theirs still lives: a directory
    that refuses a key of its own ends it.
    """
    rows = session.execute(
        select(RequestPasskey.request_person_id, Passkey.ended_at.is_(None))
        .join(Passkey, RequestPasskey.passkey_id == Passkey.id)
        .where(RequestPasskey.request_person_id.in_([one.id for one in places]))
    )
    found: dict[int, bool] = {}
    for key, lives in rows:
        found[key] = found.get(key, False) or bool(lives)
    return found


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
    """The newest delivery of the request's passkeys that only a human, or a new touch, leads on, by
    person and directory.
    """
    newest = (
        select(func.max(Delivery.id))
        .join(RequestPasskey, RequestPasskey.passkey_id == Delivery.passkey_id)
        .where(
            RequestPasskey.request_person_id.in_([one.id for one in places]),
            Delivery.directory_id.in_([one.id for one in wanted]),
            or_(Delivery.state != DeliveryState.DROPPED, Delivery.code != REPLACED),
        )
        .group_by(Delivery.person_id, Delivery.directory_id)
    )
    found: dict[int, dict[int, Delivery]] = {}
    for one in session.scalars(
        select(Delivery).where(Delivery.id.in_(newest), Delivery.state.in_(STOPPED))
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
