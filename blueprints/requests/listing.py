"""The list of requests, narrowed by what the address says."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask_login import current_user

from blueprints.addresses import cursor, pager
from blueprints.context import portal
from blueprints.requests.area import MAX_QUERY, blueprint
from models import RequestState
from services import people
from services.provisioning import records, settlement


@blueprint.get("")
def index() -> str:
    """One page of requests, newest first."""
    viewer = current_user.person
    query = people.tidy(request.args.get("q", ""))[:MAX_QUERY]
    state = state_of(request.args.get("state", ""))
    with portal().database.read() as session:
        page = records.search(
            session,
            query,
            viewer=viewer,
            states=[state] if state else [],
            older=cursor("older"),
            newer=cursor("newer"),
        )
        counts = records.counts(session, query, viewer=viewer)
        tallies = settlement.tallies(session, page.items)
    q = query or None
    views = [("All", url_for(".index", q=q), state is None, sum(counts.values()))]
    views += [
        (
            one.value.title(),
            url_for(".index", state=one.value, q=q),
            one is state,
            counts.get(one, 0),
        )
        for one in RequestState
        if counts.get(one) or one is state
    ]
    return render_template(
        "requests/index.html",
        requests=page.items,
        tallies=tallies,
        views=views,
        query=query,
        state=state,
        page=pager(page, url_for(".index"), q=query, state=state),
    )


def state_of(text: str) -> RequestState | None:
    """The state that an address names; None where it names none."""
    return next((one for one in RequestState if one.value == text), None)
