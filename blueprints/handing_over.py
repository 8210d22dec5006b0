"""A touch handed to the desk agent: the command that a page shows, and how far the agent is.

The command's token is nowhere but in this browser's cookie, and sealed even there, so that the
page can be loaded again; it is worth nothing once it was used.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import abort, render_template, session

from blueprints.context import portal
from models import AgentTicket
from services import agent_tickets
from services.agent_tickets import Made, State
from services.ceremonies import Purpose
from services.sealing import SealBroken

HANDED = "agent_command"


@dataclass(frozen=True)
class Handed:
    """What was handed over, and what has become of it."""

    ticket: AgentTicket
    state: State
    command: str
    """Empty once it was used."""


def keep(made: Made) -> None:
    """Keep a ticket that was just made for the pages of this browser."""
    sealed = portal().sealer.seal(HANDED, made.token)
    session[HANDED] = {"ticket": made.ticket.uuid.hex, "token": sealed.decode()}


def fragment(
    purpose: Purpose, person_id: int | None, *, hand_over: str, field: str, going_on: str
) -> str:
    """How far the agent is with what was handed over last, as a piece that its page renews.

    Args:
        hand_over: where another command is asked for, with the touch's subject in `field`.
        going_on: where the person goes once the agent is done.
    """
    found = _newest(purpose, person_id)
    if found is None:
        abort(404)
    return render_template(
        "enrol/_agent.html",
        handed=found,
        hand_over=hand_over,
        field=field,
        subject=found.ticket.subject,
        going_on=going_on,
    )


def handed(purpose: Purpose, subject: str, person_id: int | None) -> Handed | None:
    """What this browser handed over of this touch last, finished or not."""
    found = _newest(purpose, person_id)
    return found if found is not None and found.ticket.subject == subject else None


def _newest(purpose: Purpose, person_id: int | None) -> Handed | None:
    """What this browser handed over last for this purpose."""
    kept = session.get(HANDED)
    if not kept:
        return None
    with portal().database.read() as database:
        ticket = agent_tickets.get(database, UUID(kept["ticket"]))
        if ticket is None or (ticket.purpose, ticket.person_id) != (purpose.value, person_id):
            return None
        state = agent_tickets.state(database, ticket, now=portal().now())
    return Handed(ticket, state, _command(kept["token"]) if _unused(state) else "")


def _unused(state: State) -> bool:
    return state.word is agent_tickets.Word.WAITING


def _command(sealed: str) -> str:
    try:
        token = portal().sealer.open(HANDED, sealed.encode())
    except SealBroken:  # the key that sealed it was taken out of the settings since
        return ""
    return agent_tickets.command(portal().settings.base_url, token)
