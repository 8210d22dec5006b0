"""Who is left at a desk, and what was registered last."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import Passkey, ProvisioningRequest, RequestPasskey, RequestPerson
from services.provisioning.admission import unfinished


def left(session: Session, request: ProvisioningRequest, *, limit: int) -> list[RequestPerson]:
    """The first of the people for whom no key was registered yet, in their order."""
    return list(
        session.scalars(
            select(RequestPerson)
            .where(
                RequestPerson.request_id == request.id,
                RequestPerson.person_id.is_not(None),
                unfinished(),
                ~_registered(),
            )
            .order_by(RequestPerson.position)
            .limit(limit)
        )
    )


def latest(
    session: Session, request: ProvisioningRequest, *, limit: int
) -> list[tuple[RequestPerson, Passkey]]:
    """The keys that were last registered for the request, by whichever way, newest first."""
    rows = session.execute(
        select(RequestPerson, Passkey)
        .join(RequestPasskey, RequestPasskey.request_person_id == RequestPerson.id)
        .join(Passkey, RequestPasskey.passkey_id == Passkey.id)
        .where(RequestPerson.request_id == request.id)
        .order_by(RequestPasskey.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def _registered() -> ColumnElement[bool]:
    return (
        select(RequestPasskey.id)
        .where(RequestPasskey.request_person_id == RequestPerson.id)
        .exists()
    )
