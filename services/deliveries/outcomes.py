"""How a run ends, as plain values: the remote work decides, `settlement` writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from directories.base import DirectoryError, NotAccepted, TouchAgain, Transient
from models import PlacementState


@dataclass(frozen=True)
class Why:
    """Why something did not get done."""

    code: str
    reason: str
    """The sentence for the operator."""
    said: str = ""
    """The directory's own words."""
    request_id: str = ""

    @classmethod
    def of(cls, error: DirectoryError) -> Why:
        """What a directory's error says."""
        return cls(error.code, error.reason, error.said, error.request_id)


@dataclass(frozen=True)
class Done:
    """The directory agrees, and it was read back."""

    actual: PlacementState | None
    """What was read back; None where only an account was concerned."""
    remote_id: str | None = None
    note: Why | None = None
    """What an operator should know although it is done."""


@dataclass(frozen=True)
class Later:
    """It may work later. Such a delivery is never held: it goes on trying, and shows why."""

    why: Why
    retry_after: float | None = None
    """Seconds, when the directory named them."""
    in_turn: bool = False
    """The directory asked for fewer requests: nothing is wrong with it."""
    waiting_for_lock: bool = False
    """Nothing was tried: try again in a moment, without counting an attempt."""


@dataclass(frozen=True)
class Held:
    """Only a human can help."""

    why: Why
    actual: PlacementState | None = None
    """What was read back, where anything was."""
    judged: bool = False
    """Whether the directory judged this very key, and will never have it."""


@dataclass(frozen=True)
class NeedsTouch:
    """The directory's ceremony ran out; only a new one helps."""

    why: Why
    actual: PlacementState | None = None
    """What was read back, where anything was."""


@dataclass(frozen=True)
class Dropped:
    """Nothing is owed any more."""

    why: Why


UNSEEN = frozenset(("entra.not_listed", "pingone.not_readable"))
"""Codes of a directory that took a key and did not show it yet. What it says to the same key after
that is no judgement of it."""

Outcome = Done | Later | Held | NeedsTouch | Dropped


def of_error(error: DirectoryError) -> Later | Held | NeedsTouch:
    """What a directory's error means for a delivery."""
    if isinstance(error, Transient):
        in_turn = error.status == HTTPStatus.TOO_MANY_REQUESTS
        return Later(Why.of(error), retry_after=error.retry_after, in_turn=in_turn)
    if isinstance(error, TouchAgain):
        return NeedsTouch(Why.of(error))
    return Held(Why.of(error), judged=isinstance(error, NotAccepted))
