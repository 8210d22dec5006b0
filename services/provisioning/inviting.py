"""Sending the people of a request their links: at first, as a reminder, and anew.

A page says what is to be sent, and the worker writes the mails down, some at a time; each link is
made when its mail is sent. Every condition stands in the statement that acts, so that of two
operators who press at once nobody sends a second mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from models import (
    Driver,
    EnrolmentLink,
    LinkPurpose,
    Mail,
    MailState,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestState,
)
from services import audit, links, mails
from services.portal import Portal
from services.provisioning import minting, settlement
from services.provisioning.admission import unfinished
from services.provisioning.progress import OPEN, hold, take_up
from services.provisioning.records import changed, lock
from services.refusal import Refusal
from services.standing import demand_active

BATCH = 100
"""People whose mails are written down in one transaction."""
PAUSE = timedelta(days=1)
"""Nobody is reminded more often."""


def provision(
    portal: Portal, session: Session, request: ProvisioningRequest, *, actor: Person
) -> bool:
    """Have everybody of the request sent their link, whoever is taken in later included.

    Wake the workers after the transaction.

    Raises:
        Refusal: `request_changed`, `request_closed`, `request_at_desk`, `mail_not_configured`.

    Returns:
        False where that was said before.
    """
    lock(session, request)
    now = portal.now()
    if request.provisioned_at is not None and request.state is not RequestState.DRAFT:
        return False
    _demand_open(request)
    if request.driver is not Driver.LINK:
        raise Refusal(
            "request_at_desk",
            "This request is carried out at a desk. Send somebody a link by their row instead.",
            status=409,
        )
    mails.demand_configured(portal)
    request.provisioned_at, request.provisioned_by_id = now, actor.id
    request.due_at = now
    settlement.settle(session, request, now=now)
    _record(session, audit.Tag.REQUEST_PROVISIONED, request, actor=actor, now=now)
    return True


def remind(portal: Portal, session: Session, request: ProvisioningRequest, *, actor: Person) -> int:
    """Have everybody reminded who was sent a link and is not done; nobody twice within a day.

    Wake the workers after the transaction.

    Raises:
        Refusal: `request_changed`, `request_closed`, `mail_not_configured`; `reminded_already`
            where nobody is left to be reminded now.

    Returns:
        How many will be.
    """
    lock(session, request)
    now = portal.now()
    _demand_open(request)
    mails.demand_configured(portal)
    waiting = select(func.count()).select_from(RequestPerson).where(*remindable(request, now=now))
    count = session.scalar(waiting) or 0
    if not count:
        raise Refusal(
            "reminded_already",
            "Nobody is to be reminded now: whoever is not done was sent a mail within a day.",
            status=409,
        )
    request.remind_at, request.reminded_by_id, request.due_at = now, actor.id, now
    _record(session, audit.Tag.REQUEST_REMINDED, request, actor=actor, now=now, people=count)
    return count


def send(
    portal: Portal, session: Session, place: RequestPerson, *, actor: Person, again: bool = False
) -> Mail:
    """Have one person of a request sent a link by mail; the one they had is dead from now on.

    Args:
        again: whether it only reminds them.

    Raises:
        Refusal: `request_changed`, `request_closed`, as `mails.owe_link`; `reminded_already`
            where they were sent a mail within a day.
    """
    request = place.request
    lock(session, request)
    now = portal.now()
    if not again:
        minting.revoke(session, EnrolmentLink.request_person_id == place.id, now=now)
    place = hold(session, place.id)
    if not minting.mintable(request, place, now=now) or place.person is None:
        raise minting.closed()
    if again and not day_is_over(place, now=now):
        raise Refusal(
            "reminded_already",
            "They were sent a mail within a day. Wait until tomorrow.",
            status=409,
        )
    take_up(place)
    mail = mails.owe_link(
        portal,
        session,
        purpose=LinkPurpose.ENROL,
        person=place.person,
        actor=actor,
        lifetime=request.ends_at - now,  # type: ignore[operator]  # `mintable` saw to it
        place=place,
    )
    _sent(place, now=now, again=place.invited_at is not None)
    settlement.settle(session, request, now=now)
    return mail


def show(session: Session, place: RequestPerson, *, actor: Person, now: datetime) -> links.Made:
    """Make a person's link to be handed over; the one they had is dead from now on.

    Raises:
        Refusal: as `minting.mint`.
    """
    lock(session, place.request)
    made = minting.mint(session, place.id, actor=actor, now=now)
    settlement.settle(session, place.request, now=now)
    return made


def invite_batch(portal: Portal, session: Session, request: ProvisioningRequest) -> int:
    """Write down the mails of some who were sent none yet; how many were looked at."""
    if request.provisioned_by_id is None:
        return 0
    return _batch(
        portal,
        session,
        request,
        and_(RequestPerson.invited_at.is_(None), RequestPerson.state == RequestState.PENDING),
        actor=session.get_one(Person, request.provisioned_by_id),
    )


def waits(session: Session, request: ProvisioningRequest) -> bool:
    """Whether somebody is still to be sent their first link."""
    if request.provisioned_at is None:
        return False
    found = select(RequestPerson.id).where(
        RequestPerson.request_id == request.id,
        RequestPerson.invited_at.is_(None),
        RequestPerson.state == RequestState.PENDING,
    )
    return session.scalar(found.limit(1)) is not None


def remind_batch(portal: Portal, session: Session, request: ProvisioningRequest) -> int:
    """Write down the reminders of some; how many were looked at."""
    if request.remind_at is None or request.reminded_by_id is None:
        return 0
    found = _batch(
        portal,
        session,
        request,
        and_(*remindable(request, now=request.remind_at)),
        actor=session.get_one(Person, request.reminded_by_id),
    )
    if not found:
        request.remind_at = None
    return found


def remindable(request: ProvisioningRequest, *, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Who of a request is to be reminded: was sent a link more than a day ago, and is not done.

    Whoever is in the middle of it is left alone: the reminder would kill their link.
    """
    busy = select(EnrolmentLink.request_person_id).where(
        EnrolmentLink.request_person_id == RequestPerson.id,
        EnrolmentLink.exchanged_at > now - links.TIME_TO_FINISH,
        EnrolmentLink.finished_at.is_(None),
        EnrolmentLink.revoked_at.is_(None),
    )
    return (
        RequestPerson.request_id == request.id,
        RequestPerson.person_id.is_not(None),
        unfinished(),
        RequestPerson.invited_at <= now - PAUSE,
        or_(RequestPerson.reminded_at.is_(None), RequestPerson.reminded_at <= now - PAUSE),
        ~busy.exists(),
    )


