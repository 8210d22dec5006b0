"""Who registers a key, and for which touch, by what the page of it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_login import current_user
from sqlalchemy.orm import Session

from blueprints import visitor
from blueprints.context import portal
from blueprints.enrol.area import standing
from directories.base import Way
from services import ceremonies, links, touches, without
from services.ceremonies import Begun, CeremonyRefusal, Purpose
from services.enrolment import alone as steps_alone
from services.enrolment import steps
from services.provisioning import desk, desk_alone, scope
from services.refusal import Refusal
from services.touches import Touch

PORTAL = "portal"
"""In the place of a directory: a key for this portal alone."""


@dataclass(frozen=True)
class Asker:
    """Whose key it will be, and what the ceremony is bound to."""

    person_id: int
    session_hash: bytes


def asker(purpose: Purpose, subject: str) -> Asker:
    """Who asks, for a registration.

    Args:
        subject: of the page; at a desk it names whose key it will be.

    Raises:
        Refusal: when nobody is signed in, or no enrolment is open in this browser; `step_unknown`.
    """
    if purpose is Purpose.DESK:
        demand_sign_in()
        with portal().database.read() as session:
            place = desk.place_of(session, subject)
        return Asker(place.person_id or 0, current_user.session_hash)
    if purpose is Purpose.ADD:
        demand_sign_in()
        return Asker(current_user.person.id, current_user.session_hash)
    own = visitor.enrolment()
    if own.person is None:
        raise Refusal(
            "setup_unfinished", "Enter who you are first, then register your key.", status=409
        )
    return Asker(own.person.id, own.session_hash)


def begin(purpose: Purpose, subject: str) -> Begun:
    """Begin the registration that a page asks for.

    Args:
        subject: a step of the enrolment, or of the person at a desk; of somebody signed in, the
            directory that the key is for, or nothing for one of this portal's own.

    Raises:
        Refusal: as the services have it.
    """
    if purpose is Purpose.DESK:
        return _at_desk(subject)
    who = asker(purpose, subject)
    if purpose is Purpose.ADD:
        touch = touch_for(who.person_id, subject)
        return ceremonies.begin_registration(
            portal(),
            purpose=purpose,
            person_id=who.person_id,
            session_hash=who.session_hash,
            subject=subject,
            directory=touch.directory.id if touch.directory else None,
        )
    here = standing()
    if here.own.finished:
        raise links.refusal("link_finished")
    step = steps.find(here.steps, subject)
    with portal().database.read() as session:
        policy = scope.policy_for(session, here.own.link)
    return ceremonies.begin_registration(
        portal(),
        purpose=purpose,
        person_id=who.person_id,
        session_hash=who.session_hash,
        subject=str(step.uuid),
        directory=step.directory_id,
        policy=policy,
    )


def _at_desk(subject: str) -> Begun:
    """Begin the registration of somebody whom the operator has before them."""
    demand_sign_in()
    with portal().database.write() as session:
        begun = desk.begin(
            session, portal(), subject, operator=current_user.person, now=portal().now()
        )
    return ceremonies.begin_registration(
        portal(),
        purpose=Purpose.DESK,
        person_id=begun.person_id,
        session_hash=current_user.session_hash,
        subject=begun.subject,
        directory=begun.directory_id,
        policy=begun.policy,
        exclude=begun.exclude,
        actor_id=current_user.person.id,
    )


def alone(purpose: Purpose, subject: str) -> bool:
    """Whether the page now offers to go on without the directory, which has begun nothing."""
    if purpose is Purpose.DESK:
        with portal().database.read() as session:
            return desk_alone.is_offered(session, portal(), subject, now=portal().now())
    if purpose is Purpose.ADD:
        person_id = current_user.person.id
        touch = touch_for(person_id, subject)
        with portal().database.read() as session:
            return without.offered(session, touch, person_id, now=portal().now())
    here = standing()
    step = steps.find(here.steps, subject)
    one = next(one for one in here.planned if one.step is step)
    with portal().database.read() as session:
        return steps_alone.offered(session, here.planned, one, now=portal().now())


def touch_for(person_id: int, subject: str) -> Touch:
    """The touch that somebody who is signed in asks for.

    Args:
        subject: the UUID of the directory that it is for; empty for one of this portal's own, with
            whichever directory shares it; `PORTAL` without.

    Raises:
        Refusal: `directory_not_offered`, `step_not_alone`.
    """
    with portal().database.read() as session:
        found = touches.planned(session, portal(), person_id)
        if subject == PORTAL:
            return _own_alone(session, person_id, found)
    if not subject:
        return found[0]
    for touch in found:
        if touch.directory is not None and str(touch.directory.uuid) == subject:
            return touch
    raise CeremonyRefusal("directory_not_offered")


def _own_alone(session: Session, person_id: int, found: Sequence[Touch]) -> Touch:
    """The touch for this portal alone, which they chose as a directory did not answer."""
    own = touches.own(session, portal(), person_id)
    shared = [one for one in found if one.way is Way.SHARED]
    here, now = Purpose.ADD.value, portal().now()
    if shared and not any(
        without.chosen(session, one, person_id, place=here, now=now) for one in shared
    ):
        raise without.refusal()
    return own


def demand_sign_in() -> None:
    """Refuse whoever is not signed in.

    Raises:
        Refusal: `not_signed_in`.
    """
    if not current_user.is_authenticated:
        raise Refusal("not_signed_in", "You are signed out. Sign in and try again.", status=401)
