"""User handles of keys of ours: what directories find people by, so nobody gets somebody else's.

A directory that shares our relying party ID names the handle of the keys that it begins. No sign-in
here goes by it alone; but it is delivered with the key to other directories, and some of them find
the person by it.
"""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models import Passkey, Person
from models.passkeys import OWN


def taken(session: Session, handle: bytes, *, person_id: int, rp_id: str) -> bool:
    """Whether a handle is that of somebody else: of a key they have, or of the one they make next.

    What a key had that ended is free again: the directory's record may be another person's by now.
    """
    kept = exists().where(
        Passkey.user_handle == handle,
        Passkey.person_id != person_id,
        Passkey.maker == OWN,
        Passkey.rp_id == rp_id,
        Passkey.ended_at.is_(None),
    )
    next_one = exists().where(Person.user_handle == handle, Person.id != person_id)
    return bool(session.scalar(select(kept | next_one)))
