"""Putting people into a group, and taking them out."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.groups.area import blueprint, loaded
from services import groups, people
from services.refusal import Refusal


@blueprint.post("/<uuid:group>/members")
def members(group: uuid.UUID) -> Response:
    """Add the person that the form names, or remove them; the search goes on."""
    adds = "add" in request.form
    act = groups.add if adds else groups.remove
    try:
        with portal().database.write() as session:
            found = loaded(session, group)
            person = people.get(session, _address(request.form.get("add" if adds else "remove")))
            if person is None:
                abort(404)
            act(session, found, person, actor=current_user.person, now=portal().now())
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        flash(refusal.sentence, "warning")
    else:
        portal().wake()
        words = "is in" if adds else "is not in"
        more = "" if adds else " any more"
        flash(f"{person.display_name} {words} {found.name}{more}.", "success")
    kept = {name: value for name in ("q", "who") if (value := request.form.get(name))}
    anchor = "add" if adds else "members"
    return redirect(url_for(".show", group=group, _anchor=anchor, **kept), 303)


def _address(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        abort(404)
