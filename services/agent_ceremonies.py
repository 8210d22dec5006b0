"""The ceremonies of a desk agent: begun, answered or cancelled by the secret of its ticket.

They are the ceremonies of pages in every other respect: bound to the agent's secret as a page's
are to its browser, verified and judged alike, and answered once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AgentTicket, Challenge, Directory, Passkey, Person
from services import agent_tickets, ceremonies, links, placements, policies, provisioning, touches
from services.agent_errands import ERRANDS, Errand, enrolment
from services.attestation.metadata import MetadataSource, Model
from services.attestation.policy import Policy
from services.ceremonies import Begun, DirectoryTrouble, Purpose
from services.placements import MOVING, PlacementView
from services.portal import Portal
from services.refusal import Refusal
from services.touches import Touch


@dataclass(frozen=True)
class About:
    """What a ticket's next ceremony is, for whoever is to touch the key."""

    person: Person
    directory: Directory | None
    way: str
    """`own`, `shared` or `foreign`; empty while it is not known."""
    rp_id: str
    """Empty while it is not known: some directories tell it with the options alone."""
    models: dict[uuid.UUID, str] | None
    """The models that may be used, with their names; None where every one may."""


@dataclass(frozen=True)
class Answered:
    """A passkey that an agent registered."""

    passkey: Passkey
    model: Model | None
    following: About | None
    """What comes next; None when nothing is left."""


def about(session: Session, portal: Portal, ticket: AgentTicket) -> About:
    """What the ticket's next ceremony is. The session must be one that may write.

    Raises:
        Refusal: `agent_token_finished` when nothing is left.
    """
    errand = _errand(session, portal, ticket)
    policy = errand.policy or policies.for_person(session, ticket.person_id)
    if errand.directory_id is None:
        return About(
            ticket.person, None, "own", portal.settings.rp_id, allowed(policy, portal.metadata)
        )
    directory = session.get_one(Directory, errand.directory_id)
    planned = touches.planned(
        session, portal, ticket.person_id, directories=frozenset({errand.directory_id})
    )
    touch = next((one for one in planned if _is(one, directory)), None)
    return About(
        person=ticket.person,
        directory=directory,
        way=touch.way.value if touch else "",
        rp_id=touch.rp_id if touch else "",
        models=allowed(policy, portal.metadata),
    )


def about_link(session: Session, portal: Portal, token: str) -> About:
    """What an enrolment link is for, as long as an agent can take it. Nothing changes.

    Raises:
        Refusal: of the link, or `setup_unfinished`.
    """
    link = links.look(session, token, None, now=portal.now())
    person = agent_tickets.demand_person(link)
    policy = provisioning.policy_for(session, link) or policies.for_person(session, person.id)
    return About(person, None, "", "", allowed(policy, portal.metadata))


def allowed(policy: Policy | None, metadata: MetadataSource) -> dict[uuid.UUID, str] | None:
    """The models that a policy allows, by name; None where it allows every one."""
    if policy is None or policy.allowed_models is None:
        return None
    known = {model.aaguid: model.name for model in policy.allowed(metadata)}
    return {aaguid: known.get(aaguid, str(aaguid)) for aaguid in policy.allowed_models}


def begin(portal: Portal, secret: str) -> Begun:
    """Begin the ticket's next ceremony.

    Returns:
        With the origin that the answer has to name, our own included.

    Raises:
        Refusal: of the ticket, or as `ceremonies.begin_registration`.
    """
    with portal.database.write() as session:
        ticket = agent_tickets.of_secret(session, secret)
        agent_tickets.demand_usable(session, ticket, now=portal.now())
        errand = _errand(session, portal, ticket)
        actor_id = agent_tickets.actor_id(session, ticket)
    with _told(portal, ticket):
        try:
            begun = ceremonies.begin_registration(
                portal,
                purpose=Purpose(ticket.purpose),
                person_id=ticket.person_id,
                session_hash=ticket.agent_hash or b"",
                subject=errand.subject,
                directory=errand.directory_id,
                policy=errand.policy,
                exclude=errand.exclude,
                actor_id=actor_id,
            )
        except DirectoryTrouble as trouble:
            sentence = _in_words(portal, ticket, errand, trouble)
            raise Refusal(trouble.code, sentence, status=trouble.status) from trouble
    return replace(begun, origin=begun.origin or _page(portal, begun))


def _in_words(
    portal: Portal, ticket: AgentTicket, errand: Errand, trouble: DirectoryTrouble
) -> str:
    """What somebody at the agent can do: the directory's own words are for operators."""
    with portal.database.read() as session:
        row = session.get_one(AgentTicket, ticket.id)
        if not ERRANDS[Purpose(row.purpose)].alone(session, portal, row, errand):
            return trouble.for_the_person
    page = (
        "load the page that this command is from again"
        if row.subject or row.link_id is None
        else "open the link in a browser"
    )
    return (
        f"{trouble.for_the_person} Or {page}, and choose “Go on without {trouble.name}” there: it "
        f"makes a key for {portal.settings.rp_name} only."
    )


