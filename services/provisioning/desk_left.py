"""Who of a request may have something left to touch: a condition, so that nobody looks at
thousands of people who only wait for a directory.

It only leaves out whom `desk_steps.steps` would find done; it may leave in somebody who is.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from directories import registry
from models import (
    Directory,
    Identity,
    Passkey,
    Person,
    Placement,
    ProvisioningRequest,
    RequestPerson,
)
from models import RequestDirectory as Chosen
from models import RequestPasskey as Made
from models.passkeys import OWN
from services import touches
from services.portal import Portal
from services.serving import IMPORTING, ISSUING, in_service, serves


def something_left(
    session: Session, portal: Portal, request: ProvisioningRequest
) -> ColumnElement[bool]:
    """A condition on the people of a request: they may have a touch left."""
    chosen = select(Chosen.directory_id).where(Chosen.request_id == request.id)
    found = session.scalars(select(Directory).where(in_service(), Directory.id.in_(chosen))).all()
    issuing = [one.id for one in found if one.type in ISSUING]
    ours = [
        one.id
        for one in found
        if one.type in IMPORTING
        or registry.relying_party(one.type.value, one.settings).id == portal.settings.rp_id
    ]
    own = exists().where(
        Made.request_person_id == RequestPerson.id,
        Made.passkey_id == Passkey.id,
        Passkey.maker == OWN,
        Passkey.rp_id == portal.settings.rp_id,
        Passkey.ended_at.is_(None),
    )
    needs_own = or_(_served(request, ours), ~_served(request, issuing, linked=True))
    return or_(and_(needs_own, ~own), _served(request, issuing, linked=True, missing=True))


def _served(
    request: ProvisioningRequest,
    directories: list[int],
    *,
    linked: bool = False,
    missing: bool = False,
) -> ColumnElement[bool]:
    """Whether one of these directories serves the person.

    Args:
        linked: only those that know a record of theirs.
        missing: only those that have no key of theirs, nor one on its way.
    """
    place = aliased(RequestPerson)
    # A query of its own: what is nested deeper would not find the row of the one around it.
    served = (
        select(Person.id)
        .join(place, place.person_id == Person.id)
        .join(Directory, Directory.id.in_(directories))
        .where(place.request_id == request.id, in_service(), serves(Person.id))
    )
    if linked:
        served = served.where(
            exists().where(Identity.directory_id == Directory.id, Identity.person_id == Person.id)
        )
    if missing:
        served = served.where(
            ~exists().where(
                Placement.directory_id == Directory.id,
                Placement.passkey_id == Passkey.id,
                Passkey.person_id == Person.id,
                touches.counts(),
            )
        )
    return RequestPerson.person_id.in_(served)
