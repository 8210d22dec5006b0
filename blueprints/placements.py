"""Where a passkey stands in the directories, and whether that still changes by itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import Passkey
from services import placements
from services.placements import MOVING, PlacementView


@dataclass(frozen=True)
class Places:
    """Every place of one passkey. `done`: nothing of it will change by itself any more."""

    items: tuple[PlacementView, ...]
    done: bool


def places(session: Session, passkey: Passkey) -> Places:
    """The places of a passkey."""
    views = tuple(placements.of_passkey(session, passkey))
    return Places(items=views, done=not any(view.state in MOVING for view in views))
