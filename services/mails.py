"""Mail that is owed: written by a page, sent by the worker, tried again with growing pauses.

The link is made when the mail is sent, with the right of whoever asked for the mail as it is then.
An attempt that failed revokes its link, since the mail may have arrived all the same; a link that
its person has begun with did arrive, and is left alone.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import LinkPurpose, Mail, MailState, Person
from services import audit, letters, links
from services.deliveries.pauses import after_failure
from services.mail import Letter, MailFailed, configured, send
from services.portal import Portal
from services.refusal import Refusal
from services.roles import Privilege, privileges

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""How long a worker may be silent: a mail is some ten exchanges, each at most `mail.TIMEOUT`."""
GIVE_UP = timedelta(hours=24)
"""How long a mail is tried. After a day somebody should look at why."""


@dataclass(frozen=True)
class _Claim:
    mail_id: int
    fence: int


class _LostLease(Exception):
    """Another worker has the mail, or somebody stopped it: send nothing, write nothing."""


def owe_link(
    portal: Portal,
    session: Session,
    *,
    purpose: LinkPurpose,
    person: Person,
    actor: Person,
    lifetime: timedelta,
) -> Mail:
    """Write down that the person is to get a link by mail.

    Raises:
        Refusal: `mail_not_configured`, `mail_on_its_way`, or `person_holds_more` as for a link.
    """
    if not configured(portal.settings):
        raise Refusal(
            "mail_not_configured",
            "No mail server is configured here. Make a link and hand it over yourself.",
        )
    links.may_act_on(person, actor)
    now = portal.now()
    mail = Mail(
        person=person,
        purpose=purpose,
        lifetime=int(lifetime.total_seconds()),
        requested_by=actor,
        created_at=now,
        due_at=now,
    )
    session.add(mail)
    try:
        session.flush()
    except IntegrityError:
        raise Refusal(
            "mail_on_its_way", "A mail with a link is on its way to this person already."
        ) from None
    _record(session, audit.Tag.MAIL_ASKED_FOR, mail, now=now, actor=actor)
    return mail


def stop(session: Session, mail: Mail, *, actor: Person, now: datetime) -> None:
    """Give up a mail that waits.

    Raises:
        Refusal: `person_holds_more`, or `mail_not_waiting` when it is too late.
    """
    links.may_act_on(mail.person, actor)
    stopped = session.scalar(
        update(Mail)
        .where(Mail.id == mail.id, Mail.state == MailState.WAITING)
        .values(state=MailState.STOPPED, settled_at=now)
        .returning(Mail.id)
    )
    if stopped is None:
        raise Refusal("mail_not_waiting", "This mail does not wait any more.")
    _record(session, audit.Tag.MAIL_STOPPED, mail, now=now, actor=actor)


def get(session: Session, address: uuid.UUID) -> Mail | None:
    """The mail of an address in a URL."""
    return session.scalar(select(Mail).where(Mail.uuid == address))


def of_person(session: Session, person: Person) -> list[Mail]:
    """The person's mails, newest first."""
    statement = select(Mail).where(Mail.person_id == person.id).order_by(Mail.id.desc())
    return list(session.scalars(statement))


def next_due(session: Session) -> datetime | None:
    """When the next mail is due."""
    return session.scalar(select(func.min(Mail.due_at)).where(Mail.state == MailState.WAITING))


