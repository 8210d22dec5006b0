"""Deleting a directory: what it means, and the confirmation with words and the key."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import confirming
from blueprints.context import portal
from blueprints.directories.area import added, blueprint
from blueprints.directories.screens import TYPES, takes_deliveries
from blueprints.forms import DELETE_WORDS, DeleteForm
from services import directories
from services.ceremonies import CeremonyRefusal
from services.directories import blockers
from services.refusal import Refusal


@blueprint.route("/<uuid:directory>/delete", methods=["GET", "POST"])
def delete(directory: uuid.UUID) -> Response | str | tuple[str, int]:
    """Say what deleting means; delete once it is confirmed."""
    form = DeleteForm()
    if not form.is_submitted():
        return _delete_page(directory, form)
    if directories.is_deleted(portal(), directory):  # a double click
        return redirect(url_for(".index"), 303)
    if not form.validate():
        return _delete_page(directory, form), 422
    try:
        confirming.demand(form, subject(directory))
        with portal().database.write() as session:
            found = directories.delete(
                session, directory, actor=current_user.person, now=portal().now()
            )
    except (CeremonyRefusal, Refusal) as refusal:
        if refusal.status == 404:
            raise
        form.form_errors = [*form.form_errors, refusal.sentence]
        return _delete_page(directory, form), refusal.status
    flash(f"{found.name} is deleted here. Nothing was changed in the directory itself.", "success")
    return redirect(url_for(".index"), 303)


def subject(directory: uuid.UUID) -> str:
    """What the fresh ceremony is about."""
    return f"directory:{directory}"


def _delete_page(name: uuid.UUID, form: DeleteForm) -> str:
    with portal().database.read() as session:
        directory = added(session, name)
        standing = blockers.reasons(session, directory)
        owed, count = directories.open_deliveries(session, directory)
        summary = next(
            one for one in directories.summaries(session) if one.directory.id == directory.id
        )
    return render_template(
        "directories/delete.html",
        directory=directory,
        type_name=TYPES[directory.type.value],
        form=form,
        standing=standing,
        owed=owed,
        count=count,
        placed=summary.placed,
        linked=summary.linked,
        takes_deliveries=takes_deliveries(directory),
        words=DELETE_WORDS,
        subject=subject(name),
    )
