"""Ending the record of somebody who left, and bringing them back."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import confirming
from blueprints.context import portal
from blueprints.forms import CeremonyForm
from blueprints.people.routes import blueprint
from models import Person
from services import leaving, passkeys, people, role_lists
from services.ceremonies import CeremonyRefusal
from services.directories import identities
from services.refusal import Refusal


@blueprint.route("/people/<uuid:person>/end", methods=["GET", "POST"])
def end(person: UUID) -> Response | str | tuple[str, int]:
    """Say what ending somebody's record does, and ask for a touch; by POST, end it."""
    with portal().database.read() as database:
        found = people.get(database, person)
    if found is None:
        abort(404)
    refused = leaving.obstacle(found, actor=current_user.person)
    form = CeremonyForm()
    if refused is not None:
        return _page(found, obstacle=refused), refused.status
    if not form.is_submitted():
        return _page(found)
    try:
        confirming.demand(form, leaving.subject(found))
        with portal().database.write() as database:
            leaving.end(database, found, actor=current_user.person, now=portal().now())
    except CeremonyRefusal as refusal:
        return _page(found, refusal=refusal), refusal.status
    except Refusal as refusal:  # what stands in its way came up just now
        return _page(found, obstacle=refusal), refusal.status
    portal().wake()
    flash(f"{found.display_name} has left.", "success")
    return redirect(url_for(".show", person=person), 303)


@blueprint.post("/people/<uuid:person>/bring-back")
def bring_back(person: UUID) -> Response:
    """Take somebody in again who had left."""
    with portal().database.write() as database:
        found = people.get(database, person)
        if found is None:
            abort(404)
        leaving.bring_back(database, found, actor=current_user.person, now=portal().now())
    flash(f"{found.display_name} is back. Make an enrolment link next.", "success")
    return redirect(url_for(".show", person=person), 303)


def _page(
    person: Person, *, obstacle: Refusal | None = None, refusal: CeremonyRefusal | None = None
) -> str:
    with portal().database.read() as database:
        owned = passkeys.of_person(database, person.id)
        records = identities.of_person(database, person)
    return render_template(
        "people/end.html",
        person=person,
        owned=owned,
        records=records,
        role_names=role_lists.names(person),
        subject=leaving.subject(person),
        obstacle=obstacle,
        refusal=refusal,
    )
