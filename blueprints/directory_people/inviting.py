"""Inviting somebody whom the directory knows and who is not here yet."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import Length

from blueprints.context import portal
from blueprints.directory_people.area import Place, blueprint, kept, place
from blueprints.forms import NamesForm, tidied
from blueprints.people import shown_once
from blueprints.people.forms import LifetimeForm
from directories.base import RemoteIdentity
from models import Person
from services import directories, mail, people
from services.directories import browsing, identities, inviting
from services.refusal import Refusal

ABOUT_NAMES = frozenset({"person_name_missing", "person_email_wrong", "person_exists"})
"""What a field of the form can put right; everything else is about the record."""


class InviteForm(NamesForm, LifetimeForm):
    """Who the person is, as the directory says or better, and how long the link can be opened."""

    middle_name = StringField(
        "Middle name", [Length(max=people.NAME_LENGTH)], filters=[tidied], default=""
    )


@blueprint.route("/invite", methods=["GET", "POST"])
def invite(directory: uuid.UUID) -> Response | str | tuple[str, int]:
    """Look over what the directory says of somebody; by POST add, link and invite them."""
    here = place(directory)
    remote = browsing.find(portal(), here.directory, request.values.get("identity", ""))
    said = inviting.suggested(remote)
    form = InviteForm(
        data={
            "given_name": said.given_name,
            "family_name": said.family_name,
            "display_name": said.display_name,
            "email": said.email,
            "lifetime": "24",
        }
    )
    if not form.is_submitted():
        return _page(here, remote, form)
    if not form.validate():
        return _page(here, remote, form), 422
    try:
        with portal().database.write() as session:
            invited = inviting.invite(
                portal(),
                session,
                directories.by_uuid(session, directory),
                remote,
                form.names(form.middle_name.data or ""),
                lifetime=form.span,
                by_mail="mail" in request.form,
                actor=current_user.person,
            )
    except Refusal as refusal:
        if refusal.code not in ABOUT_NAMES:
            return _page(here, remote, form, refusal), refusal.status
        form.refuse(refusal)
        return _page(here, remote, form), 422
    portal().wake()
    person = invited.person
    if invited.link is None:
        flash(
            f"{person.display_name} is invited: a mail to {person.email} is on its way.", "success"
        )
        return redirect(here.here(), 303)
    shown_once.keep(invited.link)
    flash(f"{person.display_name} is added and linked to {remote.label}.", "success")
    return redirect(url_for("people.show", person=person.uuid, _anchor="new-link"), 303)


def _page(
    here: Place, remote: RemoteIdentity, form: InviteForm, refusal: Refusal | None = None
) -> str:
    with portal().database.read() as session:
        known = identities.by_remote_id(session, here.directory, remote.remote_id)
        same: Person | None = people.by_email(session, form.email.data or "")
    return render_template(
        "directory_people/invite.html",
        directory=here.directory,
        remote=remote,
        known=known,
        same=same,
        form=form,
        obstacle=refusal,
        mail_configured=mail.configured(portal().settings),
        kept=kept(),
    )
