"""Editing a directory: its name and its key. Where it is cannot be edited."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.directories.area import added, blueprint
from blueprints.directories.forms import EditForm
from blueprints.directories.routes import in_words
from directories.ory import Auth, OrySettings
from models import Directory
from services import directories
from services.refusal import Refusal


@blueprint.route("/<uuid:directory>/edit", methods=["GET", "POST"])
def edit(directory: uuid.UUID) -> Response | str | tuple[str, int]:
    """Change the name, and replace the key for the same address; a new key is tested."""
    with portal().database.read() as session:
        found = added(session, directory)
    settings = OrySettings.from_mapping(found.settings)
    form = EditForm(data={"name": found.name})
    form.ask_key(settings.auth is not Auth.NONE, kept=found.sealed_secret is not None)
    if not form.is_submitted():
        return _edit_page(form, found, settings)
    if not form.validate():
        return _edit_page(form, found, settings), 422
    try:
        with portal().database.write() as session:
            _save(session, added(session, directory), form)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        form.name.errors = [*form.name.errors, refusal.sentence]
        return _edit_page(form, found, settings), 422
    if form.new_key() is None:
        flash(f"{form.name.data} is saved.", "success")
    else:
        _test(directory)
    return redirect(url_for(".show", directory=directory), 303)


def _save(session: Session, found: Directory, form: EditForm) -> None:
    key = form.new_key()
    directories.edit(
        session,
        portal().sealer,
        found,
        name=form.name.data,
        secret=directories.KEEP if key is None else key,
        actor=current_user.person,
        now=portal().now(),
    )


def _test(directory: uuid.UUID) -> None:
    try:
        tested = directories.run_test(portal(), directory, probe=False, actor=current_user.person)
    except Refusal as refusal:  # somebody else edits it too, or deleted it
        flash(refusal.sentence, "warning")
    else:
        flash(*in_words(tested.report))


def _edit_page(form: EditForm, directory: Directory, settings: OrySettings) -> str:
    return render_template(
        "directories/edit.html", form=form, directory=directory, settings=settings
    )
