"""Tickets: what a page hands to a desk agent, for what that page may itself register.

The page shows a command with a token in it. The agent trades the token, once, for a secret of its
own (one committed `UPDATE … RETURNING`), which its ceremonies are bound to. A ticket dies with
what it came from: its enrolment link, or the signed-in browser that made it. An enrolment link can
be given to an agent as well: then the agent takes the place of the browser that would open it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session as Database

from models import AgentTicket, Directory, EnrolmentLink, Passkey, Person, Session
from services import links, sessions
from services.audit import Tag, record
from services.ceremonies import Purpose
from services.refusal import Refusal
from services.sessions import digest
from services.standing import SUSPENDED, is_active

LIFETIME = timedelta(minutes=15)
"""From the page to the trade, and from the trade to the touch."""
KEPT = timedelta(days=1)
"""How long a ticket that is over is told from one that never was."""
SHORTEST_NONCE = 32

REFUSALS: dict[str, tuple[int, str]] = {
    "agent_token_unknown": (
        404,
        "This command is not known here. Copy all of it from its page, or get a new one there.",
    ),
    "agent_token_used": (
        410,
        "This command was used already. Get a new one on its page. If it was not you who used it, "
        "tell your administrator.",
    ),
    "agent_token_expired": (410, "This command has expired. Get a new one on its page."),
    "agent_token_revoked": (
        410,
        "This command was taken back, or was cancelled. Get a new one on its page.",
    ),
    "agent_token_finished": (
        410,
        "A key was registered with this command already. If that was not you, tell your "
        "administrator at once.",
    ),
    "agent_page_closed": (
        410,
        "Whoever made this command has signed out since. Sign in and get a new one.",
    ),
    "agent_secret_unknown": (
        401,
        "The portal does not know this agent, or no longer. Begin again with a new command.",
    ),
    "agent_nonce_short": (422, "The agent sent too little to be told apart. Install a newer one."),
}


class Word(StrEnum):
    """Where a ticket stands, in the words of the page that waits for it."""

    WAITING = "not used yet"
    BEGUN = "in the agent's hands"
    FINISHED = "registered"
    ENDED = "ended"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Made:
    """A new ticket. The token is shown once and kept nowhere."""

    ticket: AgentTicket
    token: str


@dataclass(frozen=True)
class Traded:
    """A ticket in an agent's hands, with the secret that only the agent keeps."""

    ticket: AgentTicket
    secret: str


@dataclass(frozen=True)
class State:
    """Where a ticket stands, for its page."""

    word: Word
    passkey: Passkey | None = None
    code: str = ""
    """Of the last refusal; the agent may still be trying."""
    sentence: str = ""

    @property
    def waits(self) -> bool:
        """Whether anything may still change."""
        return self.word in (Word.WAITING, Word.BEGUN)


def command(base_url: str, token: str) -> str:
    """What the person types on the machine that the key is plugged into."""
    return f"latchkey-agent enrol {base_url}/agent/{token}"


