"""What is owed to directories once more, after a human mended what had stopped it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, exists, literal, or_, select
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
from services import audit
from services.deliveries.outbox import unplaced_passkeys
from services.deliveries.rows import Pair, write
from services.ending import Because
from services.serving import IMPORTING


def owe_held(session: Session, directory: Directory, *, now: datetime, actor: Person | None) -> int:
    """Owe once more whatever the directory holds for a human, now that a human has mended it.

    Returns:
        How many deliveries were written; one that waits already covers the same change.
    """
    cause = audit.Tag.DIRECTORY_TESTED.value
    count = _owe_held(session, _held(directory), cause=cause, now=now)
    if count:
        audit.record(
            session,
            audit.Tag.DELIVERY_OWED,
            now=now,
            actor=actor,
            directory=directory,
            cause=cause,
            count=count,
        )
    return count


def owe_linked(
    session: Session,
    directory: Directory,
    person: Person,
    *,
    now: datetime,
    actor: Person | None,
) -> int:
    """Owe the directory what is the person's, now that it is known which record there is theirs.

    That is every passkey it was never asked to hold, and whatever it holds for a human: mostly
    because the record was not found, or was somebody else's.

    Returns:
        How many deliveries were written; none before the directory is in service.
    """
    if directory.added_at is None or directory.verified_at is None or directory.ended_at:
        return 0
    cause = audit.Tag.IDENTITY_LINKED.value
    missing = unplaced_passkeys(directory).where(Passkey.person_id == person.id)
    pairs = [Pair._make(row) for row in session.execute(missing)]
    count = len(write(session, pairs, PlacementState.PRESENT, cause=cause, now=now))
    held = _held(directory).where(Passkey.person_id == person.id)
    count += _owe_held(session, held, cause=cause, now=now)
    if count:
        audit.record(
            session,
            audit.Tag.DELIVERY_OWED,
            now=now,
            actor=actor,
            person=person,
            directory=directory,
            cause=cause,
            count=count,
        )
    return count


def _held(directory: Directory) -> Select[Placement, int]:
    """The placements of which a delivery is held, and whose they are.

    Those aside where only a new touch helps (`retrying.touch_needed`): what is known of them stays.
    """
    can_be_put = or_(
        literal(directory.type in IMPORTING),
        Placement.wanted == PlacementState.ABSENT,
        Placement.actual == PlacementState.PRESENT,
        Placement.not_after.is_not(None),
    )
    return (
        select(Placement, Passkey.person_id)
        .join(Passkey, Placement.passkey_id == Passkey.id)
        .where(
            Placement.directory_id == directory.id,
            can_be_put,
            Passkey.ended_because.is_distinct_from(Because.REFUSED.value),
            exists().where(
                Delivery.directory_id == Placement.directory_id,
                Delivery.passkey_id == Placement.passkey_id,
                Delivery.state == DeliveryState.HELD,
            ),
        )
        .order_by(Placement.passkey_id)
        .with_for_update(of=Placement)  # nobody changes what is wanted before it is written again
    )


def _owe_held(session: Session, held: Select[Placement, int], *, cause: str, now: datetime) -> int:
    pairs: dict[PlacementState, list[Pair]] = {state: [] for state in PlacementState}
    for placement, person_id in session.execute(held):
        pair = Pair(placement.directory_id, placement.passkey_id, person_id)
        pairs[placement.wanted].append(pair)
    return sum(
        len(write(session, some, wanted, cause=cause, now=now)) for wanted, some in pairs.items()
    )
