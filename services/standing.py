"""Whether a person may get in at all: neither suspended nor gone.

Everything that lets somebody in asks here, in the transaction that lets them in, on their row as it
is then: whoever suspends somebody takes that row first, so that nobody slips through in between.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from models import Person
from services.refusal import Refusal

SUSPENDED = "Your account here is suspended. Ask your administrator."


def is_active(session: Session, person_id: int) -> bool:
    """Whether the person may get in, held so until the transaction ends."""
    person = session.get_one(
        Person,
        person_id,
        populate_existing=True,
        with_for_update={"key_share": True, "of": Person},
    )
    return person.active


def demand_active(person: Person) -> None:
    """Refuse to make a link, or a mail with one, for somebody who may not get in.

    Raises:
        Refusal: `person_inactive`.
    """
    if person.active:
        return
    why = "has left" if person.ended_at is not None else "is suspended"
    raise Refusal(
        "person_inactive",
        f"{person.display_name} {why}, so no link can be made for them.",
        status=409,
    )
