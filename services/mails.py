"""Mail that is owed: written by a page, sent by the worker, tried again with growing pauses.

The link is made when the mail is sent, with the right of whoever asked for the mail as it is then.
An attempt that failed revokes its link, since the mail may have arrived all the same; a link that
its person has begun with did arrive, and is left alone.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import LinkPurpose, Mail, MailState, Person, ProvisioningRequest, RequestPerson
from services import audit, invitations, letters, links, outgoing
from services.leases import Claim
from services.mail import Letter, MailFailed, configured, send
from services.portal import Portal
from services.provisioning import minting, progress, settlement
from services.refusal import Refusal
from services.roles import Privilege, privileges
from services.standing import demand_active

log = logging.getLogger(__name__)

GIVE_UP = timedelta(hours=24)
"""How long a mail is tried. After a day somebody should look at why."""


def owe_link(
    portal: Portal,
    session: Session,
    *,
    purpose: LinkPurpose,
    person: Person,
    actor: Person,
    lifetime: timedelta,
    place: RequestPerson | None = None,
) -> Mail:
    """Write down that the person is to get a link by mail.

    Args:
        place: theirs in the provisioning request that the link is for.

    Raises:
        Refusal: `mail_not_configured`, `mail_on_its_way`, or `person_holds_more` and
            `person_inactive` as for a link.
    """
    demand_configured(portal)
    links.may_act_on(person, actor)
    demand_active(person)
    now = portal.now()
    mail = Mail(
        person=person,
        purpose=purpose,
        lifetime=int(lifetime.total_seconds()),
        requested_by_id=actor.id,
        created_at=now,
        due_at=now,
        **_of_request(place),
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


def owe_links(
    session: Session,
    request: ProvisioningRequest,
    places: Sequence[RequestPerson],
    *,
    actor: Person,
    now: datetime,
) -> None:
    """Write down that people of a request are to get their links, in few statements.

    The caller has seen that nothing stands against it (`owe_link`).

    Raises:
        IntegrityError: when a mail was owed to one of them at this moment.
    """
    if request.ends_at is None:
        raise ValueError(request.state)
    for place in places:
        if place.person is not None:
            mail = Mail(
                uuid=uuid.uuid4(),
                person=place.person,
                purpose=LinkPurpose.ENROL,
                lifetime=int((request.ends_at - now).total_seconds()),
                requested_by_id=actor.id,
                created_at=now,
                due_at=now,
                **_of_request(place),
            )
            session.add(mail)
            _record(session, audit.Tag.MAIL_ASKED_FOR, mail, now=now, actor=actor)
    session.flush()


def demand_configured(portal: Portal) -> None:
    """Refuse to owe mail that can go nowhere.

    Raises:
        Refusal: `mail_not_configured`.
    """
    if not configured(portal.settings):
        raise Refusal(
            "mail_not_configured",
            "No mail server is configured here. Make a link and hand it over yourself.",
        )


def _of_request(place: RequestPerson | None) -> dict[str, Any]:
    """What a mail keeps of the request that it is for."""
    if place is None:
        return {}
    return {"request_person_id": place.id, "reminder": place.invited_at is not None}


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


def stop_waiting(session: Session, person: Person, *, actor: Person | None, now: datetime) -> int:
    """Give up every mail that waits for the person; how many there were."""
    stopped = session.scalars(
        update(Mail)
        .where(Mail.person_id == person.id, Mail.state == MailState.WAITING)
        .values(state=MailState.STOPPED, settled_at=now)
        .returning(Mail)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    for mail in stopped:
        _record(session, audit.Tag.MAIL_STOPPED, mail, now=now, actor=actor)
    return len(stopped)


def get(session: Session, address: uuid.UUID) -> Mail | None:
    """The mail of an address in a URL."""
    return session.scalar(select(Mail).where(Mail.uuid == address))


def of_person(session: Session, person: Person) -> list[Mail]:
    """The person's mails, newest first."""
    statement = select(Mail).where(Mail.person_id == person.id).order_by(Mail.id.desc())
    return list(session.scalars(statement))


def next_due(session: Session) -> datetime | None:
    """When the next mail is due."""
    return outgoing.next_due(session, Mail)


def work(portal: Portal, *, worker: str, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until nothing is due; see `outgoing.work`."""
    return outgoing.work(portal, Mail, partial(_run, portal), worker=worker, stopping=stopping)


def _run(portal: Portal, claim: Claim) -> None:
    """One attempt, from the link to the settlement.

    Raises:
        LostLease: when somebody else has the mail.
    """
    failure = outgoing.attempt(partial(_send, portal, claim), claim)
    with portal.database.write() as session:
        state = _settle(session, claim, failure, now=portal.now())
    log.info("mail %d: %s", claim.row_id, state)


def _send(portal: Portal, claim: Claim) -> None:
    letter = _letter(portal, claim)
    if letter is not None:
        send(portal.settings, letter, now=portal.now())


def _letter(portal: Portal, claim: Claim) -> Letter | None:
    """Make the link of this attempt and write the mail around it; None when one arrived already.

    Raises:
        Refusal: when whoever asked for it may not make this link any more.
    """
    now = portal.now()
    with portal.database.write() as session:
        mail = outgoing.held(session, Mail, claim)
        if _arrived(mail):
            return None
        if mail.request_person_id is not None:
            return _invitation(portal, session, mail, mail.request_person_id, now=now)
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


def _invitation(
    portal: Portal, session: Session, mail: Mail, place_id: int, *, now: datetime
) -> Letter:
    """Make the link of somebody in a provisioning request, and write the mail around it."""
    made = minting.mint(session, place_id, actor=mail.requested_by, now=now)
    mail.link = made.link
    request = session.get_one(RequestPerson, place_id).request
    words = invitations.Words.of(
        mail.person,
        places=[one.name for one in settlement.wanted(session, request)],
        last_day=request.last_day or made.link.expires_at.date(),
        reminder=mail.reminder,
    )
    address = f"{portal.settings.base_url}/links/{made.token}"
    return invitations.letter(mail.person, words, address, portal=portal.settings.rp_name)


def _settle(
    session: Session, claim: Claim, failure: MailFailed | None, *, now: datetime
) -> MailState:
    mail = outgoing.held(session, Mail, claim)
    if _arrived(mail):
        failure = None
    if failure is not None:
        _drop_link(session, mail, now=now)
    outgoing.settle(mail, failure, give_up=mail.created_at + GIVE_UP, now=now)
    if mail.state is MailState.SENT:
        _record(session, audit.Tag.MAIL_SENT, mail, now=now)
    elif mail.state is MailState.FAILED:
        _record(session, audit.Tag.MAIL_FAILED, mail, now=now, reason=mail.reason)
        if mail.request_person_id is not None:
            progress.unreached(session, mail.request_person_id, mail.reason or "", now=now)
    return mail.state


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
