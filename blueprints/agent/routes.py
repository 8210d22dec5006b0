"""`/agent/…`: what a desk agent asks, as forms, and is answered in JSON.

No address here looks at a cookie: a token or the agent's secret, in the Authorization header, is
all that counts. So a form token would protect nothing: a page of somebody else's can send a form
here, but neither knows a token nor can it set that header.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, render_template, request

from blueprints.context import portal
from blueprints.errors import json_endpoint
from extensions import csrf
from services import agent_ceremonies, agent_tickets
from services.agent_ceremonies import About
from services.refusal import Refusal

blueprint = Blueprint("agent", __name__, url_prefix="/agent")

SHORTEST, LONGEST = 20, 200
"""How long something may be that could be a token."""
LINKS = "links"
"""The kind of token that is an enrolment link's."""


@blueprint.get("/<token>")
def show(token: str) -> str:
    """What to do with this address, for whoever opens it in a browser. Nothing is looked up."""
    if not SHORTEST <= len(token) <= LONGEST:
        abort(404)
    return render_template(
        "agent/show.html", command=agent_tickets.command(portal().settings.base_url, token)
    )


@blueprint.post("/look")
@json_endpoint
@csrf.exempt
def look() -> dict[str, Any]:
    """What a token is for; it is not traded."""
    now = portal().now()
    with portal().database.write() as session:
        if request.form.get("kind") == LINKS:
            return _about(agent_ceremonies.about_link(session, portal(), _field("token")))
        ticket = agent_tickets.look(session, _field("token"), now=now)
        return _about(agent_ceremonies.about(session, portal(), ticket))


@blueprint.post("/exchange")
@json_endpoint
@csrf.exempt
def exchange() -> dict[str, Any]:
    """Trade a token for a secret."""
    by_link = request.form.get("kind") == LINKS
    trade = agent_tickets.exchange_link if by_link else agent_tickets.exchange
    with portal().database.write() as session:
        traded = trade(session, _field("token"), _field("nonce"), now=portal().now())
        told = _about(agent_ceremonies.about(session, portal(), traded.ticket))
        expires = traded.ticket.expires_at.isoformat()
    return {**told, "secret": traded.secret, "expires": expires}


@blueprint.post("/options")
@json_endpoint
@csrf.exempt
def options() -> dict[str, Any]:
    """Begin the next ceremony."""
    begun = agent_ceremonies.begin(portal(), _secret())
    return {"ceremony": str(begun.ceremony), "options": begun.options, "origin": begun.origin}


@blueprint.post("/answer")
@json_endpoint
@csrf.exempt
def answer() -> dict[str, Any]:
    """Register what the key answered."""
    answered = agent_ceremonies.answer(
        portal(), _secret(), ceremony=_field("ceremony"), response=_field("response")
    )
    passkey = answered.passkey
    following = answered.following
    return {
        "passkey": str(passkey.uuid),
        "nickname": passkey.nickname,
        "aaguid": str(passkey.aaguid),
        "model": answered.model.name if answered.model else "",
        "rp_id": passkey.rp_id,
        "places": _places(passkey.uuid)[0],
        "next": _about(following) if following else None,
    }


@blueprint.post("/cancel")
@json_endpoint
@csrf.exempt
def cancel() -> dict[str, Any]:
    """Nobody goes on with this."""
    agent_ceremonies.cancel(portal(), _secret(), ceremony=request.form.get("ceremony", ""))
    return {}


@blueprint.get("/state")
@json_endpoint
def state() -> dict[str, Any]:
    """Where the passkeys of this agent stand."""
    places, moving = _places()
    return {"places": places, "moving": moving}


def _about(told: About) -> dict[str, Any]:
    return {
        "person": told.person.display_name,
        "portal": portal().settings.rp_name,
        "directory": told.directory.name if told.directory else None,
        "way": told.way,
        "rp_id": told.rp_id,
        "models": None
        if told.models is None
        else [{"aaguid": str(one), "name": name} for one, name in told.models.items()],
    }


def _places(only: UUID | None = None) -> tuple[list[dict[str, str]], bool]:
    views, moving = agent_ceremonies.places(portal(), _secret())
    told = [
        {"name": view.directory_name, "state": view.state.value, "sentence": view.sentence}
        for view in views
        if only in (None, view.passkey)
    ]
    return told, moving


def _secret() -> str:
    """The agent's secret, from the Authorization header (RFC 6750 section 2.1)."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer":
        raise agent_tickets.refusal("agent_secret_unknown")
    return secret.strip()


def _field(name: str) -> str:
    given = request.form.get(name, "")
    if not given:
        raise Refusal("agent_field_missing", f"The agent sent no {name}. Install a newer one.")
    return given
