"""Going on without a directory that shares our relying party, and that has just begun nothing.

Nobody is kept out of here because a directory does not answer. Whoever adds a key, or enrols
somebody at a desk, may then make one for this portal alone, for a while; the directory's own touch
stays to be made. An enrolment link has steps for it (`services.enrolment.alone`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from directories.base import Way
from models import AuditEvent, Person
from services.audit import Tag, record
from services.ceremonies import TROUBLE
from services.refusal import Refusal
from services.touches import Touch

LASTS = timedelta(hours=1)
"""How long after a directory began nothing there is another way, and how long a choice counts."""


def lately_failed(session: Session, person_id: int, directory_id: int, *, now: datetime) -> bool:
    """Whether the directory has just begun nothing for the person."""
    refusals = _lately(session, Tag.PASSKEY_REFUSED, person_id, directory_id, now)
    return any(event.detail.get("code") == TROUBLE for event in refusals)


def offered(session: Session, touch: Touch, person_id: int, *, now: datetime) -> bool:
    """Whether a key for this portal alone may take the place of a touch."""
    if touch.way is not Way.SHARED or touch.directory is None:
        return False
    return lately_failed(session, person_id, touch.directory.id, now=now)


def choose(
    session: Session, touch: Touch, person: Person, *, place: str, actor: Person, now: datetime
) -> None:
    """Note that the person's next key is for this portal alone.

    Args:
        place: where it is made: what `chosen` is asked with.
        actor: who chose it.

    Raises:
        Refusal: `step_not_alone`.
    """
    if not offered(session, touch, person.id, now=now):
        raise refusal()
    record(
        session,
        Tag.STEP_ALONE,
        now=now,
        actor=actor,
        person=person,
        directory=touch.directory,
        place=place,
    )


def chosen(session: Session, touch: Touch, person_id: int, *, place: str, now: datetime) -> bool:
    """Whether `choose` was called for the touch not long ago."""
    if touch.way is not Way.SHARED or touch.directory is None:
        return False
    choices = _lately(session, Tag.STEP_ALONE, person_id, touch.directory.id, now)
    return any(event.detail.get("place") == place for event in choices)


def refusal() -> Refusal:
    """Why there is no such way now."""
    return Refusal(
        "step_not_alone",
        "There is no need for this: the touch can be made as it is. Open the page again.",
        status=409,
    )


def _lately(
    session: Session, tag: Tag, person_id: int, directory_id: int, now: datetime
) -> list[AuditEvent]:
    return list(
        session.scalars(
            select(AuditEvent)
            .where(
                AuditEvent.tag == tag.value,
                AuditEvent.person_id == person_id,
                AuditEvent.directory_id == directory_id,
                AuditEvent.at > now - LASTS,
            )
            .order_by(AuditEvent.id.desc())
        )
    )
