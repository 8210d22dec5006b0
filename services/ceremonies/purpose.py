"""What a ceremony is for, and who may answer it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a ceremony is for. An answer counts for that only."""

    SIGN_IN = "sign-in"
    ENROL = "enrol"
    """The first passkey, or another one, by an enrolment link."""
    ADD = "add"
    """Another passkey for somebody who is signed in."""
    CONFIRM = "confirm"
    """Proof that the signed-in person is here, for the one thing that `subject` names."""
    PROOF = "proof"
    """A sign-in at a directory, begun there and relayed by us (`services.proof`)."""

    @property
    def registers(self) -> bool:
        """Whether it makes a passkey; otherwise it uses one."""
        return self in (Purpose.ENROL, Purpose.ADD)


@dataclass(frozen=True)
class Binding:
    """Whose ceremony it is, and what for: what options were made for must be what is answered."""

    purpose: Purpose
    session_hash: bytes
    """SHA-256 of the browser session, or enrolment session, that asked for the options."""
    person_id: int | None = None
    subject: str = ""
