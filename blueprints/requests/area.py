"""The blueprint, and how its views load a request and somebody in it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, abort
from flask_login import current_user
from sqlalchemy.orm import Session

from models import ProvisioningRequest, RequestPerson, RequestState
from services.provisioning import records

blueprint = Blueprint("requests", __name__, url_prefix="/admin/requests")

MAX_QUERY = 100
MEANINGS = {
    RequestState.DRAFT: "neutral",
    RequestState.PENDING: "waiting",
    RequestState.STARTED: "waiting",
    RequestState.COMPLETED: "good",
    RequestState.FAILED: "failed",
    RequestState.CANCELLED: "neutral",
    RequestState.EXPIRED: "attention",
}


def loaded(session: Session, address: uuid.UUID) -> ProvisioningRequest:
    """The request of an address, drafts of others aside.

    Raises:
        NotFound: when there is none, or it was deleted.
    """
    found = records.get(session, address, viewer=current_user.person)
    if found is None:
        abort(404)
    return found


def confirmed(session: Session, address: uuid.UUID) -> ProvisioningRequest:
    """The request of an address, unless it is a draft.

    Raises:
        NotFound: as `loaded`, and for a draft.
    """
    found = loaded(session, address)
    if found.state is RequestState.DRAFT:
        abort(404)
    return found


def draft(session: Session, address: uuid.UUID) -> ProvisioningRequest:
    """The draft of an address, of whoever asks.

    Raises:
        NotFound: when it is none of theirs.
    """
    found = loaded(session, address)
    if found.state is not RequestState.DRAFT:
        abort(404)
    return found


def placed(session: Session, request: ProvisioningRequest, address: uuid.UUID) -> RequestPerson:
    """Somebody in a request, by their address.

    Raises:
        NotFound: when there is nobody.
    """
    found = records.place(session, request, address)
    if found is None:
        abort(404)
    return found


@blueprint.context_processor
def _shared() -> dict[str, Any]:
    return {"meaning": MEANINGS}
