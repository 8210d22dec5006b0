"""The list of models, and one model."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort, render_template, request, url_for
from sqlalchemy import func, select

from blueprints.addresses import choice, cursor
from blueprints.context import portal
from blueprints.models.standing import Shown, describe, matching, page, standing
from models import Passkey
from services import policies

blueprint = Blueprint("models", __name__)


@blueprint.get("/admin/models")
def index() -> str:
    """The models, filtered by the words and the view in the address."""
    query = " ".join(request.args.get("q", "").split())[:100]
    shown = choice(Shown, "show", Shown.ALL)
    with portal().database.read() as session:
        policy = policies.current(session)
    metadata = portal().metadata
    found = matching(metadata.models(), policy, shown=shown, query=query)
    listing = page(found, after=cursor("after"), before=cursor("before"))

    def address(**changes: object) -> str:
        kept = {"q": query or None, "show": None if shown is Shown.ALL else shown.value}
        return url_for(".index", **(kept | changes))

    views = [
        (label, address(show=None if view is Shown.ALL else view.value), view is shown)
        for view, label in (
            (Shown.ALL, "All"),
            (Shown.ALLOWED, "Allowed here"),
            (Shown.HID, "HID"),
        )
    ]
    pager = {
        "previous": listing.previous and address(before=listing.previous),
        "next": listing.next and address(after=listing.next),
        "said": f"{listing.first} to {listing.first + len(listing.items) - 1} of {listing.total}",
    }
    return render_template(
        "models/index.html",
        rows=[(model, standing(model, policy)) for model in listing.items],
        total=listing.total,
        query=query,
        shown=shown,
        views=views,
        page=pager,
        metadata=metadata,
        overdue=metadata.next_update < portal().now().date(),
    )


@blueprint.get("/admin/models/<uuid:aaguid>")
def show(aaguid: uuid.UUID) -> str:
    """One model: what FIDO says of it, its certificates, and its standing here."""
    model = portal().metadata.model(aaguid)
    if model is None:
        abort(404)
    with portal().database.read() as session:
        policy = policies.current(session)
        keys = session.scalar(
            select(func.count())
            .select_from(Passkey)
            .where(Passkey.aaguid == aaguid, Passkey.ended_at.is_(None))
        )
    namesakes = [
        other
        for other in portal().metadata.models()
        if other.name == model.name and other.aaguid != model.aaguid
    ]
    return render_template(
        "models/show.html",
        model=model,
        standing=standing(model, policy),
        policy=policy,
        keys=keys or 0,
        anchors=[(describe(der), portal().metadata.serves_several(der)) for der in model.anchors],
        namesakes=namesakes,
        metadata=portal().metadata,
    )
