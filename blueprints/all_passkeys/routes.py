"""The list of everybody's passkeys; each leads to its story."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from blueprints.addresses import choice, cursor, pager
from blueprints.context import portal
from services import passkey_search, people
from services.passkey_search import Shown

blueprint = Blueprint("all_passkeys", __name__, url_prefix="/admin/passkeys")

MAX_QUERY = 100
VIEWS: dict[Shown, str] = {
    Shown.ALL: "All",
    Shown.LIVE: "Live",
    Shown.ATTESTED: "Attested",
    Shown.UNATTESTED: "Unattested",
    Shown.ENDED: "Ended",
}


@blueprint.get("")
def index() -> str:
    """One page of passkeys, newest first, found by the words and the view in the address."""
    query = people.tidy(request.args.get("q", ""))[:MAX_QUERY]
    shown = choice(Shown, "show", Shown.ALL)
    metadata = portal().metadata
    with portal().database.read() as session:
        page = passkey_search.search(
            session,
            metadata,
            query,
            shown=shown,
            older=cursor("older"),
            newer=cursor("newer"),
        )
        counts = passkey_search.counts(session, metadata, query)
    kept = {"q": query or None, "show": None if shown is Shown.ALL else shown.value}
    views = [
        (
            label,
            url_for(".index", **(kept | {"show": None if view is Shown.ALL else view.value})),
            view is shown,
            counts[view],
        )
        for view, label in VIEWS.items()
    ]
    return render_template(
        "all_passkeys/index.html",
        rows=[(passkey, metadata.model(passkey.aaguid)) for passkey in page.items],
        query=query,
        shown=shown,
        views=views,
        page=pager(page, url_for(".index"), **kept),
    )
