"""My passkeys: the list, one of them, another name, and adding one more."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.forms import CeremonyForm, NicknameForm
from blueprints.keys import allowed_models, seen
from blueprints.passkeys.area import blueprint, own
from blueprints.placements import places
from models import Passkey
from services import ceremonies, passkeys
from services.attestation.metadata import Model
from services.ceremonies import CeremonyRefusal, Purpose


@blueprint.get("")
def index() -> str:
    """The signed-in person's passkeys, each with its places."""
    with portal().database.read() as session:
        listed = passkeys.of_person(session, current_user.person.id)
        rows = [(one, _model(one), places(session, one)) for one in listed]
    return render_template("passkeys/index.html", rows=rows)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response | str | tuple[str, int]:
    """Register another passkey."""
    form = CeremonyForm()
    if not form.is_submitted():
        return render_template("passkeys/new.html", allowed=allowed_models(current_user.person))
    try:
        passkey = ceremonies.finish_registration(
            portal(),
            purpose=Purpose.ADD,
            person_id=current_user.person.id,
            session_hash=current_user.session_hash,
            **form.answer,
        )
    except CeremonyRefusal as refusal:
        page = render_template(
            "enrol/refused.html",
            refusal=refusal,
            seen=seen(refusal),
            allowed=allowed_models(current_user.person),
            again=url_for(".new"),
        )
        return page, refusal.status
    flash(f"{passkey.nickname} is registered.", "success")
    return redirect(url_for(".show", passkey=passkey.uuid), 303)


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
