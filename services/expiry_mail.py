"""Mail to administrators before the secret of a directory expires: 30, 7 and 1 days ahead.

The worker looks as often as it looks for anything. What is due is written down first, once for
each person, day and distance; a warning that has no point any more when its turn comes is stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Directory, ExpiryNotice, MailState, Person
from services import audit, letters, outgoing
from services.deliveries.upsert import insert
from services.directories import expiry
from services.leases import Claim
from services.mail import Letter, configured, send
from services.portal import Portal
from services.roles import Action, of_type, privileges

log = logging.getLogger(__name__)

GIVE_UP = timedelta(hours=24)


def next_due(session: Session) -> datetime | None:
    """When the next warning that is written down is due."""
    return outgoing.next_due(session, ExpiryNotice)


def work(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Write down who is to be warned, and send what is due; see `outgoing.work`."""
    if configured(portal.settings):
        _owe(portal)
    run = partial(_run, portal)
    return outgoing.work(portal, ExpiryNotice, run, worker=worker, stopping=stopping)


def _owe(portal: Portal) -> None:
    now = portal.now()
    with portal.database.read() as session:
        wanted = _wanted(session, now)
        if not wanted:
            return
    with portal.database.write() as session:
        for values in wanted:
            # Another worker may have written it in the meantime.
            session.execute(
                insert(session, ExpiryNotice)
                .values(**values, state=MailState.WAITING, created_at=now, due_at=now)
                .on_conflict_do_nothing()
            )


def _wanted(session: Session, now: datetime) -> list[dict[str, object]]:
    """The warnings that are due today and not yet written down."""
    found = session.scalars(
        select(Directory).where(Directory.added_at.is_not(None), Directory.ended_at.is_(None))
    )
    near = [
        (directory, seen.on, seen.stage)
        for directory in found
        if (seen := expiry.of(directory, now)) and not seen.past and seen.stage is not None
    ]
    if not near:
        return []
    rows = session.execute(
        select(
            ExpiryNotice.directory_id,
            ExpiryNotice.expires_on,
            ExpiryNotice.days_ahead,
            ExpiryNotice.person_id,
        ).where(ExpiryNotice.directory_id.in_([one[0].id for one in near]))
    )
    written = {tuple(row) for row in rows}
    with_roles = session.scalars(select(Person).where(Person.roles.any())).all()
    names = ("directory_id", "expires_on", "days_ahead", "person_id")
    keys = [
        (directory.id, on, stage, person.id)
        for directory, on, stage in near
        for person in with_roles
        if _may_mend(person, directory)
    ]
    return [dict(zip(names, key, strict=True)) for key in keys if key not in written]


def _may_mend(person: Person, directory: Directory) -> bool:
    return of_type(Action.EDIT, directory.type) in privileges(person)


def _run(portal: Portal, claim: Claim) -> None:
    """One attempt, from the letter to the settlement.

    Raises:
        LostLease: when another worker has it.
    """
    now = portal.now()
    with portal.database.write() as session:
        row = outgoing.held(session, ExpiryNotice, claim)
        letter = _letter(portal, row, now)
        if letter is None:
            row.state, row.settled_at, row.lease_until = MailState.STOPPED, now, None
            return
    failure = outgoing.attempt(partial(send, portal.settings, letter, now=now), claim)
    with portal.database.write() as session:
        row = outgoing.held(session, ExpiryNotice, claim)
        outgoing.settle(row, failure, give_up=row.created_at + GIVE_UP, now=portal.now())
        _record(session, row, now=portal.now())
        state = row.state
    log.info("expiry notice %d: %s", claim.row_id, state)


def _letter(portal: Portal, row: ExpiryNotice, now: datetime) -> Letter | None:
    """The warning; None where it has no point any more."""
    directory = row.directory
    seen = expiry.of(directory, now) if directory.ended_at is None else None
    if (
        seen is None
        or seen.on != row.expires_on
        or seen.past
        or not _may_mend(row.person, directory)
    ):
        return None
    settings = portal.settings
    return letters.secret_expires(
        row.person,
        directory.name,
        seen.word,
        seen.on,
        f"{settings.base_url}/admin/directories/{directory.uuid}/edit",
        portal=settings.rp_name,
    )


def _record(session: Session, row: ExpiryNotice, *, now: datetime) -> None:
    tags = {
        MailState.SENT: audit.Tag.DIRECTORY_EXPIRY_MAILED,
        MailState.FAILED: audit.Tag.DIRECTORY_EXPIRY_MAIL_FAILED,
    }
    if tag := tags.get(row.state):
        audit.record(
            session,
            tag,
            now=now,
            person=row.person,
            directory=row.directory,
            expires_on=row.expires_on.isoformat(),
            days_ahead=row.days_ahead,
            reason=row.reason,
        )
