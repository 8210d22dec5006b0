"""One request: how far it is, its people, and its result as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from blueprints.addresses import cursor
from blueprints.context import held_privileges, portal
from blueprints.people import shown_once
from blueprints.qr import qr_code
from blueprints.requests.area import MAX_QUERY, blueprint, confirmed, loaded
from blueprints.requests.listing import state_of
from models import ProvisioningRequest, RequestPerson, RequestState
from services import mail, people
from services.provisioning import inviting, minting, preview, records, result, settlement, sources
from services.provisioning.admission import refused
from services.provisioning.progress import OPEN
from services.roles import Privilege, holds_more


@blueprint.get("/<uuid:order>")
def show(order: UUID) -> AnyResponse | str:
    """How far the request is, and one page of its people."""
    with portal().database.read() as session:
        found = loaded(session, order)
        if found.state is RequestState.DRAFT:
            return redirect(url_for(".people", order=order), 303)
        return _page(session, found)


@blueprint.get("/<uuid:order>/progress")
def progress(order: UUID) -> str:
    """How far it is, as a part of its page that renews itself."""
    with portal().database.read() as session:
        found = confirmed(session, order)
        return render_template("requests/_progress.html", **_far(session, found))


@blueprint.get("/<uuid:order>/download")
def download(order: UUID) -> Response:
    """What came of it, as a CSV file."""
    with portal().database.write() as session:
        found = confirmed(session, order)
        text = result.download(
            session,
            found,
            metadata=portal().metadata,
            state=state_of(request.args.get("state", "")),
            actor=current_user.person,
            now=portal().now(),
        )
    return Response(
        text,
        mimetype="text/csv",
        headers={
            "Content-Disposition": "attachment; filename=provisioning-request.csv",
            "Cache-Control": "no-store",
        },
    )


def _page(session: Session, found: ProvisioningRequest) -> str:
    query = people.tidy(request.args.get("q", ""))[:MAX_QUERY]
    state = state_of(request.args.get("state", ""))
    page = records.people_of(
        session, found, query, state=state, after=cursor("after"), before=cursor("before")
    )
    far = _far(session, found)
    q = query or None
    here = {"order": found.uuid}
    counts = far["tally"].counts
    views = [("All", url_for(".show", **here, q=q), state is None, far["tally"].total)]
    views += [
        (
            one.value.title(),
            url_for(".show", **here, state=one.value, q=q),
            one is state,
            counts.get(one, 0),
        )
        for one in RequestState
        if counts.get(one) or one is state
    ]
    kept = {"q": q, "state": state.value if state else None}
    address = _new_link(session, page.items)
    return render_template(
        "requests/show.html",
        rows=[_row(found, one) for one in page.items],
        page={
            "previous": url_for(".show", **here, **kept, before=page.older) if page.older else "",
            "next": url_for(".show", **here, **kept, after=page.newer) if page.newer else "",
        },
        views=views,
        query=query,
        state=state,
        after=cursor("after"),
        before=cursor("before"),
        sources=sources.of(session, found),
        touches=preview.touches(portal(), settlement.wanted(session, found)),
        mail_configured=mail.configured(portal().settings),
        runs=Privilege.RUN_REQUESTS in held_privileges(),
        address=address,
        qr=qr_code(address) if address else None,
        download=url_for(".download", **here, state=kept["state"]),
        **far,
    )


def _far(session: Session, found: ProvisioningRequest) -> dict[str, Any]:
    """What is said of how far a request is."""
    current = sources.current(session, found)
    open_now = found.state in (*OPEN, RequestState.FAILED)
    return {
        "order": found,
        "tally": settlement.tally(session, found),
        "gathering": current if found.gathered_at is None else None,
        "seen": sources.seen(session, found),
        "open": open_now,
        "mailing": open_now and (inviting.waits(session, found) or found.remind_at is not None),
        "settled": not open_now or found.state is RequestState.FAILED,
    }


def _row(found: ProvisioningRequest, place: RequestPerson) -> dict[str, Any]:
    locked = place.person is not None and holds_more(place.person, current_user.person)
    now = portal().now()
    return {
        "place": place,
        "locked": locked,
        "refused": refused(place),
        "mintable": not locked and minting.mintable(found, place, now=now),
        "cancellable": not locked
        and not refused(place)
        and place.state in (*OPEN, RequestState.FAILED),
        "retryable": not locked
        and refused(place)
        and found.state in (*OPEN, RequestState.FAILED)
        and found.gathered_at is not None,
        "remindable": not locked
        and place.invited_at is not None
        and inviting.day_is_over(place, now=now),
    }


def _new_link(session: Session, shown: tuple[RequestPerson, ...]) -> str | None:
    """The address of a link that was just made for somebody on the page; only the first time."""
    listed = minting.latest(session, [one.id for one in shown])
    return shown_once.address(listed)
