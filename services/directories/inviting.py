"""Inviting somebody whom a directory knows: the person, the link to the record, and a way in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from directories.base import RemoteIdentity
from models import Directory, LinkPurpose, Person
from services import links, mails, people
from services.directories import linking
from services.portal import Portal


@dataclass(frozen=True)
class Invited:
    """Somebody who was invited."""

    person: Person
    link: links.Made | None
    """The enrolment link, to hand over; None where a mail brings it."""


def suggested(remote: RemoteIdentity) -> people.Names:
    """What a record says of somebody, to be looked over before it is kept here."""
    full = " ".join(part for part in (remote.given_name, remote.family_name) if part)
    return people.Names(
        given_name=remote.given_name,
        family_name=remote.family_name,
        display_name=remote.name or full or remote.label,
        email=next(
            (text for text in (remote.email, remote.label) if people.looks_like_email(text)), ""
        ),
    )


def invite(
    portal: Portal,
    session: Session,
    directory: Directory,
    remote: RemoteIdentity,
    names: people.Names,
    *,
    lifetime: timedelta,
    by_mail: bool,
    actor: Person,
) -> Invited:
    """Add the person, link the record to them, and make an enrolment link or owe it by mail.

    All of it or nothing: it is one transaction, the caller's. Wake the workers after it.

    Args:
        remote: as the directory has it at this moment.
        names: as the operator left them.
        lifetime: how long the link can be opened.

    Raises:
        Refusal: as `people.add`, `linking.link`, `links.make` and `mails.owe_link`.
    """
    now = portal.now()
    person = people.add(session, names, actor=actor, now=now)
    linking.link(session, directory, remote, person, how="invitation", actor=actor, now=now)
    if by_mail:
        mails.owe_link(
            portal,
            session,
            purpose=LinkPurpose.ENROL,
            person=person,
            actor=actor,
            lifetime=lifetime,
        )
        return Invited(person, None)
    made = links.make(
        session,
        purpose=LinkPurpose.ENROL,
        person=person,
        actor=actor,
        lifetime=lifetime,
        now=now,
    )
    return Invited(person, made)
