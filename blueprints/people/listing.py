"""The list of people: found, narrowed, and downloaded as it is narrowed."""

from __future__ import annotations

from flask import Response, render_template, request, url_for
from flask_login import current_user

from blueprints.addresses import choice, cursor, pager
from blueprints.context import portal
from blueprints.people.routes import blueprint
from services import people, people_csv, people_search, role_lists
from services.people_search import Filters, Keys, Shown

MAX_QUERY = 100
VIEWS = {
    Shown.ALL: "All",
    Shown.ACTIVE: "Active",
    Shown.SUSPENDED: "Suspended",
    Shown.LEFT: "Left",
}
KEYS = {Keys.ANY: "With or without", Keys.WITH: "With a key", Keys.WITHOUT: "Without a key"}


@blueprint.get("/people")
def index() -> str:
    """One page of people, newest first, narrowed by what the address says."""
    with portal().database.read() as database:
        roles = role_lists.known(database)
        filters = _filters({role.key for role in roles})
        page = people_search.search(database, filters, older=cursor("older"), newer=cursor("newer"))
        keys = people.passkey_counts(database, page.items)
        counts = people_search.counts(database, filters)
    kept = _kept(filters)
    views = [
        (
            label,
            url_for(".index", **(kept | {"show": None if view is Shown.ALL else view.value})),
            view is filters.shown,
            counts[view],
        )
        for view, label in VIEWS.items()
    ]
    return render_template(
        "people/index.html",
        people=page.items,
        keys=keys,
        filters=filters,
        narrowed=any(kept.values()),
        views=views,
        key_choices=KEYS,
        roles=roles,
        role_names=role_lists.names,
        download=url_for(".download", **kept),
        page=pager(page, url_for(".index"), **kept),
    )


@blueprint.get("/people/download")
def download() -> Response:
    """The list as it is narrowed, as a CSV file."""
    with portal().database.write() as database:
        filters = _filters({role.key for role in role_lists.known(database)})
        text = people_csv.download(database, filters, actor=current_user.person, now=portal().now())
    return Response(
        text,
        mimetype="text/csv",
        headers={
            "Content-Disposition": "attachment; filename=people.csv",
            "Cache-Control": "no-store",
        },
    )


def _filters(roles: set[str]) -> Filters:
    """What the address says; what it says wrongly counts as unsaid."""
    role = request.args.get("role", "")
    return Filters(
        query=people.tidy(request.args.get("q", ""))[:MAX_QUERY],
        shown=choice(Shown, "show", Shown.ALL),
        keys=choice(Keys, "keys", Keys.ANY),
        role=role if role in roles else "",
    )


def _kept(filters: Filters) -> dict[str, str | None]:
    """The filters as an address carries them."""
    return {
        "q": filters.query or None,
        "show": None if filters.shown is Shown.ALL else filters.shown.value,
        "keys": None if filters.keys is Keys.ANY else filters.keys.value,
        "role": filters.role or None,
    }
