"""A key for this portal alone, where the directory that shares its relying party is out of order.

Nobody is kept out of here because a directory does not answer. The step becomes one of our own, and
the directory's becomes a step after all others, which can be taken when it answers, or left for
later.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from models import EnrolmentStep
from services import links, without
from services.audit import Tag, record
from services.enrolment import steps
from services.enrolment.steps import Planned
from services.portal import Portal


def offered(session: Session, planned: Sequence[Planned], one: Planned, *, now: datetime) -> bool:
    """Whether a step may become one for this portal alone: its directory has just failed.

    Args:
        planned: all steps of the link.
        one: the step.
    """
    if one.touch is None or not steps.is_open(one.step):
        return False
    if any(other.step.directory_id is None for other in planned):
        return False
    return without.offered(session, one.touch, one.step.link.person_id or 0, now=now)


def choose(
    session: Session, portal: Portal, own: links.Enrolment, step: EnrolmentStep, *, now: datetime
) -> None:
    """Make a step one for this portal alone, and its directory's a later one.

    Raises:
        Refusal: `step_done`, `step_not_alone`, or as `links.hold`.
    """
    link = links.hold(session, own, now=now)
    found = steps.kept(session, link)
    row = steps.find(found, str(step.uuid))
    planned = steps.plan(session, portal, link, found)
    one = next(one for one in planned if one.step is row)
    directory = row.directory
    if directory is None or not offered(session, planned, one, now=now):
        raise without.refusal()
    row.directory = None
    session.flush()  # a link has one step for each directory
    last = max(one.position for one in found)
    session.add(
        EnrolmentStep(uuid=uuid.uuid4(), link=link, position=last + 1, directory_id=directory.id)
    )
    record(
        session,
        Tag.STEP_ALONE,
        now=now,
        actor=link.person,
        person=link.person,
        directory=directory,
        link=str(link.uuid),
    )
