"""Enrolment links: one-time, expiring, and each exchanged for an enrolment session.

Opening a link changes nothing. The first browser that begins owns the link: it exchanges the
token, which was in an address and may have been seen, for a session that only its cookie knows.
The link dies in the transaction that stores its last passkey. Every condition, the expiry included,
stands in the statement that acts, so that two browsers or two clicks cannot both win.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from models import EnrolmentLink, LinkPurpose, Passkey, Person
from services import audit, provisioning
from services.link_words import REFUSALS, SIGN_UP_REFUSALS
from services.refusal import Refusal
from services.roles import Privilege, granted, holds_more, privileges
from services.sessions import digest
from services.standing import demand_active

TIME_TO_FINISH = timedelta(hours=1)
"""How long an enrolment session lives after its exchange, even past the link's own expiry."""
TIME_TO_LOOK = timedelta(hours=1)
"""How long the page of a finished enrolment can still be seen in its browser."""


class LinkState(StrEnum):
    """Where a link stands, in the words that pages show."""

    OPEN = "not used yet"
    BEGUN = "begun"
    FINISHED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Made:
    """A new link. The token is shown once and kept nowhere."""

    link: EnrolmentLink
    token: str


@dataclass(frozen=True)
class Enrolment:
    """A browser's enrolment session: its link, and what its ceremonies are bound to."""

    link: EnrolmentLink
    session_hash: bytes

    @property
    def person(self) -> Person | None:
        """Whom it enrols; None while a set-up does not know yet."""
        return self.link.person

    @property
    def finished(self) -> bool:
        """Whether its passkey is registered, so that there is only something to look at."""
        return self.link.finished_at is not None


def make(
    session: Session,
    *,
    purpose: LinkPurpose,
    person: Person | None,
    actor: Person | None,
    lifetime: timedelta,
    now: datetime,
    request_person_id: int | None = None,
) -> Made:
    """Make a link.

    Args:
        person: whom it enrols; None for set-up.
        actor: who makes it; None for a command.
        lifetime: how long it can be opened.
        request_person_id: their place in the provisioning request that it is made for.

    Raises:
        Refusal: `person_holds_more` when the actor holds less than the person: whoever has the
            link can sign in as its person afterwards; `person_inactive`.
    """
    may_act_on(person, actor)
    if person is not None:
        demand_active(person)
    token = secrets.token_urlsafe(32)
    link = EnrolmentLink(
        token_hash=digest(token),
        purpose=purpose,
        person=person,
        created_by_id=actor.id if actor else None,
        created_at=now,
        expires_at=now + lifetime,
        request_person_id=request_person_id,
    )
    session.add(link)
    session.flush()
    _record(session, audit.Tag.LINK_MADE, link, now=now, actor=actor)
    return Made(link, token)


def look(session: Session, token: str, browser: str | None, *, now: datetime) -> EnrolmentLink:
    """The link of a token, as long as this browser can use it. Changes nothing.

    Args:
        browser: the browser's enrolment secret, where it has one.

    Raises:
        Refusal: one of `REFUSALS`.
    """
    link = session.scalar(select(EnrolmentLink).where(EnrolmentLink.token_hash == digest(token)))
    if link is None:
        raise refusal("link_unknown")
    own = browser is not None and link.session_hash == session_hash(link, browser)
    return _usable(link, own=own, now=now)


def exchange(session: Session, token: str, browser: str, *, now: datetime) -> EnrolmentLink:
    """Make the link this browser's; nothing changes when it is already.

    Args:
        browser: the browser's enrolment secret.

    Raises:
        Refusal: one of `REFUSALS`.
    """
    link = look(session, token, browser, now=now)
    if link.session_hash is not None:
        return link
    taken = session.execute(
        update(EnrolmentLink)
        .where(
            EnrolmentLink.id == link.id,
            EnrolmentLink.session_hash.is_(None),
            EnrolmentLink.finished_at.is_(None),
            EnrolmentLink.revoked_at.is_(None),
            EnrolmentLink.expires_at > now,
        )
        .values(session_hash=session_hash(link, browser), exchanged_at=now)
        .returning(EnrolmentLink.id)
    ).scalar()
    session.refresh(link)
    if taken is None:
        return look(session, token, browser, now=now)
    provisioning.began(session, link, now=now)
    _record(session, audit.Tag.LINK_EXCHANGED, link, now=now, actor=None)
    return link


