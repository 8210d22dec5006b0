"""Trying a delivery again at once, where trying again can help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from models import Delivery, DeliveryState, Person, Placement, PlacementState
from services import audit
from services.deliveries.rows import REPLACED, Pair, lock, waiting
from services.ending import Because
from services.refusal import Refusal
from services.serving import IMPORTING


def hurry(session: Session, delivery: Delivery, *, actor: Person | None, now: datetime) -> Delivery:
    """Make a delivery due now: one that is held, or one that waits for its next turn.

    Raises:
        Refusal: `delivery_settled` when there is nothing that trying again could change;
            `touch_needed` when only a new touch of the key can.

    Returns:
        The delivery that will be tried: this one, or a newer one that covers it.
    """
    pair = Pair(delivery.directory_id, delivery.passkey_id, delivery.person_id)
    placement = lock(session, pair)
    session.refresh(delivery, with_for_update={"of": Delivery})
    before = delivery.state
    if placement is not None and touch_needed(placement, delivery):
        raise Refusal(
            "touch_needed",
            f"Trying again cannot help: {delivery.directory.name} takes this key only in the "
            "moment that it is made, and that is over. Ask for a new touch of the key.",
            status=409,
        )
    if before not in (DeliveryState.HELD, DeliveryState.WAITING):
        raise Refusal("delivery_settled", "There is nothing to try again here.", status=409)
    newer = waiting(session, pair)
    if newer is not None and newer is not delivery:
        delivery.state, delivery.code, delivery.settled_at = DeliveryState.DROPPED, REPLACED, now
        delivery = newer
    delivery.state = DeliveryState.WAITING
    delivery.due_at = now
    delivery.attempts = 0
    delivery.settled_at = None
    audit.record(
        session,
        audit.Tag.DELIVERY_RETRIED,
        now=now,
        actor=actor,
        person=delivery.person,
        passkey=delivery.passkey,
        directory=delivery.directory,
        before=before.value,
        code=delivery.code,
    )
    return delivery


def hopeless(session: Session, deliveries: Sequence[Delivery]) -> frozenset[int]:
    """Those of the deliveries that trying again changes nothing about, by their keys."""
    placed = _placements(session, deliveries)
    return frozenset(
        one.id
        for one in deliveries
        if (there := placed.get((one.directory_id, one.passkey_id))) is not None
        and touch_needed(there, one)
    )


def replaceable(
    session: Session, deliveries: Sequence[Delivery], *, now: datetime
) -> frozenset[int]:
    """Those of the deliveries that can put no passkey there any more, by their keys: the hopeless
    ones, and those of which all that trying again does is to take back what was begun.
    """
    placed = _placements(session, deliveries)
    return frozenset(
        one.id
        for one in deliveries
        if (there := placed.get((one.directory_id, one.passkey_id))) is not None
        and (touch_needed(there, one) or _is_over(there, now=now))
    )


def _placements(
    session: Session, deliveries: Sequence[Delivery]
) -> dict[tuple[int, int | None], Placement]:
    """Where the deliveries' passkeys stand, in one query."""
    found = session.scalars(
        select(Placement).where(
            tuple_(Placement.directory_id, Placement.passkey_id).in_(
                [(one.directory_id, one.passkey_id) for one in deliveries]
            )
        )
    )
    return {(one.directory_id, one.passkey_id): one for one in found}


def touch_needed(placement: Placement, delivery: Delivery) -> bool:
    """Whether trying again changes nothing: there is nothing kept here that could be put there.

    That is so of a passkey that the directory took part in making, once what it began was finished
    or taken back there. Until then trying again helps even when it is too late: it looks whether
    the key is there, else takes back what was begun, and then a new touch is asked for.
    """
    if delivery.state is DeliveryState.NEEDS_TOUCH:
        return True
    if placement.directory.type in IMPORTING or placement.actual is PlacementState.PRESENT:
        return False
    if placement.wanted is PlacementState.ABSENT:
        return placement.passkey.ended_because == Because.REFUSED.value
    return placement.begun is None


def _is_over(placement: Placement, *, now: datetime) -> bool:
    """Whether what the directory began can only be taken back."""
    return (
        placement.wanted is PlacementState.PRESENT
        and placement.actual is PlacementState.ABSENT
        and placement.not_after is not None
        and placement.not_after <= now
    )
