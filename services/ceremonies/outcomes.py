"""What becomes of a ceremony that was taken, kept with it so that a double click gets the same.

With the outcome it is decided what happens to a registration that a directory began: one that was
accepted is finished there by a delivery, and every other is taken back (`deliveries.discards`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import Challenge
from services.ceremonies.refusals import CeremonyRefusal
from services.refusal import Refusal


@dataclass(frozen=True)
class Outcome:
    """What became of a ceremony: `accepted` or a refusal, as JSON values."""

    accepted: Mapping[str, Any] | None = None
    refused: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, refusal: Refusal) -> Outcome:
        """The outcome of a no."""
        return cls(
            refused={
                "code": refusal.code,
                "sentence": refusal.sentence,
                "status": refusal.status,
                "facts": refusal.facts if isinstance(refusal, CeremonyRefusal) else None,
            }
        )

    def result(self) -> Mapping[str, Any]:
        """What was accepted.

        Raises:
            Refusal: when it was refused, as it was then.
        """
        if self.accepted is not None:
            return self.accepted
        refused = self.refused or {}
        if refused["facts"] is not None:
            raise CeremonyRefusal(refused["code"], refused["facts"])
        raise Refusal(refused["code"], refused["sentence"], status=refused["status"])


def accept(session: Session, challenge: Challenge, accepted: Mapping[str, Any]) -> None:
    """Keep that an answer was accepted: what a directory began is not taken back any more.

    Raises:
        CeremonyRefusal: `challenge_expired` where it is being taken back already.
    """
    row = session.get_one(
        Challenge, challenge.id, populate_existing=True, with_for_update={"of": Challenge}
    )
    if row.discard_attempts:
        raise CeremonyRefusal("challenge_expired")
    row.discard_at = None
    settle(session, row, Outcome(accepted=accepted))


def refuse(session: Session, challenge: Challenge, refusal: Refusal, *, now: datetime) -> None:
    """Keep that an answer was refused, and have what a directory began taken back at once."""
    settle(session, challenge, Outcome.of(refusal))
    discard(session, challenge, now=now)


def discard(session: Session, challenge: Challenge, *, now: datetime) -> None:
    """Have what a directory began taken back at once, where anything still is to be."""
    session.execute(
        update(Challenge)
        .where(
            Challenge.id == challenge.id,
            Challenge.discard_at.is_not(None),
            Challenge.discard_attempts == 0,
        )
        .values(discard_at=now)
        .execution_options(synchronize_session=False)
    )


def settle(session: Session, challenge: Challenge, outcome: Outcome) -> None:
    """Keep what became of a challenge that was taken, in the transaction that made it so."""
    row = session.get_one(Challenge, challenge.id)
    row.outcome = {
        **(row.outcome or {}),
        "accepted": outcome.accepted,
        "refused": outcome.refused,
    }
