"""The first page, health, and help."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template
from flask_login import current_user
from sqlalchemy import text
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.returning import landing
from directories.ory.ready_schema import READY_SCHEMA
from services import setup, sign_up

blueprint = Blueprint("home", __name__)

TOPICS = {
    "agent": "The desk agent",
    "browser": "Browsers that work with security keys",
    "leftover": "Take a leftover entry off a security key",
    "link": "When a link or a code does not work",
    "sign-in": "When signing in does not work",
}
"""The pages that help, each a template `home/help/<topic>.html`."""

FOR_ADMINISTRATORS = {"ory": "Prepare Ory"}
"""More of them, which the pages of administration lead to."""


@blueprint.get("/")
def index() -> Response | str:
    """Where people start who are not signed in; others go on to their page."""
    if current_user.is_authenticated:
        return redirect(landing())
    with portal().database.read() as session:
        over = setup.is_over(session)
        signing_up = sign_up.is_open(session, portal().settings)
    return render_template("home/index.html", set_up=over, signing_up=signing_up)


@blueprint.get("/health")
def health() -> dict[str, str]:
    """For load balancers: whether this process serves, its database included."""
    with portal().database.read() as session:
        session.execute(text("SELECT 1"))
    return {"status": "ok"}


@blueprint.get("/help/<topic>")
def topic(topic: str) -> str:
    """One page that helps."""
    title = (TOPICS | FOR_ADMINISTRATORS).get(topic)
    if title is None:
        abort(404)
    settings = portal().settings
    with portal().database.read() as session:
        signing_up = sign_up.is_open(session, settings)
    return render_template(
        f"home/help/{topic}.html",
        signing_up=signing_up,
        title=title,
        topics=TOPICS,
        rp_id=settings.rp_id,
        origins=settings.origins,
        schema=READY_SCHEMA,
    )
