"""Rows that one worker at a time has: claimed with a lease, and settled by whoever still holds it.

A claim is one atomic statement: PostgreSQL skips the rows that other workers are just taking, and
SQLite has one writer. It raises the row's fence; whoever comes back with an older one has lost it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Select, update
from sqlalchemy.orm import Session

from models import GroupSource, Outgoing, ProvisioningRequest
from services.portal import Portal

log = logging.getLogger(__name__)

Table: TypeAlias = type[GroupSource] | type[Outgoing] | type[ProvisioningRequest]


@dataclass(frozen=True)
class Claim:
    """One worker's hold on one row."""

    row_id: int
    fence: int


class LostLease(Exception):
    """Another worker has the row, or somebody stopped it: do nothing further, write nothing."""


def claim(
    session: Session, table: Table, due: Select[int], *, until: datetime, **values: Any
) -> Claim | None:
    """Claim the row that is due longest.

    Args:
        due: selects the ids of the rows that may be claimed.
        until: the lease's end.
        values: what else the claim sets.
    """
    first = (
        due.order_by(table.due_at, table.id)
        .limit(1)
        .with_for_update(of=table, skip_locked=True)
        .scalar_subquery()
    )
    row = session.execute(
        update(table)
        .where(table.id == first)
        .values(fence=table.fence + 1, attempts=table.attempts + 1, lease_until=until, **values)
        .returning(table.id, table.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else Claim(row.id, row.fence)


def work(
    portal: Portal,
    table: Table,
    take: Callable[[Session, datetime], Claim | None],
    run: Callable[[Claim], None],
    *,
    worker: str,
    stopping: Callable[[], bool],
) -> int:
    """Claim and run what is due until nothing is due.

    Args:
        take: makes a claim in a transaction of its own, at a moment.
        run: what is done with it, from the claim to the settlement; it may raise `LostLease`.
        worker: a name for the log.
        stopping: asked before every claim; true ends the work early.

    Returns:
        How many were run.
    """
    count = 0
    while not stopping():
        with portal.database.write() as session:
            held = take(session, portal.now())
        if held is None:
            break
        try:
            run(held)
        except LostLease:
            log.warning(
                "%s %d: %s lost its lease; left alone", table.__tablename__, held.row_id, worker
            )
        count += 1
    return count
