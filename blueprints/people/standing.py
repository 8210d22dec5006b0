"""Suspending somebody, and letting them back in."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.people.routes import blueprint
from services import people, suspension


@blueprint.post("/people/<uuid:person>/suspend")
def suspend(person: UUID) -> Response:
    """Keep the person out until somebody lets them back in."""
    with portal().database.write() as database:
        found = people.get(database, person)
        if found is None:
            abort(404)
        suspension.suspend(database, found, actor=current_user.person, now=portal().now())
    portal().wake()
    flash(f"{found.display_name} is suspended.", "success")
    return redirect(url_for(".show", person=person), 303)


@blueprint.post("/people/<uuid:person>/let-in")
def let_in(person: UUID) -> Response:
    """Let a suspended person in again."""
    with portal().database.write() as database:
        found = people.get(database, person)
        if found is None:
            abort(404)
        suspension.let_in(database, found, actor=current_user.person, now=portal().now())
    portal().wake()
    flash(f"{found.display_name} may come in again.", "success")
    return redirect(url_for(".show", person=person), 303)
