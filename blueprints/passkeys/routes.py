"""My passkeys: the list, one of them, and another name."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.forms import NicknameForm
from blueprints.passkeys.area import blueprint, own
from blueprints.placements import places
from models import Passkey
from services import passkeys, touches
from services.attestation.metadata import Model


@blueprint.get("")
def index() -> str:
    """The signed-in person's passkeys, each with its places."""
    person = current_user.person
    with portal().database.read() as session:
        listed = passkeys.of_person(session, person.id)
        rows = [(one, _model(one), places(session, one)) for one in listed]
        wanting = [
            one
            for one in touches.planned(session, portal(), person.id)
            if one.directory is not None and not one.done
        ]
        unlinked = touches.missing(session, person.id)
    return render_template("passkeys/index.html", rows=rows, wanting=wanting, unlinked=unlinked)


@blueprint.get("/<uuid:passkey>")
def show(passkey: UUID) -> str:
    """One passkey."""
    with portal().database.read() as session:
        found = own(session, passkey)
    return _page(found, NicknameForm(nickname=found.nickname))


@blueprint.post("/<uuid:passkey>/rename")
def rename(passkey: UUID) -> Response | tuple[str, int]:
    """Give a passkey another name."""
    form = NicknameForm()
    with portal().database.read() as session:
        found = own(session, passkey)
    if not form.validate():
        return _page(found, form), 422
    with portal().database.write() as session:
        passkeys.rename(
            session,
            own(session, passkey),
            form.nickname.data or "",
            actor=current_user.person,
            now=portal().now(),
        )
    portal().wake()
    flash("The name is saved.", "success")
    return redirect(url_for(".show", passkey=passkey), 303)


@blueprint.get("/placements")
def placements() -> str:
    """The places of one passkey, as a fragment that a page renews."""
    try:
        wanted = UUID(request.args.get("passkey", ""))
    except ValueError:
        abort(404)
    with portal().database.read() as session:
        found = own(session, wanted)
        listed = places(session, found)
    return render_template("passkeys/_placements.html", passkey=found, places=listed)


def _page(passkey: Passkey, form: NicknameForm) -> str:
    with portal().database.read() as session:
        listed = places(session, passkey)
    return render_template(
        "passkeys/show.html", passkey=passkey, model=_model(passkey), places=listed, form=form
    )


def _model(passkey: Passkey) -> Model | None:
    return portal().metadata.model(passkey.aaguid)
