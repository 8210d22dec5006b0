"""What a provisioning request says of an enrolment: which policy judges it, and for which
directories it is.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Directory, EnrolmentLink, Person, RequestDirectory, RequestPerson
from services.attestation.policy import Policy
from services.roles import Privilege, privileges
from services.serving import in_service


def place_of(session: Session, link: EnrolmentLink) -> RequestPerson | None:
    """The place in a request that a link was made for; None for any other link."""
    if link.request_person_id is None:
        return None
    return session.get(RequestPerson, link.request_person_id)


def policy_for(session: Session, of: EnrolmentLink | RequestPerson) -> Policy | None:
    """The policy that a request chose for its people.

    It may be wider than the one in force, so it counts only while whoever chose it may still
    decide which keys are accepted.

    Returns:
        None where the person's own policy judges.
    """
    place = of if isinstance(of, RequestPerson) else place_of(session, of)
    if place is None or place.request.policy is None or place.request.policy_by_id is None:
        return None
    chooser = session.get_one(Person, place.request.policy_by_id)
    if Privilege.EDIT_POLICIES not in privileges(chooser):
        return None
    return Policy.from_mapping(place.request.policy)


def directories_for(session: Session, of: EnrolmentLink | RequestPerson) -> frozenset[int] | None:
    """The keys of the directories that an enrolment is for: those of the request that are in
    service. It may be none, and then only a passkey of our own is made.

    Returns:
        None for a link that belongs to no request: it is for every directory.
    """
    place = of if isinstance(of, RequestPerson) else place_of(session, of)
    if place is None:
        return None
    return frozenset(
        session.scalars(
            select(RequestDirectory.directory_id)
            .join(Directory, RequestDirectory.directory_id == Directory.id)
            .where(RequestDirectory.request_id == place.request_id, in_service())
        )
    )
