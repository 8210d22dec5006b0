"""Editing somebody's names and e-mail address."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.people.forms import PersonForm
from blueprints.people.routes import blueprint
from services import mail, people, people_changes
from services.refusal import Refusal


@blueprint.route("/people/<uuid:person>/edit", methods=["GET", "POST"])
def edit(person: UUID) -> Response | str | tuple[str, int]:
    """The form, with what is known; by POST, change it."""
    with portal().database.read() as database:
        found = people.get(database, person)
    if found is None:
        abort(404)
    refused = people_changes.obstacle(found, actor=current_user.person)
    if refused is not None:
        raise refused
    form = PersonForm(obj=found)
    page = {"form": form, "person": found, "mail": mail.configured(portal().settings)}
    if not form.is_submitted():
        return render_template("people/edit.html", **page)
    if form.validate():
        try:
            with portal().database.write() as database:
                edited = people_changes.edit(
                    portal(),
                    database,
                    found,
                    form.names(form.middle_name.data or ""),
                    actor=current_user.person,
                )
        except Refusal as refusal:
            if refusal.status != 422:
                raise
            form.refuse(refusal)
        else:
            portal().wake()
            flash(f"{edited.display_name} is saved.", "success")
            return redirect(url_for(".show", person=person), 303)
    return render_template("people/edit.html", **page), 422
