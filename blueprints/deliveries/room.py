"""The page of a key that has no room in a directory: keep what is there, or replace it."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import confirming
from blueprints.context import portal
from blueprints.deliveries.routes import blueprint
from blueprints.forms import CeremonyForm
from services import room
from services.refusal import Refusal


@blueprint.route("/<uuid:delivery>/room", methods=["GET", "POST"])
def make_room(delivery: uuid.UUID) -> Response | str | tuple[str, int]:
    """Say what is there and what replacing it does; by POST with a touch, replace it."""
    crowded = room.look(portal(), delivery, actor=current_user.person)
    form = CeremonyForm()
    if not form.is_submitted():
        return _page(crowded)
    try:
        crowded.demand_seen(request.form.get("seen", ""))
        confirming.demand(form, room.subject(crowded.delivery))
    except Refusal as refusal:
        return _page(crowded, refusal), refusal.status
    with portal().database.write() as session:
        room.replace(session, crowded, actor=current_user.person, now=portal().now())
    portal().wake()
    about = crowded.delivery
    key = about.passkey.nickname if about.passkey else ""
    flash(f"{about.directory.name} is made to take {key} instead.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/<uuid:delivery>/keep")
def keep(delivery: uuid.UUID) -> Response:
    """Keep what is there."""
    with portal().database.write() as session:
        kept = room.keep(session, delivery, actor=current_user.person, now=portal().now())
        said = f"{kept.directory.name} stays as it is."
    flash(said, "success")
    return redirect(url_for(".index"), 303)


def _page(crowded: room.Crowded, refusal: Refusal | None = None) -> str:
    return render_template(
        "deliveries/room.html",
        delivery=crowded.delivery,
        keys=crowded.keys,
        seen=crowded.seen,
        subject=room.subject(crowded.delivery),
        obstacle=None,
        refusal=refusal,
    )
