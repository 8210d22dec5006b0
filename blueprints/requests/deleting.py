"""Deleting a request: what it means, and the confirmation with words and the key."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import confirming
from blueprints.context import portal
from blueprints.forms import DELETE_WORDS, DeleteForm
from blueprints.requests.area import blueprint, confirmed
from services.ceremonies import CeremonyRefusal
from services.provisioning import closing, records, settlement
from services.refusal import Refusal


@blueprint.route("/<uuid:order>/delete", methods=["GET", "POST"])
def delete(order: UUID) -> Response | str | tuple[str, int]:
    """Say what deleting means; delete once it is confirmed."""
    form = DeleteForm()
    if not form.is_submitted():
        return _delete_page(order, form)
    with portal().database.read() as session:
        gone = records.is_deleted(session, order)
    if gone:  # a double click
        return redirect(url_for(".index"), 303)
    if not form.validate():
        return _delete_page(order, form), 422
    try:
        confirming.demand(form, f"request:{order}")
        with portal().database.write() as session:
            found = confirmed(session, order)
            closing.delete(session, found, actor=current_user.person, now=portal().now())
    except (CeremonyRefusal, Refusal) as refusal:
        if refusal.status == 404:
            raise
        form.form_errors = [*form.form_errors, refusal.sentence]
        return _delete_page(order, form), refusal.status
    portal().wake()
    flash("The request is deleted. Keys that were enrolled by it stay as they are.", "success")
    return redirect(url_for(".index"), 303)


def _delete_page(order: UUID, form: DeleteForm) -> str:
    with portal().database.read() as session:
        found = confirmed(session, order)
        tally = settlement.tally(session, found)
    return render_template(
        "requests/delete.html",
        form=form,
        order=found,
        tally=tally,
        words=DELETE_WORDS,
        subject=f"request:{order}",
    )