def make(
    session: Database,
    *,
    purpose: Purpose,
    subject: str,
    person: Person,
    directory: Directory | None,
    link: EnrolmentLink | None = None,
    session_row: Session | None = None,
    now: datetime,
) -> Made:
    """Make a ticket for what a page may itself register.

    Args:
        subject: of the ceremony, as the page's own would have; empty in an enrolment stands for
            whatever steps are left.
        directory: that issues the challenge; None where we do.
        link: the enrolment it belongs to; it dies with it.
        session_row: the signed-in browser that makes it; it dies with it.

    Raises:
        Refusal: `person_suspended`.
        ValueError: for a purpose that does not register, or that ends with nothing.
    """
    if not purpose.registers or (link is None) == (session_row is None):
        raise ValueError(purpose)
    if not is_active(session, person.id):
        raise Refusal("person_suspended", SUSPENDED, status=403)
    token = secrets.token_urlsafe(32)
    ticket = AgentTicket(
        uuid=uuid.uuid4(),
        token_hash=digest(token),
        purpose=purpose.value,
        subject=subject,
        person=person,
        directory=directory,
        link=link,
        session_id=session_row.id if session_row else None,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(ticket)
    session.flush()
    return Made(ticket, token)


def look(session: Database, token: str, *, now: datetime) -> AgentTicket:
    """The ticket of a token that can still be traded. Nothing is traded.

    Raises:
        Refusal: one of `REFUSALS`, or as `demand_usable`.
    """
    ticket = session.scalar(select(AgentTicket).where(AgentTicket.token_hash == digest(token)))
    if ticket is None:
        raise refusal("agent_token_unknown")
    demand_usable(session, ticket, now=now)
    if ticket.exchanged_at is not None:
        raise refusal("agent_token_used")
    return ticket


def exchange(session: Database, token: str, nonce: str, *, now: datetime) -> Traded:
    """Trade a token for a secret.

    The same token with the same nonce, sent again because the answer was lost, gets the same.

    Args:
        nonce: what the agent chose at random.

    Raises:
        Refusal: one of `REFUSALS`, or as `demand_usable`.
    """
    secret = _secret(token, nonce)
    again = session.scalar(select(AgentTicket).where(AgentTicket.agent_hash == digest(secret)))
    if again is not None:
        demand_usable(session, again, now=now)
        return Traded(again, secret)
    look(session, token, now=now)
    taken = session.scalar(
        update(AgentTicket)
        .where(
            AgentTicket.token_hash == digest(token),
            AgentTicket.exchanged_at.is_(None),
            AgentTicket.finished_at.is_(None),
            AgentTicket.expires_at > now,
        )
        .values(exchanged_at=now, agent_hash=digest(secret), expires_at=now + LIFETIME)
        .returning(AgentTicket)
        .execution_options(populate_existing=True)
    )
    if taken is None:
        raise refusal("agent_token_used")
    _record_begun(session, taken, now=now)
    return Traded(taken, secret)


def exchange_link(session: Database, token: str, nonce: str, *, now: datetime) -> Traded:
    """Make an enrolment link an agent's: what is left of its steps is the agent's to do.

    Raises:
        Refusal: of the link; `setup_unfinished` where nobody has said yet who it is for.
    """
    secret = _secret(token, nonce)
    again = session.scalar(select(AgentTicket).where(AgentTicket.agent_hash == digest(secret)))
    if again is not None:
        demand_usable(session, again, now=now)
        return Traded(again, secret)
    demand_person(links.look(session, token, None, now=now))
    link = links.exchange(session, token, secret, now=now)
    ticket = AgentTicket(
        uuid=uuid.uuid4(),
        token_hash=digest(secrets.token_urlsafe(32)),  # nobody has it: the link's was traded
        purpose=Purpose.ENROL.value,
        person=link.person,
        link=link,
        created_at=now,
        exchanged_at=now,
        agent_hash=digest(secret),
        expires_at=now + links.TIME_TO_FINISH,
    )
    session.add(ticket)
    session.flush()
    _record_begun(session, ticket, now=now)
    return Traded(ticket, secret)


def demand_person(link: EnrolmentLink) -> Person:
    """Whom a link enrols.

    Raises:
        Refusal: `setup_unfinished`.
    """
    if link.person is None:
        raise Refusal(
            "setup_unfinished", "Enter who you are first, then register your key.", status=409
        )
    return link.person


def of_secret(session: Database, secret: str) -> AgentTicket:
    """The ticket of an agent, over or not.

    Raises:
        Refusal: `agent_secret_unknown`.
    """
    ticket = session.scalar(select(AgentTicket).where(AgentTicket.agent_hash == digest(secret)))
    if ticket is None:
        raise refusal("agent_secret_unknown")
    return ticket


def get(session: Database, address: uuid.UUID) -> AgentTicket | None:
    """The ticket of an address."""
    return session.scalar(select(AgentTicket).where(AgentTicket.uuid == address))


def state(session: Database, ticket: AgentTicket, *, now: datetime) -> State:
    """Where a ticket stands, for the page that waits for it."""
    row = session.get_one(AgentTicket, ticket.id, populate_existing=True)
    said = row.outcome or {}
    told = {"code": said.get("code", ""), "sentence": said.get("sentence", "")}
    if row.finished_at is not None:
        return State(Word.ENDED if said else Word.FINISHED, row.passkey, **told)
    try:
        demand_usable(session, row, now=now)
    except Refusal as reason:
        word = Word.EXPIRED if reason.code == "agent_token_expired" else Word.ENDED
        return State(word, row.passkey, reason.code, reason.sentence)
    return State(Word.BEGUN if row.exchanged_at else Word.WAITING, row.passkey, **told)


def revoke(
    session: Database, ticket: AgentTicket, *, code: str = "agent_token_revoked", now: datetime
) -> None:
    """Take a ticket back; nothing happens to one that is over.

    Args:
        code: why, for the page that waits.
    """
    _, sentence = REFUSALS["agent_token_revoked"]
    session.execute(
        update(AgentTicket)
        .where(AgentTicket.id == ticket.id, AgentTicket.finished_at.is_(None))
        .values(finished_at=now, outcome={"code": code, "sentence": sentence})
    )


def hold(session: Database, ticket_id: int) -> AgentTicket:
    """The ticket as it is now, held until the transaction ends."""
    return session.get_one(
        AgentTicket, ticket_id, populate_existing=True, with_for_update={"of": AgentTicket}
    )


def demand_usable(session: Database, ticket: AgentTicket, *, now: datetime) -> None:
    """Refuse a ticket that is over, or whose link or browser is.

    Raises:
        Refusal: one of `REFUSALS`, `person_suspended`, or the link's.
    """
    if ticket.finished_at is not None:
        raise refusal("agent_token_revoked" if ticket.outcome else "agent_token_finished")
    if ticket.expires_at <= now:
        raise refusal("agent_token_expired")
    if not ticket.person.active:
        raise Refusal("person_suspended", SUSPENDED, status=403)
    if ticket.link is not None:
        links.demand_usable(ticket.link, now=now)
    if ticket.session_id is not None and not sessions.is_live(session, ticket.session_id, now=now):
        raise refusal("agent_page_closed")


def actor_id(session: Database, ticket: AgentTicket) -> int | None:
    """The operator who had somebody else's ticket made; None where it is the person's own."""
    made_in = session.get(Session, ticket.session_id) if ticket.session_id is not None else None
    if made_in is None or made_in.person_id == ticket.person_id:
        return None
    return made_in.person_id


def refusal(code: str) -> Refusal:
    """The refusal of a code in `REFUSALS`."""
    status, sentence = REFUSALS[code]
    return Refusal(code, sentence, status=status)


def purge(session: Database, *, now: datetime) -> int:
    """Delete the tickets that were over long ago; how many there were."""
    over = delete(AgentTicket).where(AgentTicket.expires_at < now - KEPT).returning(AgentTicket.id)
    return len(session.scalars(over).all())


def _secret(token: str, nonce: str) -> str:
    """What the agent is given for a token: made of both, so that a lost answer can be had again."""
    if len(nonce) < SHORTEST_NONCE:
        raise refusal("agent_nonce_short")
    made = hashlib.sha256(f"{len(token)}:{token}:{nonce}".encode()).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _record_begun(session: Database, ticket: AgentTicket, *, now: datetime) -> None:
    record(
        session,
        Tag.AGENT_BEGUN,
        now=now,
        person=ticket.person,
        directory=ticket.directory,
        ticket=str(ticket.uuid),
        purpose=ticket.purpose,
    )
