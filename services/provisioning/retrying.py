"""Trying somebody again who could not be taken into a request, after a human put it right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models import Person, RequestPerson, RequestState
from services import audit
from services.provisioning import gathering, settlement
from services.provisioning.admission import again, refused
from services.provisioning.progress import OPEN, hold
from services.provisioning.records import lock
from services.refusal import Refusal


def retry(session: Session, place: RequestPerson, *, actor: Person, now: datetime) -> bool:
    """Look anew whether the person can be enrolled. Wake the workers after the transaction.

    Raises:
        Refusal: `request_changed`; `request_person_fine` for whoever was taken in.

    Returns:
        Whether they are taken in now.
    """
    request = place.request
    lock(session, request)
    place = hold(session, place.id)
    if not refused(place):
        raise Refusal("request_person_fine", "This person is in the request already.", status=409)
    if request.state not in (*OPEN, RequestState.FAILED) or request.gathered_at is None:
        raise Refusal("request_closed", "Nobody can be taken into this request now.", status=409)
    found = gathering.known_now(session, place)
    taken_in = found is not None and again(session, place, found, now=now)
    if taken_in:
        audit.record(
            session,
            audit.Tag.REQUEST_PERSON_TRIED_AGAIN,
            now=now,
            actor=actor,
            person=place.person,
            request=str(request.uuid),
            name=request.name,
        )
        request.due_at = now
        settlement.settle(session, request, now=now)
    return taken_in
