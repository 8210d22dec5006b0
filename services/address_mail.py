"""Mail to the address that somebody had, after it was changed, so that they notice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from models import AddressNotice, MailState, Person
from services import audit, letters, outgoing
from services.leases import Claim
from services.mail import configured, send
from services.portal import Portal

log = logging.getLogger(__name__)

GIVE_UP = timedelta(hours=24)


def owe(portal: Portal, session: Session, person: Person, email: str) -> bool:
    """Write down that the old address is to be told; whether there is mail here at all.

    Wake the workers after the transaction.
    """
    if not configured(portal.settings):
        return False
    now = portal.now()
    session.add(AddressNotice(person=person, email=email, created_at=now, due_at=now))
    return True


def next_due(session: Session) -> datetime | None:
    """When the next one is due."""
    return outgoing.next_due(session, AddressNotice)


def work(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until nothing is due; see `outgoing.work`."""
    run = partial(_run, portal)
    return outgoing.work(portal, AddressNotice, run, worker=worker, stopping=stopping)


def _run(portal: Portal, claim: Claim) -> None:
    """One attempt, from the letter to the settlement.

    Raises:
        LostLease: when another worker has it.
    """
    now = portal.now()
    with portal.database.write() as session:
        row = outgoing.held(session, AddressNotice, claim)
        letter = letters.address_changed(row.person, row.email, portal=portal.settings.rp_name)
    failure = outgoing.attempt(partial(send, portal.settings, letter, now=now), claim)
    with portal.database.write() as session:
        row = outgoing.held(session, AddressNotice, claim)
        outgoing.settle(row, failure, give_up=row.created_at + GIVE_UP, now=portal.now())
        tags = {
            MailState.SENT: audit.Tag.ADDRESS_MAILED,
            MailState.FAILED: audit.Tag.ADDRESS_MAIL_FAILED,
        }
        if tag := tags.get(row.state):
            audit.record(
                session,
                tag,
                now=portal.now(),
                person=row.person,
                email=row.email,
                reason=row.reason,
            )
        state = row.state
    log.info("address notice %d: %s", claim.row_id, state)
