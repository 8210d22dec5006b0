"""Ending somebody's passkey that was reported lost."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import confirming, removing
from blueprints.context import portal
from blueprints.forms import CeremonyForm
from blueprints.people.routes import blueprint
from services import passkeys, removal
from services.ceremonies import CeremonyRefusal
from services.refusal import Refusal

TEMPLATE = "people/end_passkey.html"


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
        return removing.page(TEMPLATE, found, obstacle=refused), refused.status
    if not form.is_submitted():
        return removing.page(TEMPLATE, found)
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
        return removing.page(TEMPLATE, found, refusal=refusal), refusal.status
    except Refusal as refusal:  # what stands in its way came up just now
        return removing.page(TEMPLATE, found, obstacle=refusal), refusal.status
    portal().wake()
    removing.tell(removing.sign_out_there(found))
    flash(f"{found.nickname} of {found.person.display_name} is ended.", "success")
    return redirect(url_for(".passkey", passkey=passkey), 303)
