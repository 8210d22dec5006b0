"""Removing one's own passkey, and what is left to do on the key itself."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import abort, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import access, confirming, removing, visitor
from blueprints.context import portal
from blueprints.forms import CeremonyForm
from blueprints.passkeys.area import blueprint, own
from blueprints.placements import places
from models import Passkey
from services import passkeys, removal
from services.ceremonies import CeremonyRefusal
from services.refusal import Refusal

TEMPLATE = "passkeys/remove.html"
REMOVED = "removed"
"""The cookie's key for what this browser removed last: the page after it must be seen without a
sign-in too, because whoever removes the key that signed them in is signed out."""
TIME_TO_LOOK = timedelta(hours=1)
"""How long that page can be seen."""


@blueprint.route("/<uuid:passkey>/remove", methods=["GET", "POST"])
def remove(passkey: UUID) -> Response | str | tuple[str, int]:
    """Say what removing it does, and ask for a touch; by POST, remove it."""
    rp_id = portal().settings.rp_id
    with portal().database.read() as database:
        found = own(database, passkey)
        refused = removal.obstacle(database, found, actor=current_user.person, rp_id=rp_id)
    form = CeremonyForm()
    if not form.is_submitted():
        return removing.page(TEMPLATE, found, obstacle=refused)
    if refused is not None:
        return removing.page(TEMPLATE, found, obstacle=refused), refused.status
    try:
        confirming.demand(form, removal.subject(found))
        with portal().database.write() as database:
            removal.end(
                database,
                found,
                because=removal.Because.REMOVED,
                actor=current_user.person,
                rp_id=rp_id,
                now=portal().now(),
            )
    except CeremonyRefusal as refusal:
        return removing.page(TEMPLATE, found, refusal=refusal), refusal.status
    except Refusal as refusal:  # what stands in its way came up just now
        return removing.page(TEMPLATE, found, obstacle=refusal), refusal.status
    portal().wake()
    outcomes = removing.sign_out_there(found)
    if found.id == current_user.passkey_id:
        visitor.sign_out()  # its session has ended with it; the cookie forgets it too
    removing.tell(outcomes)  # after it: the cookie carries what is said
    session[REMOVED] = found.uuid.hex
    return redirect(url_for(".removed"), 303)


def _sent_again() -> str | None:
    """The page of what this browser removed, when it sends the form of that removal once more."""
    wanted = (request.view_args or {}).get("passkey")
    done = isinstance(wanted, UUID) and session.get(REMOVED) == wanted.hex
    return url_for("passkeys.removed") if done else None


access.SENT_AGAIN["passkeys.remove"] = _sent_again


@blueprint.get("/removed")
def removed() -> str:
    """What this browser just removed, and how to take the entry off the key."""
    kept = session.get(REMOVED)
    if not isinstance(kept, str):
        abort(404)
    with portal().database.read() as database:
        found = passkeys.by_uuid(database, UUID(kept))
        if found is None or found.ended_at is None or _too_late(found):
            abort(404)
        left = passkeys.of_person(database, found.person_id)
        listed = places(database, found)
    return render_template(
        "passkeys/removed.html",
        passkey=found,
        model=portal().metadata.model(found.aaguid),
        left=left,
        places=listed,
    )


def _too_late(passkey: Passkey) -> bool:
    return passkey.ended_at is not None and portal().now() > passkey.ended_at + TIME_TO_LOOK