def enrolment(session: Session, address: uuid.UUID, browser: str, *, now: datetime) -> Enrolment:
    """The enrolment session of a browser.

    Args:
        address: the link's UUID.
        browser: the browser's enrolment secret.

    Raises:
        Refusal: one of `REFUSALS`.
    """
    link = session.scalar(select(EnrolmentLink).where(EnrolmentLink.uuid == address))
    if link is None or link.session_hash != session_hash(link, browser):
        raise refusal("link_unknown")
    _usable(link, own=True, now=now)
    return Enrolment(link, session_hash(link, browser))


def hold(session: Session, own: Enrolment, *, now: datetime) -> EnrolmentLink:
    """Hold the link of an enrolment session until the transaction ends, while it can be used.

    Raises:
        Refusal: one of `REFUSALS`.
    """
    link = session.get_one(
        EnrolmentLink,
        own.link.id,
        populate_existing=True,
        with_for_update={"of": EnrolmentLink},
    )
    if link.session_hash != own.session_hash:
        raise refusal("link_unknown")
    demand_usable(link, now=now)
    return link


def finish(session: Session, own: Enrolment, passkey: Passkey, *, now: datetime) -> None:
    """End the link with its passkey, in the transaction that stores the passkey.

    Raises:
        Refusal: one of `REFUSALS`, which takes the passkey back with the transaction.
    """
    finished = session.execute(
        update(EnrolmentLink)
        .where(
            EnrolmentLink.id == own.link.id,
            EnrolmentLink.session_hash == own.session_hash,
            EnrolmentLink.finished_at.is_(None),
            EnrolmentLink.revoked_at.is_(None),
            _in_time(now),
        )
        .values(finished_at=now, passkey_id=passkey.id)
        .returning(EnrolmentLink.id)
    ).scalar()
    link = session.get_one(EnrolmentLink, own.link.id, populate_existing=True)
    if finished is None:
        _usable(link, own=True, now=now)
        raise refusal("link_finished", link.purpose)
    if not _still_allowed(link):
        raise refusal("link_revoked", link.purpose)
    _record(session, audit.Tag.LINK_FINISHED, link, now=now, actor=passkey.person, passkey=passkey)


def demand_usable(link: EnrolmentLink, *, now: datetime) -> None:
    """Refuse a link that whoever exchanged it can register nothing with any more.

    Raises:
        Refusal: one of `REFUSALS`.
    """
    if link.finished_at is not None:
        raise refusal("link_finished", link.purpose)
    _usable(link, own=True, now=now)


def give_back(session: Session, own: Enrolment) -> None:
    """Let an unfinished link be opened again: whoever exchanged it goes on with it no more."""
    session.execute(
        update(EnrolmentLink)
        .where(
            EnrolmentLink.id == own.link.id,
            EnrolmentLink.session_hash == own.session_hash,
            EnrolmentLink.finished_at.is_(None),
        )
        .values(session_hash=None, exchanged_at=None)
    )


def revoke(session: Session, link: EnrolmentLink, *, actor: Person | None, now: datetime) -> None:
    """Take a link back, so that it can be neither opened nor finished.

    Raises:
        Refusal: `person_holds_more`, or `link_finished` when it is too late.
    """
    may_act_on(link.person, actor)
    session.refresh(link, with_for_update={"of": EnrolmentLink})  # it may be finished just now
    if link.finished_at is not None:
        raise Refusal("link_finished", "This link was used already, so it cannot be revoked.")
    if link.revoked_at is None:
        link.revoked_at = now
        _record(session, audit.Tag.LINK_REVOKED, link, now=now, actor=actor)


def revoke_open(session: Session, person: Person, *, actor: Person | None, now: datetime) -> int:
    """Take back every link of the person that can still be opened or finished.

    Returns:
        How many there were.
    """
    count = 0
    for link in of_person(session, person):
        session.refresh(link, with_for_update={"of": EnrolmentLink})  # it may be finished just now
        if link.finished_at is None and link.revoked_at is None and _still_in_time(link, now):
            link.revoked_at = now
            _record(session, audit.Tag.LINK_REVOKED, link, now=now, actor=actor)
            count += 1
    return count


