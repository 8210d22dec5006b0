"""What an agent does for each purpose: the next ceremony of a ticket, and what its passkey ends.

A purpose that stands here can be handed to an agent; everything else about agents is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from models import AgentTicket, EnrolmentLink, Passkey, Person
from models import Session as SignedIn
from services import agent_tickets, links, provisioning, touches, without
from services.attestation.policy import Policy
from services.ceremonies import Purpose
from services.enrolment import alone, steps
from services.portal import Portal
from services.provisioning import desk, desk_alone


@dataclass(frozen=True)
class Errand:
    """The next ceremony of a ticket."""

    subject: str
    directory_id: int | None
    """The directory that issues the challenge; None where we do."""
    policy: Policy | None = None
    """What the key is judged by; None takes the policy in force for the person."""
    exclude: tuple[bytes, ...] = ()
    """Ids of more credentials whose keys are to refuse."""


class Errands(Protocol):
    """One purpose."""

    def next(self, session: Session, portal: Portal, ticket: AgentTicket) -> Errand | None:
        """What comes next, in a transaction that may write; None when nothing is left.

        Raises:
            Refusal: as the page's own ceremony would.
        """

    def finish(
        self, session: Session, portal: Portal, ticket: AgentTicket, subject: str, passkey: Passkey
    ) -> bool:
        """What the passkey ends, in the transaction that stores it; whether nothing is left.

        Raises:
            Refusal: which takes the passkey back with the transaction.
        """

    def alone(self, session: Session, portal: Portal, ticket: AgentTicket, errand: Errand) -> bool:
        """Whether a page offers to go on without the directory, which has just begun nothing."""


class Enrolling:
    """An enrolment link: the step that the page named, or whatever steps are left."""

    def next(self, session: Session, portal: Portal, ticket: AgentTicket) -> Errand | None:
        """The step, as `Errands.next`."""
        link = _link(ticket)
        found = steps.of_link(session, portal, link, now=portal.now())
        if not ticket.subject and found and steps.current(found) is None:
            return None
        step = steps.find(found, ticket.subject)
        return Errand(
            subject=str(step.uuid),
            directory_id=step.directory_id,
            policy=provisioning.policy_for(session, link),
        )

    def finish(
        self, session: Session, portal: Portal, ticket: AgentTicket, subject: str, passkey: Passkey
    ) -> bool:
        """The step's end, which may be the link's, as `Errands.finish`."""
        link = _link(ticket)
        step = steps.find(steps.kept(session, link), subject)
        steps.finish(session, enrolment(link), step, passkey, now=portal.now())
        return bool(ticket.subject) or steps.current(steps.kept(session, link)) is None

    def alone(self, session: Session, portal: Portal, ticket: AgentTicket, errand: Errand) -> bool:
        """Whether the page of the step offers it, as `Errands.alone`."""
        link = _link(ticket)
        planned = steps.plan(session, portal, link, steps.kept(session, link))
        return any(
            alone.offered(session, planned, one, now=portal.now())
            for one in planned
            if str(one.step.uuid) == errand.subject
        )


class Adding:
    """Another passkey for somebody who is signed in."""

    def next(self, session: Session, _portal: Portal, ticket: AgentTicket) -> Errand | None:
        """The one passkey, as `Errands.next`."""
        return Errand(ticket.subject, ticket.directory_id)

    def finish(
        self, session: Session, portal: Portal, ticket: AgentTicket, subject: str, passkey: Passkey
    ) -> bool:
        """Nothing but the ticket ends, as `Errands.finish`."""
        return True

    def alone(self, session: Session, portal: Portal, ticket: AgentTicket, errand: Errand) -> bool:
        """Whether the directory shares our relying party, as `Errands.alone`."""
        return any(
            without.offered(session, touch, ticket.person_id, now=portal.now())
            for touch in touches.planned(session, portal, ticket.person_id)
            if touch.directory is not None and touch.directory.id == errand.directory_id
        )


class AtDesk:
    """A passkey for somebody whom an operator has at their desk.

    The ticket is the operator's: it counts while they have that person before them.
    """

    def next(self, session: Session, portal: Portal, ticket: AgentTicket) -> Errand | None:
        """The step that the page named, as `Errands.next`; the operator goes on having them."""
        begun = desk.begin(
            session,
            portal,
            ticket.subject,
            operator=_maker(session, ticket),
            now=portal.now(),
        )
        return Errand(begun.subject, begun.directory_id, begun.policy, begun.exclude)

    def finish(
        self, session: Session, portal: Portal, ticket: AgentTicket, subject: str, passkey: Passkey
    ) -> bool:
        """The step's end, as `Errands.finish`."""
        operator = _maker(session, ticket)
        desk.finish(session, portal, subject, passkey, operator=operator, now=portal.now())
        return True

    def alone(self, session: Session, portal: Portal, ticket: AgentTicket, errand: Errand) -> bool:
        """Whether the desk offers it, as `Errands.alone`."""
        return desk_alone.is_offered(session, portal, errand.subject, now=portal.now())


ERRANDS: Mapping[Purpose, Errands] = {
    Purpose.ENROL: Enrolling(),
    Purpose.ADD: Adding(),
    Purpose.DESK: AtDesk(),
}


def enrolment(link: EnrolmentLink) -> links.Enrolment:
    """The enrolment session that a ticket's link belongs to: a browser's, or the agent's own."""
    return links.Enrolment(link, link.session_hash or b"")


def _maker(session: Session, ticket: AgentTicket) -> Person:
    """Whoever was signed in to the page that made the ticket."""
    made_in = session.get(SignedIn, ticket.session_id) if ticket.session_id is not None else None
    if made_in is None:
        raise agent_tickets.refusal("agent_page_closed")
    return made_in.person


def _link(ticket: AgentTicket) -> EnrolmentLink:
    if ticket.link is None:
        raise ValueError(ticket.uuid)
    return ticket.link