def _batch(
    portal: Portal,
    session: Session,
    request: ProvisioningRequest,
    which: ColumnElement[bool],
    *,
    actor: Person,
) -> int:
    """Write down the mails of some of these, in a number of statements that does not grow with
    theirs.
    """
    now = portal.now()
    waiting = (
        select(Mail.id)
        .where(
            Mail.person_id == RequestPerson.person_id,
            Mail.state.in_((MailState.WAITING, MailState.SENDING)),
        )
        .exists()
    )
    places = session.scalars(
        select(RequestPerson)
        .where(RequestPerson.request_id == request.id, which, ~waiting)
        .order_by(RequestPerson.id)
        .limit(BATCH)
        .with_for_update(key_share=True, of=RequestPerson, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    _refuse(session, places, actor=actor, now=now)
    good = [one for one in places if one.state in OPEN and one.person is not None]
    mails.owe_links(session, request, good, actor=actor, now=now)
    for place in good:
        _sent(place, now=now, again=place.invited_at is not None)
    session.flush()
    return len(places)


def _refuse(
    session: Session, places: Sequence[RequestPerson], *, actor: Person, now: datetime
) -> None:
    """Fail those who cannot be sent a link by this actor; take up again those who had failed."""
    for place in places:
        person = place.person
        try:
            minting.demand_runner(actor)
            links.may_act_on(person, actor)
            if person is not None:
                demand_active(person)
        except Refusal as refusal:
            place.state, place.finished_at = RequestState.FAILED, now
            place.code = "not_sent"
            place.reason = f"Not sent with the right of {actor.display_name}: {refusal.sentence}"
            place.reminded_at = now if place.invited_at else None
        else:
            take_up(place)


def _sent(place: RequestPerson, *, now: datetime, again: bool) -> None:
    if again:
        place.reminded_at = now
    else:
        place.invited_at = now


def day_is_over(place: RequestPerson, *, now: datetime) -> bool:
    """Whether the person may be reminded again."""
    last = max((one for one in (place.invited_at, place.reminded_at) if one), default=None)
    return last is None or last <= now - PAUSE


def _demand_open(request: ProvisioningRequest) -> None:
    """Refuse what only an open request can have done."""
    if request.state is RequestState.DRAFT:
        raise changed()
    if request.state not in (*OPEN, RequestState.FAILED):
        raise Refusal(
            "request_closed", f"This request is {request.state.value}: nothing is sent.", status=409
        )


def _record(
    session: Session,
    tag: audit.Tag,
    request: ProvisioningRequest,
    *,
    actor: Person,
    now: datetime,
    **more: Any,
) -> None:
    audit.record(
        session, tag, now=now, actor=actor, request=str(request.uuid), name=request.name, **more
    )
