"""Mail on its way out: claimed with a lease, tried, and settled by whoever still holds it.

What is sent and what a failure undoes is each kind's own affair (`services.mails`,
`services.sign_up_mail`); here is what they share.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from models import MailState, Outgoing
from services import leases
from services.deliveries.pauses import after_failure
from services.leases import Claim, LostLease
from services.mail import MailFailed
from services.portal import Portal
from services.refusal import Refusal

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""How long a worker may be silent: a mail is some ten exchanges, each at most `mail.TIMEOUT`."""

Row = TypeVar("Row", bound=Outgoing)


def next_due(session: Session, table: type[Outgoing]) -> datetime | None:
    """When the next of a table's rows is due."""
    return session.scalar(select(func.min(table.due_at)).where(table.state == MailState.WAITING))


def work(
    portal: Portal,
    table: type[Outgoing],
    run: Callable[[Claim], None],
    *,
    worker: str,
    stopping: Callable[[], bool],
) -> int:
    """Claim and run what is due until nothing is due.

    Args:
        run: one attempt, from the claim to the settlement; it may raise `LostLease`.
        worker: a name for the log.
        stopping: asked between two mails; true ends the work early.

    Returns:
        How many were tried.
    """
    return leases.work(portal, table, partial(_claim, table), run, worker=worker, stopping=stopping)


def _claim(table: type[Outgoing], session: Session, now: datetime) -> Claim | None:
    due = select(table.id).where(
        or_(
            and_(table.state == MailState.WAITING, table.due_at <= now),
            and_(table.state == MailState.SENDING, table.lease_until <= now),
        )
    )
    return leases.claim(session, table, due, until=now + LEASE, state=MailState.SENDING)


def held(session: Session, table: type[Row], claim: Claim) -> Row:
    """The row, locked, as long as this claim holds it.

    Raises:
        LostLease: when it does not.
    """
    row = session.get_one(table, claim.row_id, with_for_update={"of": table})
    if row.fence != claim.fence or row.state is not MailState.SENDING:
        raise LostLease
    return row


def attempt(send: Callable[[], None], claim: Claim) -> MailFailed | None:
    """Try to send; what went wrong, as a failure without secrets.

    Raises:
        LostLease: when `send` found that somebody else has the mail.
    """
    try:
        send()
    except Refusal as refusal:
        return MailFailed(refusal.sentence, again=False)
    except MailFailed as error:
        return error
    except LostLease:
        raise
    except Exception as error:
        # Only its type: a trace would show the address of a link, or a code.
        log.error("mail %d failed unexpectedly (%s)", claim.row_id, type(error).__name__)
        return MailFailed(f"Something unforeseen went wrong ({type(error).__name__}).", again=True)
    return None


def settle(row: Outgoing, failure: MailFailed | None, *, give_up: datetime, now: datetime) -> None:
    """Say how far the mail is now.

    Args:
        give_up: from when on it is not tried again.
    """
    row.lease_until = None
    if failure is None:
        row.state, row.settled_at, row.reason = MailState.SENT, now, None
        return
    row.reason = str(failure)[:1000]
    due = now + after_failure(row.attempts)
    if failure.again and due < give_up:
        row.state, row.due_at = MailState.WAITING, due
    else:
        row.state, row.settled_at = MailState.FAILED, now
