"""A desk without a directory that shares our relying party and does not answer: the person gets a
key for this portal alone, and the directory's touch stays to be made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from models import Person, RequestPerson
from services import without
from services.portal import Portal
from services.provisioning import desk, desk_steps
from services.provisioning.desk_steps import Step


def offered(
    session: Session, place: RequestPerson, planned: Sequence[Step], step: Step, *, now: datetime
) -> bool:
    """Whether a key for this portal alone may take the place of a step of the person's."""
    if place.person_id is None or step.done or any(one.touch.directory is None for one in planned):
        return False
    first = step is planned[0]  # a further directory that shares our relying party has its own
    return first and without.offered(session, step.touch, place.person_id, now=now)


def is_offered(session: Session, portal: Portal, subject: str, *, now: datetime) -> bool:
    """As `offered`, of the step that a page names.

    Raises:
        Refusal: `step_unknown`, `step_done`.
    """
    place = desk.place_of(session, subject)
    planned = desk_steps.steps(session, portal, place)
    return offered(session, place, planned, desk_steps.find(planned, subject), now=now)


def choose(
    session: Session, portal: Portal, subject: str, *, operator: Person, now: datetime
) -> RequestPerson:
    """Make the person's next key one for this portal alone.

    Returns:
        The person, whom the operator goes on having.

    Raises:
        Refusal: `step_not_alone`, `step_unknown`, `step_done`, or as `desk.renew`.
    """
    place = desk.place_of(session, subject)
    place = desk.renew(session, place, desk_steps.read(subject).fence, operator=operator, now=now)
    planned = desk_steps.steps(session, portal, place)
    step = desk_steps.find(planned, subject)
    if place.person is None or not offered(session, place, planned, step, now=now):
        raise without.refusal()
    where = desk_steps.alone_at(place)
    without.choose(session, step.touch, place.person, place=where, actor=operator, now=now)
    return place
