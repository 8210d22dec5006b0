"""What stands against deleting a directory.

A feature that has unfinished work in a directory adds a function to `BLOCKERS`: from a session and
the directory to a sentence for the administrator, or None. While any of them has one, the directory
is not deleted.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from models import Directory
from services.provisioning import pending

Blocker = Callable[[Session, Directory], str | None]

BLOCKERS: list[Blocker] = [pending.standing_against]
"""Deliveries are not among them: they are listed, and dropped with the directory."""


def reasons(session: Session, directory: Directory) -> tuple[str, ...]:
    """Why the directory cannot be deleted now; empty where it can."""
    found = (blocker(session, directory) for blocker in BLOCKERS)
    return tuple(sentence for sentence in found if sentence)
