"""The links of a request: each made for one person of it, and at most one of theirs alive.

A link is made when it is sent or shown, never before, so that nothing secret waits anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from models import (
    AgentTicket,
    Challenge,
    EnrolmentLink,
    LinkPurpose,
    Person,
    ProvisioningRequest,
    RequestPerson,
    RequestState,
)
from services import links
from services.ceremonies import challenges
from services.provisioning.admission import refused
from services.provisioning.progress import OPEN, hold, take_up
from services.refusal import Refusal
from services.roles import Privilege, privileges


def closed() -> Refusal:
    """Why no link can be made."""
    return Refusal(
        "request_closed",
        "This request is not open any more, or this person is not to enrol by it. No link is made.",
        status=409,
    )


def mint(session: Session, place_id: int, *, actor: Person, now: datetime) -> links.Made:
    """Make a person's link, and take back those that they had.

    Args:
        actor: with whose right.

    Raises:
        Refusal: `request_closed`; `request_runner_may_not` when the actor may not carry requests
            out any more; as `links.make`.
    """
    place = session.get_one(RequestPerson, place_id)
    # Shared: whoever cancels or expires the request waits for this link, and then takes it back.
    request = session.get_one(
        ProvisioningRequest,
        place.request_id,
        populate_existing=True,
        with_for_update={"read": True, "of": ProvisioningRequest},
    )
    revoke(session, EnrolmentLink.request_person_id == place_id, now=now)
    place = hold(session, place_id)
    if not mintable(request, place, now=now) or request.ends_at is None:
        raise closed()
    demand_runner(actor)
    made = links.make(
        session,
        purpose=LinkPurpose.ENROL,
        person=place.person,
        actor=actor,
        lifetime=request.ends_at - now,
        now=now,
        request_person_id=place_id,
    )
    place.invited_at = now
    take_up(place)
    return made


def mintable(request: ProvisioningRequest, place: RequestPerson, *, now: datetime) -> bool:
    """Whether the person can be given a link."""
    return (
        request.ended_at is None
        and request.ends_at is not None
        and request.ends_at > now
        and request.state in (*OPEN, RequestState.FAILED)
        and place.person_id is not None
        and place.state in (*OPEN, RequestState.FAILED)
        and not refused(place)
    )


def demand_runner(actor: Person) -> None:
    """Refuse whoever may not carry requests out.

    Raises:
        Refusal: `request_runner_may_not`.
    """
    if Privilege.RUN_REQUESTS not in privileges(actor):
        raise Refusal(
            "request_runner_may_not",
            "Whoever had this link sent may not carry provisioning requests out any more.",
            status=403,
        )


def revoke(session: Session, which: ColumnElement[bool], *, now: datetime) -> int:
    """Take back the links that can still be used, and end the ceremonies that run in them,
    in browsers and with desk agents.

    Args:
        which: a condition on links.

    Returns:
        How many links there were.
    """
    alive = (which, EnrolmentLink.finished_at.is_(None), EnrolmentLink.revoked_at.is_(None))
    own = select(EnrolmentLink.session_hash).where(*alive, EnrolmentLink.session_hash.is_not(None))
    agents = (
        select(AgentTicket.agent_hash)
        .join(EnrolmentLink, AgentTicket.link_id == EnrolmentLink.id)
        .where(*alive, AgentTicket.agent_hash.is_not(None))
    )
    bound = or_(Challenge.session_hash.in_(own), Challenge.session_hash.in_(agents))
    challenges.cancel_all(session, bound, now=now)
    gone = session.scalars(
        update(EnrolmentLink)
        .where(*alive)
        .values(revoked_at=now)
        .returning(EnrolmentLink.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone)


def latest(session: Session, places: Sequence[int]) -> list[EnrolmentLink]:
    """The links of these people that can be opened."""
    return list(
        session.scalars(
            select(EnrolmentLink).where(
                EnrolmentLink.request_person_id.in_(places),
                EnrolmentLink.finished_at.is_(None),
                EnrolmentLink.revoked_at.is_(None),
            )
        )
    )


def links_of(places: Select[int]) -> ColumnElement[bool]:
    """A condition on links: those of these people of requests."""
    return EnrolmentLink.request_person_id.in_(places)


def end_desks(session: Session, places: Sequence[RequestPerson], *, now: datetime) -> None:
    """End the ceremonies that run at a desk for these people."""
    for place in places:
        challenges.cancel_all(session, Challenge.subject.startswith(f"desk:{place.uuid}"), now=now)
