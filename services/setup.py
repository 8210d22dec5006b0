"""The beginning: a set-up link makes the first administrator, once and never again.

The administrator exists as such only from the transaction that stores their passkey. Until then
the link can be issued again, and an abandoned set-up leaves a person who may do nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import EnrolmentLink, LinkPurpose, Passkey, Person
from services import audit, links, people, policies, role_changes, roles
from services.refusal import Refusal

LIFETIME = timedelta(hours=24)
OVER = "Latchkey is set up already. Sign in instead."


def is_over(session: Session) -> bool:
    """Whether the portal is set up. What happens to that administrator later changes nothing."""
    finished = select(EnrolmentLink.id).where(
        EnrolmentLink.purpose == LinkPurpose.SETUP, EnrolmentLink.finished_at.is_not(None)
    )
    return session.scalar(finished) is not None


def make_link(session: Session, *, now: datetime) -> links.Made:
    """Make the set-up link, and take back every older one.

    Raises:
        Refusal: `setup_over`.
    """
    if is_over(session):
        raise Refusal("setup_over", OVER, status=410)
    older = session.scalars(
        select(EnrolmentLink)
        .where(EnrolmentLink.purpose == LinkPurpose.SETUP, EnrolmentLink.revoked_at.is_(None))
        .order_by(EnrolmentLink.id)
    ).all()
    for link in older:
        links.revoke(session, link, actor=None, now=now)
    return links.make(
        session,
        purpose=LinkPurpose.SETUP,
        # Whoever began an earlier link goes on as the same person.
        person=older[-1].person if older else None,
        actor=None,
        lifetime=LIFETIME,
        now=now,
    )


def describe(
    session: Session,
    own: links.Enrolment,
    names: people.Names,
    kind: policies.Kind,
    *,
    now: datetime,
) -> Person:
    """Take down who the administrator is and which keys are allowed; again, as long as it lasts.

    Raises:
        Refusal: `setup_over`, `link_unknown`, or as `people.add`.
    """
    if is_over(session):
        raise Refusal("setup_over", OVER, status=410)
    link = session.get_one(EnrolmentLink, own.link.id)
    if link.purpose is not LinkPurpose.SETUP:
        raise links.refusal("link_unknown")
    person = people.by_email(session, names.email) or link.person
    if person is None:
        person = people.add(session, names, actor=None, now=now)
    else:
        people.check(session, names, allowed=person)
        person.email = names.email
        person.given_name = names.given_name
        person.family_name = names.family_name
        person.display_name = names.display_name
    link.person = person
    chosen = policies.current(session)
    if chosen is None or policies.kind_of(chosen) is not kind:
        policies.choose(session, kind, actor=None, now=now)
    return person


def finish(session: Session, own: links.Enrolment, passkey: Passkey, *, now: datetime) -> None:
    """End set-up for good: the passkey's person becomes administrator as the passkey is stored.

    Raises:
        Refusal: `setup_over`, or as `links.finish`.
    """
    if is_over(session):
        raise Refusal("setup_over", OVER, status=410)
    try:
        links.finish(session, own, passkey, now=now)
    except IntegrityError:  # another set-up was finished at this moment
        raise Refusal("setup_over", OVER, status=410) from None
    person = session.get_one(Person, passkey.person_id)
    role_changes.grant(session, person, roles.ADMINISTRATOR, actor=None, now=now)
    audit.record(
        session, audit.Tag.PORTAL_SET_UP, now=now, actor=person, person=person, passkey=passkey
    )
