"""Sending a person an enrolment link by mail, and giving up a mail that waits."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.people.forms import LinkForm
from services import mails, people
from services.refusal import Refusal

blueprint = Blueprint("mails", __name__, url_prefix="/admin")


@blueprint.post("/people/<uuid:person>/mails")
def send(person: UUID) -> Response:
    """Ask for a mail with a new enrolment link; the worker makes the link and sends it."""
    form = LinkForm()
    if not form.validate():
        abort(400)
    try:
        with portal().database.write() as database:
            found = people.get(database, person)
            if found is None:
                abort(404)
            mails.owe_link(
                portal(),
                database,
                purpose=form.link_purpose,
                person=found,
                actor=current_user.person,
                lifetime=form.span,
            )
            address = found.email
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        flash(refusal.sentence, "warning")
    else:
        portal().wake()
        flash(f"A mail to {address} is on its way.", "success")
    return _back(person)


@blueprint.post("/mails/<uuid:mail>/stop")
def stop(mail: UUID) -> Response:
    """Give up a mail that waits."""
    try:
        with portal().database.write() as database:
            found = mails.get(database, mail)
            if found is None:
                abort(404)
            person = found.person.uuid
            mails.stop(database, found, actor=current_user.person, now=portal().now())
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        flash(refusal.sentence, "warning")
    else:
        flash("The mail is stopped. Its link was never made, or does not work any more.", "success")
    return _back(person)


def _back(person: UUID) -> Response:
    return redirect(url_for("people.show", person=person, _anchor="links"), 303)