def _page(portal: Portal, begun: Begun) -> str:
    """The page of ours that the agent stands for: not each of them can run each ceremony."""
    first = portal.settings.base_url
    return first if first in begun.pages else begun.pages[0]


def answer(portal: Portal, secret: str, *, ceremony: str, response: str) -> Answered:
    """Verify, judge and store what the key answered; the same answer again gets the same outcome.

    Raises:
        Refusal: of the ticket, or as `ceremonies.finish_registration`.
    """
    with portal.database.read() as session:
        ticket = agent_tickets.of_secret(session, secret)
        subject = _subject(session, ticket, ceremony)
        actor_id = agent_tickets.actor_id(session, ticket)

    def finish(session: Session, passkey: Passkey) -> None:
        now = portal.now()
        row = agent_tickets.hold(session, ticket.id)
        agent_tickets.demand_usable(session, row, now=now)
        over = ERRANDS[Purpose(row.purpose)].finish(session, portal, row, subject, passkey)
        row.passkey, row.outcome = passkey, None
        row.finished_at = now if over else None

    with _told(portal, ticket):
        passkey = ceremonies.finish_registration(
            portal,
            purpose=Purpose(ticket.purpose),
            ceremony=ceremony,
            response=response,
            session_hash=ticket.agent_hash or b"",
            person_id=ticket.person_id,
            subject=subject,
            finish=finish,
            actor_id=actor_id,
        )
    return Answered(passkey, portal.metadata.model(passkey.aaguid), _following(portal, ticket))


def cancel(portal: Portal, secret: str, *, ceremony: str = "") -> None:
    """End a ticket that nobody goes on with, and what a directory began for it.

    An enrolment link that the agent had taken can be opened again.

    Raises:
        Refusal: `agent_secret_unknown`.
    """
    with portal.database.read() as session:
        ticket = agent_tickets.of_secret(session, secret)
        subject = _subject(session, ticket, ceremony)
    if ceremony:
        with suppress(Refusal):  # answered, or somebody else's: nothing of it is ours to end
            ceremonies.cancel(
                portal,
                purpose=Purpose(ticket.purpose),
                ceremony=ceremony,
                session_hash=ticket.agent_hash or b"",
                person_id=ticket.person_id,
                subject=subject,
            )
    with portal.database.write() as session:
        row = agent_tickets.hold(session, ticket.id)
        if row.finished_at is not None:
            return
        agent_tickets.revoke(session, row, code="cancelled", now=portal.now())
        if row.link is not None and row.link.session_hash == links.session_hash(row.link, secret):
            links.give_back(session, enrolment(row.link))


def places(portal: Portal, secret: str) -> tuple[list[PlacementView], bool]:
    """Where the passkeys of a ticket stand, and whether any of that still changes by itself.

    Raises:
        Refusal: `agent_secret_unknown`.
    """
    with portal.database.read() as session:
        ticket = agent_tickets.of_secret(session, secret)
        views = [
            view
            for passkey in _passkeys(session, ticket)
            for view in placements.of_passkey(session, passkey)
        ]
    return views, any(view.state in MOVING for view in views)


def _following(portal: Portal, ticket: AgentTicket) -> About | None:
    """What comes next for a ticket; None when nothing is left, or nothing of it can be done."""
    with suppress(Refusal), portal.database.write() as session:
        row = session.get_one(AgentTicket, ticket.id)
        if row.finished_at is None:
            return about(session, portal, row)
    return None


def _errand(session: Session, portal: Portal, ticket: AgentTicket) -> Errand:
    errand = ERRANDS[Purpose(ticket.purpose)].next(session, portal, ticket)
    if errand is None:
        raise agent_tickets.refusal("agent_token_finished")
    return errand


def _subject(session: Session, ticket: AgentTicket, ceremony: str) -> str:
    """What an agent's own ceremony was begun for; one that is not its own is refused later."""
    own = select(Challenge.subject).where(
        Challenge.uuid == _uuid(ceremony), Challenge.session_hash == ticket.agent_hash
    )
    return session.scalar(own) or ""


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _is(touch: Touch, directory: Directory) -> bool:
    return touch.directory is not None and touch.directory.id == directory.id


def _passkeys(session: Session, ticket: AgentTicket) -> Sequence[Passkey]:
    """Those that the agent registered: its ceremonies are bound to its secret."""
    made = select(Challenge).where(
        Challenge.session_hash == ticket.agent_hash, Challenge.taken_at.is_not(None)
    )
    accepted = [(row.outcome or {}).get("accepted") for row in session.scalars(made)]
    ids = [one["passkey"] for one in accepted if one]
    return session.scalars(select(Passkey).where(Passkey.id.in_(ids)).order_by(Passkey.id)).all()


@contextmanager
def _told(portal: Portal, ticket: AgentTicket) -> Iterator[None]:
    """Keep a refusal for the page that waits; the agent may try again."""
    try:
        yield
    except Refusal as refusal:
        with portal.database.write() as session:
            row = agent_tickets.hold(session, ticket.id)
            if row.finished_at is None:
                row.outcome = {"code": refusal.code, "sentence": refusal.sentence}
        raise