def get(session: Session, address: uuid.UUID) -> EnrolmentLink | None:
    """The link of an address in a URL."""
    return session.scalar(select(EnrolmentLink).where(EnrolmentLink.uuid == address))


def of_person(session: Session, person: Person) -> list[EnrolmentLink]:
    """The person's links, newest first."""
    return list(
        session.scalars(
            select(EnrolmentLink)
            .where(EnrolmentLink.person_id == person.id)
            .order_by(EnrolmentLink.id.desc())
        )
    )


def state(link: EnrolmentLink, *, now: datetime) -> LinkState:
    """Where the link stands."""
    if link.finished_at is not None:
        return LinkState.FINISHED
    if link.revoked_at is not None:
        return LinkState.REVOKED
    if not _still_in_time(link, now):
        return LinkState.EXPIRED
    return LinkState.BEGUN if link.session_hash is not None else LinkState.OPEN


def session_hash(link: EnrolmentLink, browser: str) -> bytes:
    """What one browser's enrolment session of one link is known by.

    It is derived from both, so that a browser can hold several links at once and a ceremony of
    one of them never counts for another.
    """
    return hashlib.sha256(f"{browser}:{link.uuid.hex}".encode()).digest()


def refusal(code: str, purpose: LinkPurpose = LinkPurpose.ENROL) -> Refusal:
    """The refusal of a code in `REFUSALS`, in the words that fit the link's purpose."""
    status, sentence = REFUSALS[code]
    if purpose is LinkPurpose.SIGN_UP:
        sentence = SIGN_UP_REFUSALS.get(code, sentence)
    return Refusal(code, sentence, status=status)


def _usable(link: EnrolmentLink, *, own: bool, now: datetime) -> EnrolmentLink:
    if link.finished_at is not None:
        if own and now < link.finished_at + TIME_TO_LOOK:
            return link
        raise refusal("link_finished", link.purpose)
    if link.revoked_at is not None or not _still_allowed(link):
        raise refusal("link_revoked", link.purpose)
    if not _still_in_time(link, now):
        raise refusal("link_expired", link.purpose)
    if link.session_hash is not None and not own:
        raise refusal("link_elsewhere", link.purpose)
    return link


def _still_allowed(link: EnrolmentLink) -> bool:
    """Whether whoever made the link could make it now.

    Somebody who kept a link would otherwise sign in as its person once that person may do more
    than they, or after they lost their own roles.
    """
    if link.person is not None and not link.person.active:
        return False
    maker = link.created_by
    if maker is None:
        return True
    own = privileges(maker)
    needed = Privilege.MAKE_LINKS if link.request_person_id is None else Privilege.RUN_REQUESTS
    return needed in own and (link.person is None or granted(link.person) <= own)


def _in_time(now: datetime) -> ColumnElement[bool]:
    return or_(
        EnrolmentLink.expires_at > now,
        and_(
            EnrolmentLink.exchanged_at.is_not(None),
            EnrolmentLink.exchanged_at > now - TIME_TO_FINISH,
        ),
    )


def _still_in_time(link: EnrolmentLink, now: datetime) -> bool:
    """`_in_time` for a row that was read."""
    begun = link.exchanged_at is not None and link.exchanged_at > now - TIME_TO_FINISH
    return link.expires_at > now or begun


def may_act_on(person: Person | None, actor: Person | None) -> None:
    """Refuse to act on the links of somebody who may do more than the actor.

    Raises:
        Refusal: `person_holds_more`.
    """
    if actor is not None and person is not None and holds_more(person, actor):
        raise Refusal(
            "person_holds_more",
            "This person may do more than you, so you cannot make or revoke their links.",
            status=403,
        )


def _record(
    session: Session,
    tag: audit.Tag,
    link: EnrolmentLink,
    *,
    now: datetime,
    actor: Person | None,
    passkey: Passkey | None = None,
) -> None:
    audit.record(
        session,
        tag,
        now=now,
        actor=actor,
        person=link.person,
        passkey=passkey,
        link=str(link.uuid),
        purpose=link.purpose.value,
    )
