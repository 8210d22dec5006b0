"""What can be changed of a request that is made: its name, and its last day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import EnrolmentLink, Person, ProvisioningRequest, RequestPerson, RequestState
from services import audit
from services.provisioning.drafts import demand_day, ends, tidy_name
from services.provisioning.minting import links_of
from services.provisioning.progress import OPEN
from services.provisioning.records import lock
from services.refusal import Refusal


def change(
    session: Session,
    request: ProvisioningRequest,
    *,
    name: str,
    last_day: date,
    actor: Person,
    now: datetime,
) -> None:
    """Call an open request something else, or let it end on another day, with its links.

    Raises:
        Refusal: `request_changed`, `request_closed`, `request_name_missing`, `request_day_wrong`.
    """
    lock(session, request)
    if request.state not in (*OPEN, RequestState.FAILED):
        raise Refusal(
            "request_closed",
            f"This request is {request.state.value}: it stays as it is.",
            status=409,
        )
    before = {"name": request.name, "last_day": str(request.last_day)}
    request.name = tidy_name(name)
    demand_day(last_day, now=now)
    moved = request.last_day != last_day
    request.ends_at = ends(last_day)
    if moved:
        session.execute(
            update(EnrolmentLink)
            .where(
                links_of(select(RequestPerson.id).where(RequestPerson.request_id == request.id)),
                EnrolmentLink.finished_at.is_(None),
                EnrolmentLink.revoked_at.is_(None),
            )
            .values(expires_at=request.ends_at)
            .execution_options(synchronize_session=False)
        )
        request.due_at = min(request.due_at or request.ends_at, request.ends_at)
    after = {"name": request.name, "last_day": str(last_day)}
    if after != before:
        audit.record(
            session,
            audit.Tag.REQUEST_EDITED,
            now=now,
            actor=actor,
            request=str(request.uuid),
            before=before,
            after=after,
        )
