"""Ending the sessions of somebody else."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.people.routes import blueprint
from models import Person
from services import people, sessions
from services.refusal import Refusal
from services.roles import holds_more


@blueprint.post("/people/<uuid:person>/sessions/<uuid:address>/end")
def end_session(person: UUID, address: UUID) -> Response:
    """Sign one browser of the person out."""
    with portal().database.write() as database:
        found = _person(database, person)
        now, actor = portal().now(), current_user.person
        if not sessions.end_one(database, found, address, now=now, actor=actor):
            abort(404)
    flash("That browser is signed out.", "success")
    return redirect(url_for(".show", person=person, _anchor="sessions"), 303)


@blueprint.post("/people/<uuid:person>/sessions/end-all")
def end_sessions(person: UUID) -> Response:
    """Sign every browser of the person out."""
    with portal().database.write() as database:
        found = _person(database, person)
        ended = sessions.end_all(database, found, actor=current_user.person, now=portal().now())
    if ended:
        flash(f"{found.display_name} is signed out everywhere.", "success")
    else:
        flash(f"{found.display_name} was signed in nowhere.", "info")
    return redirect(url_for(".show", person=person, _anchor="sessions"), 303)


def _person(database: Session, address: UUID) -> Person:
    """The person of an address, when the visitor may act on their sessions.

    Raises:
        Refusal: `person_holds_more`.
    """
    found = people.get(database, address)
    if found is None:
        abort(404)
    if holds_more(found, current_user.person):
        raise Refusal(
            "person_holds_more",
            "This person may do more than you, so you cannot end their sessions.",
            status=403,
        )
    return found
