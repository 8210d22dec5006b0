"""The rows of deliveries: how they are written, found and locked.

Every writer of a waiting delivery first takes the placement's row, and then the waiting row that
may be there already. That order keeps two of them from waiting for each other, and a worker cannot
claim a delivery (it skips locked rows) before the change that the delivery stands for is
committed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select, text, tuple_, update
from sqlalchemy.orm import Session

from models import Delivery, DeliveryState, Identity, Placement, PlacementState
from services.deliveries.upsert import insert

REPLACED = "delivery.replaced"
"""Why a delivery was dropped when a newer one covers it."""
STOPPED = (DeliveryState.HELD, DeliveryState.NEEDS_TOUCH)
"""The states that only a human ends."""
CHUNK = 500
"""Rows a statement: databases bound the number of its parameters."""


class Pair(NamedTuple):
    """A passkey (and whose it is) and the directory that must agree with it.

    Without a passkey, it is the person's account there.
    """

    directory_id: int
    passkey_id: int | None
    person_id: int


def write(
    session: Session,
    pairs: Sequence[Pair],
    wanted: PlacementState,
    *,
    cause: str,
    now: datetime,
) -> list[Pair]:
    """Write placements and deliveries, a few statements for any number of pairs.

    Returns:
        The pairs for which a delivery was new.
    """
    written: list[Pair] = []
    ordered = sorted(pairs)  # everyone takes rows in the same order
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        _want(session, chunk, wanted, now=now)
        _replace_stopped(session, chunk, now=now)
        written += _deliveries(session, chunk, cause=cause, now=now)
    return written


def write_accounts(
    session: Session, identities: Sequence[Identity], *, cause: str, now: datetime
) -> list[Identity]:
    """Write a delivery of each account. Its identity is locked, as a placement is for a passkey.

    Returns:
        The accounts for which a delivery was new.
    """
    written = []
    for identity in sorted(identities, key=lambda one: one.directory_id):
        pair = Pair(identity.directory_id, None, identity.person_id)
        lock(session, pair)
        session.execute(
            update(Delivery)
            .where(Delivery.state.in_(STOPPED), *_of(pair))
            .values(state=DeliveryState.DROPPED, code=REPLACED, settled_at=now)
        )
        if waiting(session, pair) is not None:
            continue
        session.add(
            Delivery(
                directory_id=pair.directory_id,
                person_id=pair.person_id,
                state=DeliveryState.WAITING,
                cause=cause,
                created_at=now,
                due_at=now,
            )
        )
        session.flush()
        written.append(identity)
    return written


def _of(pair: Pair) -> tuple[ColumnElement[bool], ...]:
    """The deliveries of exactly this pair."""
    return (
        Delivery.directory_id == pair.directory_id,
        Delivery.person_id == pair.person_id,
        Delivery.passkey_id == pair.passkey_id,
    )


def _want(
    session: Session, pairs: Sequence[Pair], wanted: PlacementState, *, now: datetime
) -> None:
    statement = insert(session, Placement).values(
        [
            {
                "passkey_id": pair.passkey_id,
                "directory_id": pair.directory_id,
                "wanted": wanted,
                "actual": PlacementState.ABSENT,
                "created_at": now,
            }
            for pair in pairs
        ]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["passkey_id", "directory_id"],
            set_={"wanted": statement.excluded.wanted},
        )
    )


def _replace_stopped(session: Session, pairs: Sequence[Pair], *, now: datetime) -> None:
    """Whatever stopped for a human is covered by the delivery that is written now."""
    session.execute(
        update(Delivery)
        .where(
            Delivery.state.in_(STOPPED),
            tuple_(Delivery.directory_id, Delivery.passkey_id).in_(
                [(pair.directory_id, pair.passkey_id) for pair in pairs]
            ),
        )
        .values(state=DeliveryState.DROPPED, code=REPLACED, settled_at=now)
    )


def _deliveries(
    session: Session, pairs: Sequence[Pair], *, cause: str, now: datetime
) -> list[Pair]:
    by_uuid = {uuid.uuid4(): pair for pair in pairs}
    statement = insert(session, Delivery).values(
        [
            {
                "uuid": name,
                "directory_id": pair.directory_id,
                "person_id": pair.person_id,
                "passkey_id": pair.passkey_id,
                "state": DeliveryState.WAITING,
                "cause": cause,
                "created_at": now,
                "due_at": now,
                "attempts": 0,
                "fence": 0,
            }
            for name, pair in by_uuid.items()
        ]
    )
    # Setting what is there already takes the row, so that no worker claims it before we commit;
    # its pause stays: a directory that asked us to wait is not asked sooner for a new reason.
    there = session.scalars(
        statement.on_conflict_do_update(
            index_elements=["directory_id", "passkey_id"],
            index_where=text("state = 'waiting'"),
            set_={"due_at": Delivery.due_at},
        ).returning(Delivery.uuid)
    )
    return [by_uuid[name] for name in there if name in by_uuid]


def lock(session: Session, pair: Pair) -> Placement | None:
    """Take the placement's row until the transaction ends (SQLite has only one writer anyway).

    For an account, which has no placement, its identity's row is taken.
    """
    if pair.passkey_id is None:
        session.execute(
            select(Identity.id)
            .where(Identity.directory_id == pair.directory_id, Identity.person_id == pair.person_id)
            .with_for_update(of=Identity)
        ).all()
        return None
    return session.scalar(
        select(Placement)
        .where(Placement.directory_id == pair.directory_id, Placement.passkey_id == pair.passkey_id)
        .with_for_update(of=Placement)
    )


def waiting(session: Session, pair: Pair) -> Delivery | None:
    """The delivery that waits for this pair, taken until the transaction ends."""
    return session.scalar(
        select(Delivery)
        .where(*_of(pair), Delivery.state == DeliveryState.WAITING)
        .with_for_update(of=Delivery)
    )
