"""Who registers a key, and for which touch, by what the page of it says."""

from __future__ import annotations

from dataclasses import dataclass

from flask_login import current_user

from blueprints import visitor
from blueprints.context import portal
from blueprints.enrol.area import standing
from services import ceremonies, links, touches
from services.ceremonies import Begun, CeremonyRefusal, Purpose
from services.enrolment import steps
from services.provisioning import scope
from services.refusal import Refusal
from services.touches import Touch


@dataclass(frozen=True)
class Asker:
    """Whose key it will be, and what the ceremony is bound to."""

    person_id: int
    session_hash: bytes


def asker(purpose: Purpose) -> Asker:
    """Who asks, for a registration.

    Raises:
        Refusal: when nobody is signed in, or no enrolment is open in this browser.
    """
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
        subject: a step of the enrolment; of somebody signed in, the directory that the key is for,
            or nothing for one of this portal's own.

    Raises:
        Refusal: as the services have it.
    """
    who = asker(purpose)
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


def touch_for(person_id: int, subject: str) -> Touch:
    """The touch that somebody who is signed in asks for.

    Args:
        subject: the UUID of the directory that it is for; empty for one of this portal's own.

    Raises:
        CeremonyRefusal: `directory_not_offered`.
    """
    with portal().database.read() as session:
        found = touches.planned(session, portal(), person_id)
    if not subject:
        return found[0]
    for touch in found:
        if touch.directory is not None and str(touch.directory.uuid) == subject:
            return touch
    raise CeremonyRefusal("directory_not_offered")


def demand_sign_in() -> None:
    """Refuse whoever is not signed in.

    Raises:
        Refusal: `not_signed_in`.
    """
    if not current_user.is_authenticated:
        raise Refusal("not_signed_in", "You are signed out. Sign in and try again.", status=401)
