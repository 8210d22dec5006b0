"""Where passkeys stand in the directories, for pages, and the list of deliveries.

A person reads `sentence`; an operator also reads `reason`, `said` and `request_id`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models import (
    Delivery,
    DeliveryState,
    Directory,
    Passkey,
    Person,
    Placement,
    PlacementState,
)
from services.deliveries import retrying
from services.ending import Because
from services.paging import Slice, newest_first
from services.refusal import Refusal
from services.serving import IMPORTING, PROVING


class Standing(StrEnum):
    """How a passkey stands in a directory, in the words of the pages."""

    READY = "ready"
    ON_ITS_WAY = "on its way"
    HELD = "held"
    NEEDS_TOUCH = "needs a new touch"
    BEING_REMOVED = "being removed"
    REMOVED = "removed"


KEEPS_NAME = "passkey.keeps_name"
"""The code of a delivery that could not bring the passkey's new name, and did nothing else."""

MOVING = frozenset({Standing.ON_ITS_WAY, Standing.BEING_REMOVED})
"""The standings that change by themselves: a page that shows one asks again."""


@dataclass(frozen=True)
class PlacementView:
    """One passkey in one directory."""

    passkey: uuid.UUID
    directory: uuid.UUID
    directory_name: str
    directory_type: str
    state: Standing
    sentence: str
    """For the person whose passkey it is."""
    since: datetime
    can_prove: bool
    """Whether a sign-in there with this passkey can be tried from our page."""
    delivery: uuid.UUID | None
    """The last delivery, which can be retried when it is held."""
    attempts: int
    due_at: datetime | None
    """When it is tried next, while it is on its way."""
    code: str
    reason: str
    said: str
    request_id: str
    touch_again: bool = False
    """Whether a new touch of a key, begun by that directory, is what helps."""


def of_person(session: Session, person_id: int) -> dict[uuid.UUID, list[PlacementView]]:
    """Every placement of the person's passkeys, by the passkey's UUID, in a fixed number of
    queries.
    """
    views: dict[uuid.UUID, list[PlacementView]] = {}
    for view in _views(session, select(Passkey.id).where(Passkey.person_id == person_id)):
        views.setdefault(view.passkey, []).append(view)
    return views


def of_passkey(session: Session, passkey: Passkey) -> list[PlacementView]:
    """Every placement of one passkey, by directory name."""
    return _views(session, select(Passkey.id).where(Passkey.id == passkey.id))


def _views(session: Session, passkeys: Select[int]) -> list[PlacementView]:
    placements = session.scalars(
        select(Placement)
        .join(Directory, Placement.directory_id == Directory.id)
        .where(Placement.passkey_id.in_(passkeys), Directory.ended_at.is_(None))
        .order_by(Placement.passkey_id, Directory.name)
    ).all()
    latest = _latest(session, passkeys)
    return [
        _view(placement, latest.get((placement.passkey_id, placement.directory_id)))
        for placement in placements
    ]


def _latest(session: Session, passkeys: Select[int]) -> dict[tuple[int | None, int], Delivery]:
    """The newest delivery of each placement, those aside that something newer replaced."""
    newest = (
        select(func.max(Delivery.id))
        .where(Delivery.passkey_id.in_(passkeys), Delivery.state != DeliveryState.DROPPED)
        .group_by(Delivery.passkey_id, Delivery.directory_id)
    )
    return {
        (delivery.passkey_id, delivery.directory_id): delivery
        for delivery in session.scalars(select(Delivery).where(Delivery.id.in_(newest)))
    }


def _view(placement: Placement, delivery: Delivery | None) -> PlacementView:
    state = _standing(placement, delivery)
    passkey, directory = placement.passkey, placement.directory
    return PlacementView(
        passkey=passkey.uuid,
        directory=directory.uuid,
        directory_name=directory.name,
        directory_type=directory.type.value,
        state=state,
        sentence=_sentence(placement, state, stuck=_stuck(delivery)),
        since=_since(placement, delivery, state),
        can_prove=(
            state is Standing.READY
            and passkey.own
            and passkey.ended_at is None
            and directory.type in PROVING
        ),
        delivery=delivery.uuid if delivery else None,
        attempts=delivery.attempts if delivery else 0,
        due_at=delivery.due_at if delivery and delivery.state is DeliveryState.WAITING else None,
        code=(delivery.code if delivery else None) or "",
        reason=(delivery.reason if delivery else None) or "",
        said=(delivery.said if delivery else None) or "",
        request_id=(delivery.request_id if delivery else None) or "",
        touch_again=state is Standing.NEEDS_TOUCH or _judged(placement, state),
    )


