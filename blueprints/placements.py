"""Where a passkey stands in the directories, and whether that still changes by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import Passkey
from services import placements
from services.placements import MOVING, PlacementView


@dataclass(frozen=True)
class Places:
    """Every place of a passkey or several. `done`: nothing of it changes by itself any more."""

    items: tuple[PlacementView, ...]
    done: bool


def places(session: Session, passkey: Passkey) -> Places:
    """The places of a passkey."""
    return places_of(session, (passkey,))


def places_of(session: Session, passkeys: Iterable[Passkey]) -> Places:
    """The places of several passkeys of one enrolment."""
    views = tuple(view for one in passkeys for view in placements.of_passkey(session, one))
    return Places(items=views, done=not any(view.state in MOVING for view in views))
