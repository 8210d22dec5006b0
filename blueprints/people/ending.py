"""Ending somebody's passkey that was reported lost."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import confirming
from blueprints.context import portal
from blueprints.forms import CeremonyForm
from blueprints.people.routes import blueprint
from blueprints.placements import places
from models import Passkey
from services import passkeys, removal
from services.ceremonies import CeremonyRefusal
from services.refusal import Refusal


@blueprint.route("/passkeys/<uuid:passkey>/end", methods=["GET", "POST"])
def end_passkey(passkey: UUID) -> Response | str | tuple[str, int]:
    """Say what ending it does, and ask for the operator's own touch; by POST, end it."""
    rp_id = portal().settings.rp_id
    with portal().database.read() as database:
        found = passkeys.by_uuid(database, passkey)
        if found is None:
            abort(404)
        refused = removal.obstacle(database, found, actor=current_user.person, rp_id=rp_id)
    form = CeremonyForm()
    if refused is not None:
        return _page(found, obstacle=refused), refused.status
    if not form.is_submitted():
        return _page(found)
    try:
        confirming.demand(form, removal.subject(found))
        with portal().database.write() as database:
            removal.end(
                database,
                found,
                because=removal.Because.LOST,
                actor=current_user.person,
                rp_id=rp_id,
                now=portal().now(),
            )
    except CeremonyRefusal as refusal:
        return _page(found, refusal=refusal), refusal.status
    except Refusal as refusal:  # what stands in its way came up just now
        return _page(found, obstacle=refusal), refusal.status
    portal().wake()
    flash(f"{found.nickname} of {found.person.display_name} is ended.", "success")
    return redirect(url_for(".passkey", passkey=passkey), 303)


def _page(
    passkey: Passkey,
    *,
    obstacle: Refusal | None = None,
    refusal: CeremonyRefusal | None = None,
) -> str:
    with portal().database.read() as database:
        last = removal.is_last(database, passkey, rp_id=portal().settings.rp_id)
        listed = places(database, passkey)
    return render_template(
        "people/end_passkey.html",
        passkey=passkey,
        model=portal().metadata.model(passkey.aaguid),
        places=listed,
        last=last,
        subject=removal.subject(passkey),
        obstacle=obstacle,
        refusal=refusal,
    )
