"""Deleting a directory here. Nothing changes there: what was delivered stays in it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models import Delivery, DeliveryState, Directory, Person, Placement
from services import audit
from services.directories import blockers
from services.directories.records import by_uuid, forget_secrets, hold
from services.refusal import Refusal

OPEN = (
    DeliveryState.WAITING,
    DeliveryState.RUNNING,
    DeliveryState.HELD,
    DeliveryState.NEEDS_TOUCH,
)
"""The states of a delivery that is still owed."""
ENDED = "directory.ended"
"""Why a delivery was dropped when its directory was deleted (as `deliveries.reconcile` has it)."""
LISTED = 100
"""How many deliveries a page names; the others are counted."""


def open_deliveries(session: Session, directory: Directory) -> tuple[list[Delivery], int]:
    """What would be dropped with the directory: the oldest of it, and how many there are."""
    owed = (Delivery.directory_id == directory.id, Delivery.state.in_(OPEN))
    listed = select(Delivery).where(*owed).order_by(Delivery.id).limit(LISTED)
    count = session.scalar(select(func.count()).select_from(Delivery).where(*owed)) or 0
    return list(session.scalars(listed)), count


def delete(
    session: Session, name: uuid.UUID | str, *, actor: Person | None, now: datetime
) -> Directory:
    """End a directory that was added: forget its secrets, and drop what is owed to it.

    A delivery that runs at this moment ends as it ends; its worker then finds the directory ended
    and owes it nothing more.

    Raises:
        Refusal: `directory_unknown`; `directory_blocked` while something stands against it;
            `directory_not_added` for a draft, which is discarded instead.
    """
    directory = by_uuid(session, name)
    hold(session, directory)  # of two who delete it at once, the second finds it ended
    if directory.added_at is None:
        raise Refusal(
            "directory_not_added", "This directory was never added. Discard it instead.", status=409
        )
    if standing := blockers.reasons(session, directory):
        raise Refusal("directory_blocked", " ".join(standing), status=409)
    directory.ended_at = now
    forget_secrets(directory)
    dropped = _drop(session, directory, now=now)
    audit.record(
        session,
        audit.Tag.DIRECTORY_DELETED,
        now=now,
        actor=actor,
        directory=directory,
        name=directory.name,
        dropped=dropped,
    )
    return directory


def _drop(session: Session, directory: Directory, *, now: datetime) -> int:
    """Drop every delivery that no worker has; placements first, as every writer takes them."""
    session.execute(
        select(Placement.id)
        .where(Placement.directory_id == directory.id)
        .order_by(Placement.passkey_id)
        .with_for_update(of=Placement)
    ).all()
    dropped = session.scalars(
        update(Delivery)
        .where(
            Delivery.directory_id == directory.id,
            Delivery.state.in_([state for state in OPEN if state is not DeliveryState.RUNNING]),
        )
        .values(state=DeliveryState.DROPPED, code=ENDED, settled_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(dropped.all())
