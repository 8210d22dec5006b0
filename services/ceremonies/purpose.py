"""What a ceremony is for, who may answer it, and what is given to whoever does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


class Purpose(StrEnum):
    """What a ceremony is for. An answer counts for that only."""

    SIGN_IN = "sign-in"
    ENROL = "enrol"
    """The first passkey, or another one, by an enrolment link."""
    ADD = "add"
    """Another passkey for somebody who is signed in."""
    DESK = "desk"
    """A passkey for somebody else, with an operator at a desk."""
    CONFIRM = "confirm"
    """Proof that the signed-in person is here, for the one thing that `subject` names."""
    PROOF = "proof"
    """A sign-in at a directory, begun there and relayed by us (`services.proof`)."""

    @property
    def registers(self) -> bool:
        """Whether it makes a passkey; otherwise it uses one."""
        return self in (Purpose.ENROL, Purpose.ADD, Purpose.DESK)


@dataclass(frozen=True)
class Binding:
    """Whose ceremony it is, and what for: what options were made for must be what is answered."""

    purpose: Purpose
    session_hash: bytes
    """SHA-256 of the browser session, or enrolment session, that asked for the options."""
    person_id: int | None = None
    subject: str = ""
    actor_id: int | None = None
    """Who drives it, for the trail, where that is somebody else than the person."""


@dataclass(frozen=True)
class Begun:
    """A ceremony that has begun: its id, and the options for the browser."""

    ceremony: UUID
    options: dict[str, Any]
    origin: str = ""
    """Empty where a page of ours can run it; else the origin that a client has to claim, be it an
    agent or a browser that may claim one."""
    pages: tuple[str, ...] = ()
    """The origins of ours whose pages can run it."""
