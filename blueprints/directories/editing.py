"""Editing a directory: its name and how it is signed in to. Where it is cannot be edited."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.directories import screens
from blueprints.directories.area import added, blueprint
from blueprints.directories.forms import EditForm
from blueprints.directories.routes import in_words
from directories import registry
from models import Directory
from services import directories
from services.directories import steps
from services.directories.steps import FieldProblems
from services.refusal import Refusal


@blueprint.route("/<uuid:directory>/edit", methods=["GET", "POST"])
def edit(directory: uuid.UUID) -> Response | str | tuple[str, int]:
    """Change the name, and what signs in at the same address; what is new is tested."""
    with portal().database.read() as session:
        found = added(session, directory)
    settings = registry.normal(found.type.value, found.settings)
    form = screens.of(found).edit_form(data={"name": found.name, **settings})
    form.prepare(settings, kept=found.sealed_secret is not None)
    if not form.is_submitted():
        return _edit_page(form, found)
    if not form.validate():
        return _edit_page(form, found), 422
    try:
        with portal().database.write() as session:
            to_test = steps.change(
                portal(),
                session,
                added(session, directory),
                name=form.name.data or "",
                settings=form.settings(),
                secret=form.key(),
                client_secret=form.client_key(),
                actor=current_user.person,
            )
    except FieldProblems as wrong:
        form.refuse(wrong.problems)
        return _edit_page(form, found), 422
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        form.refuse({"name": refusal.sentence})
        return _edit_page(form, found), 422
    if to_test:
        _test(directory)
    else:
        flash(f"{form.name.data} is saved.", "success")
    return redirect(url_for(".show", directory=directory), 303)


def _test(directory: uuid.UUID) -> None:
    try:
        tested = directories.run_test(portal(), directory, probe=False, actor=current_user.person)
    except Refusal as refusal:  # somebody else edits it too, or deleted it
        flash(refusal.sentence, "warning")
    else:
        flash(*in_words(tested.report))


def _edit_page(form: EditForm, directory: Directory) -> str:
    return render_template(
        "directories/edit.html",
        form=form,
        directory=directory,
        **screens.of(directory).shown(directory.settings),
    )
