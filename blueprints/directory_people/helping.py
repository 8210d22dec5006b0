"""What is done in a directory for somebody who lost a key, or who registers one there."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, render_template, request
from flask import session as cookie
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectChoice

from blueprints import confirming
from blueprints.context import portal
from blueprints.directory_people.area import Place, blueprint, kept, place
from blueprints.directory_people.methods import address
from blueprints.forms import CeremonyForm
from directories.base import DirectoryError
from models import Identity
from services.ceremonies import CeremonyRefusal
from services.directories import on_behalf, signed_in_there, temporary_access
from services.refusal import Refusal

WORDS = {10: "10 minutes", 60: "1 hour", 480: "8 hours", 1440: "1 day"}
"""How long a pass is good, as it is said."""
USUAL = 60
MADE = "pass_made"
"""The cookie's key for the ceremony that the last pass was made by: it makes no second one."""


class PassForm(CeremonyForm):
    """How long the pass is good."""

    minutes = RadioField(
        "How long it can be used",
        choices=[SelectChoice(one, WORDS[one]) for one in temporary_access.LIFETIMES],
        coerce=int,
        default=USUAL,
    )


@blueprint.route("/sign-out", methods=["GET", "POST"])
def sign_out(directory: uuid.UUID) -> Response | str | tuple[str, int]:
    """Say what signing somebody out there means, ask for a touch, and by POST do it."""
    here = place(directory)
    if not here.able.revokes_sessions:
        abort(404)
    identity = _identity(here)
    form = CeremonyForm()
    if not form.is_submitted():
        return _sign_out_page(here, identity)
    try:
        confirming.demand(form, signed_in_there.subject(identity))
        signed_in_there.end(portal(), identity, actor=current_user.person)
    except CeremonyRefusal as refusal:
        return _sign_out_page(here, identity, refusal=refusal), refusal.status
    except DirectoryError as error:
        return _sign_out_page(here, identity, error=error), 502
    flash(
        f"{identity.person.display_name} is signed out of {here.directory.name}. "
        "It takes some minutes to be felt everywhere.",
        "success",
    )
    return redirect(address(here, identity.remote_id), 303)


@blueprint.route("/temporary-pass", methods=["GET", "POST"])
def temporary_pass(directory: uuid.UUID) -> str | tuple[str, int]:
    """Say what a pass is, ask for a touch, and by POST make one and show it this once."""
    here = place(directory)
    if not here.able.makes_passes:
        abort(404)
    identity = _identity(here)
    form = PassForm()
    if not form.is_submitted():
        return _pass_page(here, identity, form)
    if not form.validate():
        return _pass_page(here, identity, form), 422
    if cookie.get(MADE) == form.answer["ceremony"]:
        again = Refusal(
            "pass_shown",
            "This pass was shown, and is shown only once. If nobody noted it, make another.",
            status=409,
        )
        return _pass_page(here, identity, form, refusal=again), 409
    try:
        confirming.demand(form, temporary_access.subject(identity))
        cookie[MADE] = form.answer["ceremony"]
        made = temporary_access.make(
            portal(), identity, minutes=form.minutes.data, actor=current_user.person
        )
    except CeremonyRefusal as refusal:
        return _pass_page(here, identity, form, refusal=refusal), refusal.status
    except DirectoryError as error:
        return _pass_page(here, identity, form, error=error), 502
    return render_template(
        "directory_people/pass_shown.html",
        directory=here.directory,
        identity=identity,
        made=made,
        lifetime=WORDS.get(made.minutes, f"{made.minutes} minutes"),
        back=address(here, identity.remote_id),
        kept=kept(),
    )


def _identity(here: Place) -> Identity:
    return on_behalf.demand(
        portal(), here.directory, request.values.get("identity", ""), actor=current_user.person
    )


def _sign_out_page(
    here: Place,
    identity: Identity,
    *,
    refusal: CeremonyRefusal | None = None,
    error: DirectoryError | None = None,
) -> str:
    return render_template(
        "directory_people/sign_out.html",
        directory=here.directory,
        identity=identity,
        subject=signed_in_there.subject(identity),
        back=address(here, identity.remote_id),
        refusal=refusal,
        error=error,
        kept=kept(),
    )


def _pass_page(
    here: Place,
    identity: Identity,
    form: PassForm,
    *,
    refusal: Refusal | None = None,
    error: DirectoryError | None = None,
) -> str:
    return render_template(
        "directory_people/temporary_pass.html",
        directory=here.directory,
        identity=identity,
        form=form,
        subject=temporary_access.subject(identity),
        back=address(here, identity.remote_id),
        refusal=refusal,
        error=error,
        kept=kept(),
    )