def _stuck(delivery: Delivery | None) -> bool:
    """Whether something keeps the passkey from being of use there; that it has another name there
    does not.
    """
    return delivery is not None and bool(delivery.reason) and delivery.code != KEEPS_NAME


def _judged(placement: Placement, state: Standing) -> bool:
    """Whether the directory refused this very key, so that only another one helps."""
    made_there = placement.directory.type not in IMPORTING
    refused = placement.passkey.ended_because == Because.REFUSED.value
    wanted = placement.wanted is PlacementState.PRESENT and placement.begun is None
    return state is Standing.HELD and made_there and (refused or wanted)


def _standing(placement: Placement, delivery: Delivery | None) -> Standing:
    """What is there counts first: a passkey that is confirmed stays ready while it is renamed."""
    if placement.wanted is PlacementState.PRESENT:
        if placement.actual is PlacementState.PRESENT:
            return Standing.READY
        moving = Standing.ON_ITS_WAY
    else:
        moving = Standing.BEING_REMOVED
    if delivery is not None:
        if delivery.state is DeliveryState.HELD:
            return Standing.HELD
        if delivery.state is DeliveryState.NEEDS_TOUCH:
            return Standing.NEEDS_TOUCH
        if delivery.state in (DeliveryState.WAITING, DeliveryState.RUNNING):
            return moving
    return Standing.REMOVED if placement.wanted is PlacementState.ABSENT else moving


def _sentence(placement: Placement, state: Standing, *, stuck: bool) -> str:
    directory = placement.directory
    name = directory.name
    match state:
        case Standing.READY if stuck or (directory.test_report or {}).get("signs_in") is False:
            return f"Your key is in {name}, which may not accept it for signing in yet."
        case Standing.READY:
            return f"Your key opens {name}."
        case Standing.ON_ITS_WAY if stuck:
            return f"{name} has not answered as it should yet. We keep trying."
        case Standing.ON_ITS_WAY:
            return f"Your key is on its way to {name}."
        case Standing.HELD if _judged(placement, state):
            return (
                f"{name} did not accept this key. Your administrator can see why; another key may "
                "do."
            )
        case Standing.HELD:
            return f"{name} did not accept this. Your administrator can see why."
        case Standing.NEEDS_TOUCH:
            return f"Touch your key once more to finish {name}."
        case Standing.BEING_REMOVED:
            return f"Your key is being removed from {name}."
        case Standing.REMOVED:
            return f"Your key does not open {name}."


def _since(placement: Placement, delivery: Delivery | None, state: Standing) -> datetime:
    if state is Standing.READY or delivery is None:
        return placement.confirmed_at or placement.created_at
    if state in MOVING:
        return delivery.created_at
    return delivery.settled_at or delivery.created_at


def deliveries(
    session: Session,
    *,
    states: Collection[DeliveryState] = (),
    directory: Directory | None = None,
    older: uuid.UUID | None = None,
    newer: uuid.UUID | None = None,
) -> Slice[Delivery]:
    """One page of deliveries, newest first, with their person, passkey and directory.

    Args:
        states: only these; empty for all.
        directory: only what is owed to this one.
        older: the page after this delivery; `newer`: the page before it.
    """
    statement = select(Delivery)
    if states:
        statement = statement.where(Delivery.state.in_(states))
    if directory is not None:
        statement = statement.where(Delivery.directory_id == directory.id)
    return newest_first(session, statement, Delivery, older=older, newer=newer)


def retry(
    session: Session, name: uuid.UUID | str, *, actor: Person | None, now: datetime
) -> Delivery:
    """Try a delivery again now: one that is held, or one that waits for its next turn.

    Raises:
        Refusal: `delivery_unknown`; `delivery_settled` when there is nothing to try again.

    Returns:
        The delivery that will be tried: this one, or the newer one that covers it.
    """
    return retrying.hurry(session, _by_uuid(session, name), actor=actor, now=now)


def _by_uuid(session: Session, name: uuid.UUID | str) -> Delivery:
    try:
        wanted = name if isinstance(name, uuid.UUID) else uuid.UUID(name)
    except ValueError:
        wanted = None
    found = wanted and session.scalar(select(Delivery).where(Delivery.uuid == wanted))
    if not found:
        raise Refusal("delivery_unknown", "There is no such delivery.", status=404)
    return found
