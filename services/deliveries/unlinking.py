"""Forgetting the identities of somebody who has left, once none of their passkeys is in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import Delivery, DeliveryState, Identity, Passkey, Person, Placement, PlacementState
from services import audit
from services.ending import Because

OWED = (
    DeliveryState.WAITING,
    DeliveryState.RUNNING,
    DeliveryState.HELD,
    DeliveryState.NEEDS_TOUCH,
)


def after_removal(session: Session, *, directory_id: int, person_id: int, now: datetime) -> None:
    """Unlink the person's identity in the directory, if they have left and it is empty."""
    if session.get_one(Person, person_id).ended_at is None:
        return
    identity = session.scalar(
        select(Identity)
        .where(Identity.directory_id == directory_id, Identity.person_id == person_id)
        .with_for_update(of=Identity)
    )
    if identity is not None:
        unlink_if_empty(session, identity, actor=None, now=now)


def unlink_if_empty(
    session: Session, identity: Identity, *, actor: Person | None, now: datetime
) -> bool:
    """Forget whose the identity is, unless something is in it or owed to it; whether it was done.

    Nothing changes in the directory.
    """
    there = (
        select(Placement.id)
        .join(Passkey, Placement.passkey_id == Passkey.id)
        .where(
            Placement.directory_id == identity.directory_id,
            Passkey.person_id == identity.person_id,
            or_(
                Placement.actual == PlacementState.PRESENT,
                Placement.wanted == PlacementState.PRESENT,
            ),
        )
    )
    owed = (
        select(Delivery.id)
        .outerjoin(Passkey, Delivery.passkey_id == Passkey.id)
        .where(
            Delivery.directory_id == identity.directory_id,
            Delivery.person_id == identity.person_id,
            Delivery.state.in_(OWED),
            # What says why the directory refused a key is owed nothing any more.
            Passkey.ended_because.is_distinct_from(Because.REFUSED.value),
        )
    )
    if any(session.scalar(query.limit(1)) is not None for query in (there, owed)):
        return False
    audit.record(
        session,
        audit.Tag.IDENTITY_UNLINKED,
        now=now,
        actor=actor,
        person=identity.person,
        directory=identity.directory,
        before=identity.remote_id,
        after=None,
    )
    session.delete(identity)
    session.flush()
    return True
