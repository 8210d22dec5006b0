"""Why a passkey was ended, and ending one that only a directory could ever have used."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from models import Directory, Passkey
from services import audit


class Because(StrEnum):
    """Why a passkey was ended, as its row keeps it."""

    REMOVED = "removed"
    """Its owner removed it."""
    LOST = "lost"
    """Somebody with the privilege ended it, because it was reported lost."""
    LEFT = "left"
    """Its owner left."""
    REFUSED = "refused"
    """The directory that it was made for did not accept it."""
    UNFINISHED = "unfinished"
    """Its registration was never finished at the directory that it was made for."""


def end_useless(
    session: Session,
    passkey: Passkey,
    directory: Directory,
    *,
    because: Because,
    code: str,
    now: datetime,
) -> bool:
    """End a passkey that was made for this directory alone, which will never have it.

    It opens nothing else, so nobody shall count on it. One of our own signs in here, and stays.

    Args:
        code: why, as the delivery has it.

    Returns:
        Whether it was ended.
    """
    if passkey.maker != str(directory.uuid) or passkey.ended_at is not None:
        return False
    passkey.ended_at, passkey.ended_because = now, because.value
    audit.record(
        session,
        audit.Tag.PASSKEY_ENDED,
        now=now,
        person=passkey.person,
        passkey=passkey,
        directory=directory,
        nickname=passkey.nickname,
        because=because.value,
        code=code,
        sessions_ended=0,
    )
    return True
