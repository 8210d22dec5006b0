"""Where a passkey stands in the directories, in the shape of the `placements` macro."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from models import Passkey
from services import placements
from services.placements import MOVING, PlacementView, Standing


@dataclass(frozen=True)
class Place:
    """One directory as a place that a key opens."""

    place: str
    directory: UUID
    state: Standing
    reason: str
    said: str
    request_id: str
    time: datetime
    can_prove: bool

    @property
    def directory_name(self) -> str:
        """The place, as the directory's name."""
        return self.place


@dataclass(frozen=True)
class Places:
    """Every place of one passkey. `done`: nothing of it will change by itself any more."""

    items: tuple[Place, ...]
    done: bool


def places(session: Session, passkey: Passkey, *, technical: bool = False) -> Places:
    """The places of a passkey.

    Args:
        technical: in the operator's words rather than the person's.
    """
    views = placements.of_passkey(session, passkey)
    return Places(
        items=tuple(_place(view, technical=technical) for view in views),
        done=not any(view.state in MOVING for view in views),
    )


def _place(view: PlacementView, *, technical: bool) -> Place:
    return Place(
        place=view.directory_name,
        directory=view.directory,
        state=view.state,
        reason=(view.reason or view.sentence) if technical else view.sentence,
        said=view.said,
        request_id=view.request_id,
        time=view.since,
        can_prove=view.can_prove,
    )
