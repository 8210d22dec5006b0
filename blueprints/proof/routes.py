"""The page that proves one placement of one's own passkey."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.addresses import cursor
from blueprints.context import portal
from blueprints.errors import json_endpoint
from blueprints.forms import CeremonyForm
from services import proof
from services.ceremonies import CeremonyRefusal

blueprint = Blueprint("proof", __name__, url_prefix="/passkeys/<uuid:passkey>/placements")


@blueprint.get("/<uuid:directory>/proof")
def show(passkey: UUID, directory: UUID) -> str:
    """What will happen, or what the directory said of the ceremony that the address names."""
    result = None
    if ceremony := cursor("ceremony"):
        result = proof.look_back(portal(), ceremony, **_whose(passkey, directory))
    return _page(passkey, directory, result=result)


@blueprint.post("/<uuid:directory>/proof/options")
@json_endpoint
def options(passkey: UUID, directory: UUID) -> dict[str, Any]:
    """Begin a sign-in at the directory, as JSON for the browser's WebAuthn functions."""
    begun = proof.begin(portal(), **_whose(passkey, directory))
    return {"ceremony": str(begun.ceremony), "options": begun.options}


@blueprint.post("/<uuid:directory>/proof")
def run(passkey: UUID, directory: UUID) -> Response | tuple[str, int]:
    """Relay the answer, and show what the directory said."""
    form = CeremonyForm()
    try:
        result = proof.finish(portal(), **form.answer, **_whose(passkey, directory))
    except CeremonyRefusal as refusal:
        return _page(passkey, directory, refusal=refusal), refusal.status
    if result.proof is None:
        return _page(passkey, directory, result=result), 422
    own = {"passkey": passkey, "directory": directory}
    return redirect(url_for(".show", **own, ceremony=form.answer["ceremony"]), 303)


def _whose(passkey: UUID, directory: UUID) -> dict[str, Any]:
    return {
        "person_id": current_user.person.id,
        "session_hash": current_user.session_hash,
        "passkey": passkey,
        "directory": directory,
    }


def _page(
    passkey: UUID,
    directory: UUID,
    *,
    result: proof.Result | None = None,
    refusal: CeremonyRefusal | None = None,
) -> str:
    with portal().database.read() as session:
        subject = proof.provable(session, current_user.person.id, passkey, directory)
    return render_template(
        "proof/show.html",
        passkey=subject.passkey,
        directory=subject.directory,
        result=result,
        refusal=refusal,
    )
