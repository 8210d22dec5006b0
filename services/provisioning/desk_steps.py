"""What somebody at a desk is to touch, and what was registered for them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from directories.base import Way
from models import Passkey, RequestPasskey, RequestPerson
from models.passkeys import OWN
from services import passkeys, touches, without
from services.portal import Portal
from services.provisioning import scope
from services.refusal import Refusal
from services.touches import Touch

RECENT = 20
"""How many keys of the people before are told to refuse, so that the same one is noticed."""
WORD = "desk"


@dataclass(frozen=True)
class Step:
    """One touch of the person at the desk, and the key that was registered for it here."""

    touch: Touch
    subject: str
    """What its ceremony is bound to: the person's place, the claim, and the directory."""
    passkey: Passkey | None
    done: bool


@dataclass(frozen=True)
class Subject:
    """What the subject of a ceremony at a desk says."""

    place: UUID
    fence: int
    """Of the claim that its page was made with."""


def read(text: str) -> Subject:
    """Read the subject of a ceremony, as a page sent it.

    Raises:
        Refusal: `step_unknown`.
    """
    try:
        word, place, fence, *_ = text.split(":")
        if word == WORD:
            return Subject(UUID(place), int(fence))
    except ValueError:
        pass
    raise unknown()


def steps(session: Session, portal: Portal, place: RequestPerson) -> tuple[Step, ...]:
    """What the person's keys need, those that were registered for the request included."""
    if place.person_id is None:
        return ()
    made = made_for(session, place)
    found = touches.planned(
        session, portal, place.person_id, directories=scope.directories_for(session, place)
    )
    if not found:
        # None of its directories can be enrolled for: it leads to a key for this portal alone.
        found = (touches.own(session, portal, place.person_id),)
    if without.chosen(session, found[0], place.person_id, place=alone_at(place), now=portal.now()):
        found = (touches.own(session, portal, place.person_id), *found[1:], found[0])
    return tuple(_step(place, touch, made) for touch in found)


def alone_at(place: RequestPerson) -> str:
    """Where a choice to go on without a directory is made, as `services.without` has it."""
    return f"{WORD}:{place.uuid}"


def find(planned: Sequence[Step], subject: str) -> Step:
    """The step that a page names.

    Raises:
        Refusal: `step_unknown`, `step_done`.
    """
    step = next((one for one in planned if one.subject == subject), None)
    if step is None:
        raise unknown()
    if step.done:
        raise Refusal(
            "step_done",
            "This step is done already, perhaps in another tab. Nothing more was registered.",
            status=409,
        )
    return step


def made_for(session: Session, place: RequestPerson) -> tuple[Passkey, ...]:
    """The living passkeys that were registered for the person's place in the request."""
    return tuple(
        session.scalars(
            select(Passkey)
            .join(RequestPasskey, RequestPasskey.passkey_id == Passkey.id)
            .where(RequestPasskey.request_person_id == place.id, Passkey.ended_at.is_(None))
            .order_by(RequestPasskey.id)
        )
    )


def recent(session: Session, place: RequestPerson, touch: Touch) -> tuple[bytes, ...]:
    """The keys that were last registered in the request for others, by their credential ids: a key
    that holds one of them is not this person's.
    """
    maker = touch.directory if touch.way is Way.FOREIGN else None
    which = Passkey.maker == OWN if maker is None else Passkey.maker == str(maker.uuid)
    return tuple(
        session.scalars(
            select(Passkey.credential_id)
            .join(RequestPasskey, RequestPasskey.passkey_id == Passkey.id)
            .join(RequestPerson, RequestPasskey.request_person_id == RequestPerson.id)
            .where(
                RequestPerson.request_id == place.request_id, RequestPerson.id != place.id, which
            )
            .order_by(RequestPasskey.id.desc())
            .limit(RECENT)
        )
    )


def has_some(session: Session, place: RequestPerson, touch: Touch) -> bool:
    """Whether the person has keys already that the options of a touch exclude."""
    live = passkeys.of_person(session, place.person_id or 0)
    maker = str(touch.directory.uuid) if touch.way is Way.FOREIGN and touch.directory else OWN
    return any(one.maker == maker for one in live)


def _step(place: RequestPerson, touch: Touch, made: Sequence[Passkey]) -> Step:
    directory = touch.directory
    foreign = touch.way is Way.FOREIGN and directory is not None
    maker = str(directory.uuid) if foreign and directory is not None else OWN
    passkey = next((one for one in made if one.maker == maker), None)
    named = f"{WORD}:{place.uuid}:{place.fence}"
    return Step(
        touch=touch,
        subject=f"{named}:{directory.uuid}" if directory else named,
        passkey=passkey,
        done=touch.done and (foreign or passkey is not None),
    )


def unknown() -> Refusal:
    """Why a page's step cannot be gone on with."""
    return Refusal("step_unknown", "This page is out of date. Open it again.", status=409)
