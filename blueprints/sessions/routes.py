"""The signed-in person's own sessions: the list, ending one, ending all others."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import visitor
from blueprints.context import portal
from blueprints.sessions.browsers import named
from services import sessions

blueprint = Blueprint("sessions", __name__, url_prefix="/sessions")


@blueprint.get("")
def index() -> str:
    """Every browser that the person is signed in with, the one used last first."""
    with portal().database.read() as database:
        listed = sessions.of_person(database, current_user.person.id, now=portal().now())
    return render_template(
        "sessions/index.html",
        rows=[(one.session, one.passkey, named(one.session.user_agent)) for one in listed],
        this=current_user.session.id,
    )


@blueprint.post("/<uuid:address>/end")
def end(address: UUID) -> Response:
    """End one of the person's sessions; ending this one is signing out."""
    if address == current_user.session.uuid:
        visitor.sign_out()
        flash("You are signed out.", "success")
        return redirect(url_for("home.index"), 303)
    with portal().database.write() as database:
        if not sessions.end_one(database, current_user.person, address, now=portal().now()):
            abort(404)
    flash("That browser is signed out.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/end-others")
def end_others() -> Response:
    """End every session of the person but this one."""
    with portal().database.write() as database:
        ended = sessions.end_others(database, current_user.session, now=portal().now())
    if ended:
        flash(f"Signed out elsewhere: {ended}. You stay signed in here.", "success")
    else:
        flash("You are signed in nowhere else.", "info")
    return redirect(url_for(".index"), 303)
