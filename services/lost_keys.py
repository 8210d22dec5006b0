"""Which of a person's passkeys may be the one that a recovery link was made for."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import EnrolmentLink, LinkPurpose, Passkey, Person


def recovered(session: Session, person: Person) -> list[Passkey]:
    """The passkeys that may have been lost before the person's last recovery; see `suspects`."""
    newest = session.scalar(
        select(EnrolmentLink)
        .where(
            EnrolmentLink.person_id == person.id,
            EnrolmentLink.purpose == LinkPurpose.RECOVER,
            EnrolmentLink.finished_at.is_not(None),
        )
        .order_by(EnrolmentLink.finished_at.desc(), EnrolmentLink.id.desc())
        .limit(1)
    )
    return [] if newest is None else suspects(session, newest)


def suspects(session: Session, link: EnrolmentLink) -> list[Passkey]:
    """The passkeys of which one may be the lost one that a finished link was made for.

    Those are the person's live passkeys that are older than the new one, until one of the person's
    was ended since.
    """
    own = select(Passkey).where(Passkey.person_id == link.person_id)
    if session.scalar(own.where(Passkey.ended_at >= link.finished_at).limit(1)) is not None:
        return []
    older = own.where(Passkey.ended_at.is_(None), Passkey.id < link.passkey_id)
    return list(session.scalars(older.order_by(Passkey.id.desc())))