def work(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until nothing is due.

    Args:
        worker: a name for the log.
        stopping: asked between two mails; true ends the work early.

    Returns:
        How many mails were tried.
    """
    count = 0
    while not stopping():
        with portal.database.write() as session:
            held = _claim(session, now=portal.now())
        if held is None:
            break
        try:
            _run(portal, held)
        except _LostLease:
            log.warning("mail %d: %s lost its lease; left alone", held.mail_id, worker)
        count += 1
    return count


def _claim(session: Session, *, now: datetime) -> _Claim | None:
    due = (
        select(Mail.id)
        .where(
            or_(
                and_(Mail.state == MailState.WAITING, Mail.due_at <= now),
                and_(Mail.state == MailState.SENDING, Mail.lease_until <= now),
            )
        )
        .order_by(Mail.due_at, Mail.id)
        .limit(1)
        .with_for_update(of=Mail, skip_locked=True)
        .scalar_subquery()
    )
    row = session.execute(
        update(Mail)
        .where(Mail.id == due)
        .values(
            state=MailState.SENDING,
            fence=Mail.fence + 1,
            attempts=Mail.attempts + 1,
            lease_until=now + LEASE,
        )
        .returning(Mail.id, Mail.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else _Claim(row.id, row.fence)


def _run(portal: Portal, held: _Claim) -> None:
    """One attempt, from the link to the settlement.

    Raises:
        _LostLease: when somebody else has the mail.
    """
    failure: MailFailed | None = None
    try:
        letter = _letter(portal, held)
        if letter is not None:
            send(portal.settings, letter, now=portal.now())
    except Refusal as refusal:
        failure = MailFailed(refusal.sentence, again=False)
    except MailFailed as error:
        failure = error
    except _LostLease:
        raise
    except Exception as error:
        # Only its type: a trace would show the address of the link.
        log.error("mail %d failed unexpectedly (%s)", held.mail_id, type(error).__name__)
        failure = MailFailed(
            f"Something unforeseen went wrong ({type(error).__name__}).", again=True
        )
    with portal.database.write() as session:
        state = _settle(session, held, failure, now=portal.now())
    log.info("mail %d: %s", held.mail_id, state)


def _letter(portal: Portal, held: _Claim) -> Letter | None:
    """Make the link of this attempt and write the mail around it; None when one arrived already.

    Raises:
        Refusal: when whoever asked for it may not make this link any more.
    """
    now = portal.now()
    with portal.database.write() as session:
        mail = _held(session, held)
        if _arrived(mail):
            return None
        _drop_link(session, mail, now=now)
        if Privilege.MAKE_LINKS not in privileges(mail.requested_by):
            raise Refusal(
                "mail_asker_may_not", "Whoever asked for this mail may not make links any more."
            )
        made = links.make(
            session,
            purpose=mail.purpose,
            person=mail.person,
            actor=mail.requested_by,
            lifetime=timedelta(seconds=mail.lifetime),
            now=now,
        )
        mail.link = made.link
        return letters.enrolment_link(
            mail.person,
            made.link,
            f"{portal.settings.base_url}/links/{made.token}",
            portal=portal.settings.rp_name,
        )


def _settle(
    session: Session, held: _Claim, failure: MailFailed | None, *, now: datetime
) -> MailState:
    mail = _held(session, held)
    mail.lease_until = None
    if failure is None or _arrived(mail):
        mail.state, mail.settled_at, mail.reason = MailState.SENT, now, None
        _record(session, audit.Tag.MAIL_SENT, mail, now=now)
        return mail.state
    _drop_link(session, mail, now=now)
    mail.reason = str(failure)[:1000]
    due = now + after_failure(mail.attempts)
    if failure.again and due < mail.created_at + GIVE_UP:
        mail.state, mail.due_at = MailState.WAITING, due
        return mail.state
    mail.state, mail.settled_at = MailState.FAILED, now
    _record(session, audit.Tag.MAIL_FAILED, mail, now=now, reason=mail.reason)
    return mail.state


def _held(session: Session, held: _Claim) -> Mail:
    """The mail, locked, as long as this claim holds it."""
    mail = session.get_one(Mail, held.mail_id, with_for_update={"of": Mail})
    if mail.fence != held.fence or mail.state is not MailState.SENDING:
        raise _LostLease
    return mail


def _arrived(mail: Mail) -> bool:
    """Whether somebody has begun with the link of an attempt, whatever the mail server said."""
    return mail.link is not None and mail.link.exchanged_at is not None


def _drop_link(session: Session, mail: Mail, *, now: datetime) -> None:
    """Revoke what an attempt made before; the worker may have died in the middle of it."""
    if mail.link is not None:
        links.revoke(session, mail.link, actor=None, now=now)


def _record(
    session: Session,
    tag: audit.Tag,
    mail: Mail,
    *,
    now: datetime,
    actor: Person | None = None,
    **detail: Any,
) -> None:
    audit.record(
        session, tag, now=now, actor=actor, person=mail.person, mail=str(mail.uuid), **detail
    )
