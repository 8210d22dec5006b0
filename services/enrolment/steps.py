"""The steps of an enrolment: one for each touch that its link asks for, in their order.

Most links ask for one. Each step is finished in the transaction that stores its passkey, so that
nothing is lost when somebody stops in between; the link dies with the last one, finished or left
for later. Whatever acts on a step holds its link first, so that two tabs act one after the other.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directories.base import Way
from models import EnrolmentLink, EnrolmentStep, LinkPurpose, Passkey
from services import links, passkeys, setup, sign_up, touches
from services.portal import Portal
from services.provisioning import progress, scope
from services.refusal import Refusal
from services.touches import Touch


@dataclass(frozen=True)
class Planned:
    """A step with what it means now."""

    step: EnrolmentStep
    touch: Touch | None
    """None where its directory serves the person no more: it can only be left for later."""
    may_skip: bool


DONE = "step_done"
"""The code of a key that came for a step which is done."""

ENDS = {LinkPurpose.SETUP: setup.finish, LinkPurpose.SIGN_UP: sign_up.finish}
"""What ends an enrolment together with its passkey, where that is more than ending the link."""


def of_link(
    session: Session, portal: Portal, link: EnrolmentLink, *, now: datetime
) -> tuple[EnrolmentStep, ...]:
    """The steps of a link, in their order.

    They are written down when they are first asked for, while the link is used; before its person
    is known, and where it ended without any, there are none. So the first call needs a session
    that may write.
    """
    found, person_id = kept(session, link), link.person_id
    if found or person_id is None or links.state(link, now=now) is not links.LinkState.BEGUN:
        return found
    link = session.get_one(
        EnrolmentLink, link.id, populate_existing=True, with_for_update={"of": EnrolmentLink}
    )
    found = kept(session, link)  # another tab may have been quicker
    if found:
        return found
    for position, touch in enumerate(_asked(session, portal, link, person_id), 1):
        session.add(
            EnrolmentStep(
                uuid=uuid.uuid4(),
                link=link,
                position=position,
                directory_id=touch.directory.id if touch.directory else None,
            )
        )
    session.flush()
    return kept(session, link)


def kept(session: Session, link: EnrolmentLink) -> tuple[EnrolmentStep, ...]:
    """The steps of a link as they are written down, in their order. Writes nothing."""
    return tuple(
        session.scalars(
            select(EnrolmentStep)
            .where(EnrolmentStep.link_id == link.id)
            .order_by(EnrolmentStep.position)
        )
    )


def current(steps: Sequence[EnrolmentStep]) -> EnrolmentStep | None:
    """The step that comes next; None when nothing is left to do."""
    return next((step for step in steps if is_open(step)), None)


def is_open(step: EnrolmentStep) -> bool:
    """Whether it is neither finished nor left for later."""
    return step.finished_at is None and step.skipped_at is None


def find(steps: Sequence[EnrolmentStep], subject: str) -> EnrolmentStep:
    """The step that a page names by its UUID; the current one where it names none.

    Raises:
        Refusal: `step_unknown`, or `step_done` when it is not open any more.
    """
    named = next((step for step in steps if str(step.uuid) == subject), None)
    step = named if subject else current(steps)
    if step is None:
        raise Refusal("step_unknown", "This page is out of date. Open it again.", status=409)
    if not is_open(step):
        raise done()
    return step


def finish(
    session: Session, own: links.Enrolment, step: EnrolmentStep, passkey: Passkey, *, now: datetime
) -> None:
    """Finish a step in the transaction that stores its passkey; the last one ends the link.

    Raises:
        Refusal: `step_done`, or as `links.hold` and what ends the link; it takes the passkey back
            with the transaction.
    """
    steps = _held(session, own, now=now)
    row = find(steps, str(step.uuid))
    row.passkey_id, row.finished_at = passkey.id, now
    session.flush()
    place = scope.place_of(session, row.link)
    if place is not None:
        progress.finished(session, place, passkey, now=now)
    _end_with_last(session, own, steps, now=now)


def plan(
    session: Session, portal: Portal, link: EnrolmentLink, steps: Sequence[EnrolmentStep]
) -> tuple[Planned, ...]:
    """Each step with the touch that it takes now."""
    if link.person_id is None:
        return ()
    found = touches.planned(session, portal, link.person_id)
    needed = not any(one.own for one in passkeys.of_person(session, link.person_id))
    own = touches.own(session, portal, link.person_id)
    pairs = [(step, _touch(found, step, own)) for step in steps]
    return tuple(
        Planned(step, touch, _skippable(steps, step, touch, needed)) for step, touch in pairs
    )


def skip(
    session: Session, portal: Portal, own: links.Enrolment, step: EnrolmentStep, *, now: datetime
) -> None:
    """Leave a step for later; the last one ends the link.

    Raises:
        Refusal: `step_done`, `step_needed`, or as `links.hold`.
    """
    steps = _held(session, own, now=now)
    row = find(steps, str(step.uuid))
    if not next(one.may_skip for one in plan(session, portal, row.link, steps) if one.step is row):
        raise Refusal("step_needed", "This key is needed. Enrol it to finish.", status=409)
    row.skipped_at = now
    session.flush()
    _end_with_last(session, own, steps, now=now)


def over(session: Session, address: uuid.UUID, browser: str) -> Refusal | None:
    """What to say of an enrolment that ran out of time after some of its keys were registered.

    Args:
        address: the link's UUID.
        browser: the browser's enrolment secret, as for `links.enrolment`.

    Returns:
        None where nothing was registered, or where it was not this browser's.
    """
    link = links.get(session, address)
    if link is None or link.session_hash != links.session_hash(link, browser):
        return None
    if not any(step.passkey_id for step in kept(session, link)):
        return None
    return Refusal(
        "enrolment_ran_out",
        "The time for this link is over. What you enrolled stays and works. Sign in with it, and "
        "enrol what is missing from My passkeys, or ask for a new link.",
        status=410,
    )


def done() -> Refusal:
    """The refusal of a second key for a step."""
    return Refusal(
        DONE,
        "This step is done already, perhaps in another tab. Nothing more was registered for it.",
        status=409,
    )


def _asked(
    session: Session, portal: Portal, link: EnrolmentLink, person_id: int
) -> tuple[Touch, ...]:
    """What a link asks for: a key for this portal, and one for each place that has none yet.

    A recovery asks for all of them again, because the key that is lost opens none of them any
    more. Who sets the portal up, or signs up, is known in no directory yet. A request names its
    directories; where none of them can be enrolled for, it still leads to a key for this portal
    alone.
    """
    named = scope.directories_for(session, link)
    found = touches.planned(session, portal, person_id, directories=named)
    if link.purpose in ENDS:
        return found[:1]
    if link.purpose is not LinkPurpose.RECOVER:
        left = tuple(one for one in found if one.way is not Way.FOREIGN or not one.done)
        found = left or found[:1]
    return found or (touches.own(session, portal, person_id),)


def _touch(found: Sequence[Touch], step: EnrolmentStep, own: Touch) -> Touch | None:
    """What a step takes now; one of our own can be taken whoever shares our relying party."""
    if step.directory_id is None:
        return own
    wanted = step.directory_id
    return next((one for one in found if one.directory and one.directory.id == wanted), None)


def _skippable(
    steps: Sequence[EnrolmentStep], step: EnrolmentStep, touch: Touch | None, needed: bool
) -> bool:
    """Whether a step can be left for later: no link ends with nothing to show for it, and nobody
    goes without a key for this portal itself (`needed`: they have none yet).
    """
    others = [one for one in steps if one is not step]
    something = any(one.finished_at is not None or is_open(one) for one in others)
    own = touch is not None and touch.way is not Way.FOREIGN
    return is_open(step) and something and not (own and needed)


def _held(session: Session, own: links.Enrolment, *, now: datetime) -> tuple[EnrolmentStep, ...]:
    return kept(session, links.hold(session, own, now=now))


def _end_with_last(
    session: Session, own: links.Enrolment, steps: Sequence[EnrolmentStep], *, now: datetime
) -> None:
    """End the link when nothing is open any more, with the first passkey that it led to: what
    came later in the same enrolment must not take that one for an older key.
    """
    if current(steps) is not None:
        return
    made = next(step.passkey_id for step in steps if step.passkey_id is not None)
    end = ENDS.get(own.link.purpose, links.finish)
    end(session, own, session.get_one(Passkey, made), now=now)
