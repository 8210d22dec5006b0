"""Taking back what directories began and nobody finished, as PingOne's pending devices.

The rows are challenges whose `discard_at` is due. One worker at a time has one: it moves the
moment on before it asks, so that a worker that dies costs a pause.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from directories.base import DirectoryError, RemoteIdentity
from models import Challenge, Directory, Person
from services.audit import Tag, record
from services.deliveries import pauses
from services.directories.connecting import connector
from services.portal import Portal

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""How long one attempt may take."""
GIVE_UP = timedelta(days=1)
"""How long after its end a registration is still taken back; what is left then is told."""


@dataclass(frozen=True)
class _Claim:
    """One that this worker has, with what is needed for it."""

    challenge_id: int
    attempt: int
    expired_at: datetime
    directory: Directory
    identity: RemoteIdentity
    remote: dict[str, Any]
    leaves: str
    """The directory's own id of what is left there."""


def next_due(session: Session) -> datetime | None:
    """When the next one is due."""
    return session.scalar(select(func.min(Challenge.discard_at)))


def work(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Take back what is due until nothing is due.

    Returns:
        How many were tried.
    """
    tried = 0
    while not stopping() and (claim := _claim(portal)) is not None:
        _run(portal, claim)
        tried += 1
    return tried


def _claim(portal: Portal) -> _Claim | None:
    now = portal.now()
    with portal.database.write() as session:
        due = (
            select(Challenge.id)
            .where(Challenge.discard_at <= now)
            .order_by(Challenge.discard_at, Challenge.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = session.scalar(
            update(Challenge)
            .where(Challenge.id == due.scalar_subquery())
            .values(discard_at=now + LEASE, discard_attempts=Challenge.discard_attempts + 1)
            .returning(Challenge)
            .execution_options(synchronize_session=False)
        )
        if row is None:
            return None
        remote = row.remote or {}
        return _Claim(
            challenge_id=row.id,
            attempt=row.discard_attempts,
            expired_at=row.expires_at,
            directory=session.get_one(Directory, row.directory_id),
            identity=RemoteIdentity(remote["identity"], label=""),
            remote=remote["begun"],
            leaves=remote["leaves"],
        )


def _run(portal: Portal, claim: _Claim) -> None:
    """One attempt. No exception leaves it."""
    error: DirectoryError | None = None
    last = portal.now() >= claim.expired_at + GIVE_UP
    pause = pauses.after_failure(claim.attempt)
    try:
        if claim.directory.ended_at is None:
            connector(portal, claim.directory).discard(claim.identity, claim.remote)
        else:
            error, last = _ended(), True
    except DirectoryError as trouble:
        error = trouble
        pause = pauses.after_failure(claim.attempt, getattr(trouble, "retry_after", None))
    except Exception as unforeseen:
        # The trace goes to the log; the words of an unforeseen exception may hold anything.
        log.exception("challenge %d: could not be discarded", claim.challenge_id)
        error = DirectoryError(type(unforeseen).__name__, code="delivery.unexpected")
    with portal.database.write() as session:
        row = session.get_one(Challenge, claim.challenge_id, with_for_update={"of": Challenge})
        if row.discard_attempts != claim.attempt:
            return  # another worker has it by now
        if error is not None and not last:
            row.discard_at = portal.now() + pause
            log.info("challenge %d: not discarded yet (%s)", claim.challenge_id, error.code)
            return
        row.discard_at = None
        if error is not None:
            _give_up(session, row, claim, error, now=portal.now())


def _give_up(
    session: Session, row: Challenge, claim: _Claim, error: DirectoryError, *, now: datetime
) -> None:
    record(
        session,
        Tag.REGISTRATION_LEFT,
        now=now,
        person=session.get(Person, row.person_id),
        directory=claim.directory,
        identity=claim.identity.remote_id,
        left=claim.leaves,
        code=error.code,
        reason=error.reason,
        said=error.said,
        request_id=error.request_id,
    )


def _ended() -> DirectoryError:
    return DirectoryError("The directory was disconnected.", code="directory.ended")
