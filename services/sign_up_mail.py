"""The mail of a sign-up: a code for somebody without an account, other words for who has one.

Here, and not where a page answers, it is looked up whether an address has an account. The code is
made when it is sent; the row keeps only its HMAC, so nothing secret waits in a queue.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from models import MailState, SignUpCode
from services import audit, letters, outgoing, sign_up
from services.leases import Claim
from services.mail import Letter, MailFailed, send
from services.portal import Portal
from services.sign_up import TIME_TO_ENTER, TIME_TO_GO_ON, USE, written

log = logging.getLogger(__name__)

DIGITS = 6


def next_due(session: Session) -> datetime | None:
    """When the next mail is due."""
    return outgoing.next_due(session, SignUpCode)


def work(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until nothing is due; see `outgoing.work`."""
    run = partial(_run, portal)
    return outgoing.work(portal, SignUpCode, run, worker=worker, stopping=stopping)


def _run(portal: Portal, claim: Claim) -> None:
    """One attempt, from the code to the settlement.

    Raises:
        LostLease: when somebody else has the mail.
    """
    failure = outgoing.attempt(partial(_send, portal, claim), claim)
    with portal.database.write() as session:
        row = outgoing.held(session, SignUpCode, claim)
        if row.redeemed_at is not None:
            failure = None  # it arrived, whatever the mail server said
        _settle(session, row, failure, now=portal.now())
        state = row.state
    log.info("sign-up mail %d: %s", claim.row_id, state)


def _send(portal: Portal, claim: Claim) -> None:
    send(portal.settings, _letter(portal, claim), now=portal.now())


def _letter(portal: Portal, claim: Claim) -> Letter:
    """Make the code of this attempt, and the mail around it.

    Raises:
        MailFailed: when it comes too late.
    """
    settings, now = portal.settings, portal.now()
    with portal.database.write() as session:
        row = outgoing.held(session, SignUpCode, claim)
        if row.created_at <= now - TIME_TO_GO_ON:
            raise MailFailed("Nobody waits for this code any more.", again=False)
        # Open for an account too, where no digits are right: its tries count all the same.
        row.open_until, row.tries, row.code_hash = now + TIME_TO_ENTER, 0, None
        person = sign_up.account(session, row.email)
        if person is not None and not sign_up.may_begin_again(session, person):
            return letters.account_exists(
                person, row.email, f"{settings.base_url}/sign-in", portal=settings.rp_name
            )
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        row.code_hash = portal.sealer.digest(USE, written(row, code))
        return letters.sign_up_code(row.email, code, until=row.open_until, portal=settings.rp_name)


def _settle(
    session: Session, row: SignUpCode, failure: MailFailed | None, *, now: datetime
) -> None:
    outgoing.settle(row, failure, give_up=row.created_at + TIME_TO_ENTER, now=now)
    record = partial(
        audit.record,
        session,
        now=now,
        person=sign_up.account(session, row.email),
        email=row.email,
        code=row.code_hash is not None,
    )
    if row.state is MailState.SENT:
        record(audit.Tag.SIGN_UP_MAILED)
    elif row.state is MailState.FAILED:
        record(audit.Tag.SIGN_UP_MAIL_FAILED, reason=row.reason)
