"""Claiming a delivery: one worker at a time has it, for as long as its lease lasts.

A claim is one atomic statement. PostgreSQL skips the rows that other workers are just taking;
SQLite has one writer, whose transaction began as such. A partial unique index keeps a person to
one running delivery in a directory, even when two claims race for two of theirs: the loser gets an
`IntegrityError` and claims again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from models import Delivery, DeliveryState, Directory
from services.deliveries.rows import Pair
from services.serving import in_service

LEASE = timedelta(minutes=8)
"""How long a worker may be silent. It renews before every step that writes, and a step is at most
some eight exchanges with the directory, each of which ends within 45 seconds
(`directories.http.Limits`). A worker that dies costs its delivery this long."""

AT_ONCE = 3
"""How many deliveries to one directory run at once, so that one that hangs leaves workers for the
others. Two claims that race may exceed it by one, which does no harm."""


@dataclass(frozen=True)
class Claim:
    """A claimed delivery, and the fence that its settlement must name."""

    delivery_id: int
    fence: int
    attempts: int
    pair: Pair

    @property
    def holder(self) -> str:
        """The name that this claim holds locks under; no two claims share one."""
        return f"{self.delivery_id}.{self.fence}"


class LostLease(Exception):
    """Somebody else has the delivery now: stop, write nothing."""


def claim(session: Session, *, now: datetime) -> Claim | None:
    """Claim the delivery that is due longest, or one whose worker fell silent.

    Raises:
        IntegrityError: when another worker claimed a delivery of the same person in the same
            directory at this moment; claim again.
    """
    other = aliased(Delivery)
    running = other.state == DeliveryState.RUNNING
    same_person = exists().where(
        running,
        other.directory_id == Delivery.directory_id,
        other.person_id == Delivery.person_id,
    )
    busy = (
        select(func.count())
        .select_from(other)
        .where(running, other.directory_id == Delivery.directory_id, other.lease_until > now)
        .scalar_subquery()
    )
    due = (
        select(Delivery.id)
        .join(Directory, Delivery.directory_id == Directory.id)
        .where(
            or_(
                and_(
                    Delivery.state == DeliveryState.WAITING,
                    Delivery.due_at <= now,
                    ~same_person,
                ),
                and_(Delivery.state == DeliveryState.RUNNING, Delivery.lease_until <= now),
            ),
            or_(in_service(), Directory.ended_at.is_not(None)),
            busy < AT_ONCE,
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(1)
        .with_for_update(of=Delivery, skip_locked=True)
        .scalar_subquery()
    )
    row = session.execute(
        update(Delivery)
        .where(Delivery.id == due)
        .values(
            state=DeliveryState.RUNNING,
            fence=Delivery.fence + 1,
            attempts=Delivery.attempts + 1,
            lease_until=now + LEASE,
        )
        .returning(
            Delivery.id,
            Delivery.fence,
            Delivery.attempts,
            Delivery.directory_id,
            Delivery.passkey_id,
            Delivery.person_id,
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    return Claim(row.id, row.fence, row.attempts, Pair._make(row[3:]))


def renew(session: Session, held: Claim, *, now: datetime) -> None:
    """Extend the lease, as the last act before every write to the directory.

    Raises:
        LostLease: when the delivery was claimed by somebody else.
    """
    renewed = session.scalar(
        update(Delivery)
        .where(
            Delivery.id == held.delivery_id,
            Delivery.fence == held.fence,
            Delivery.state == DeliveryState.RUNNING,
        )
        .values(lease_until=now + LEASE)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    if renewed is None:
        raise LostLease


def next_due(session: Session) -> datetime | None:
    """When the next waiting delivery is due that a worker may claim."""
    return session.scalar(
        select(func.min(Delivery.due_at))
        .join(Directory, Delivery.directory_id == Directory.id)
        .where(Delivery.state == DeliveryState.WAITING, in_service())
    )
