"""The list of deliveries, and the button that tries one again."""

from __future__ import annotations

import uuid
from enum import StrEnum

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.addresses import choice, cursor, pager
from blueprints.context import portal
from models import Delivery, DeliveryState
from services import directories, placements
from services.deliveries import retrying, tally
from services.refusal import Refusal
from services.room import NO_ROOM

blueprint = Blueprint("deliveries", __name__, url_prefix="/admin/deliveries")


class Shown(StrEnum):
    """The views of the list."""

    ALL = "all"
    WAITING = "waiting"
    HELD = "held"
    DONE = "done"
    DROPPED = "dropped"


VIEWS: dict[Shown, tuple[str, tuple[DeliveryState, ...]]] = {
    Shown.ALL: ("All", ()),
    Shown.WAITING: ("Waiting", (DeliveryState.WAITING, DeliveryState.RUNNING)),
    Shown.HELD: ("Held", (DeliveryState.HELD, DeliveryState.NEEDS_TOUCH)),
    Shown.DONE: ("Done", (DeliveryState.DONE,)),
    Shown.DROPPED: ("Dropped", (DeliveryState.DROPPED,)),
}

RETRIABLE = frozenset({DeliveryState.WAITING, DeliveryState.HELD})


@blueprint.get("")
def index() -> str:
    """One page of deliveries, newest first, filtered by state and by directory."""
    shown = choice(Shown, "show", Shown.ALL)
    with portal().database.read() as session:
        directory = None
        if wanted := cursor("directory"):
            directory = directories.by_uuid(session, wanted)
        page = placements.deliveries(
            session,
            states=VIEWS[shown][1],
            directory=directory,
            older=cursor("older"),
            newer=cursor("newer"),
        )
        counts = tally.by_state(session, directory)
        hopeless = retrying.hopeless(session, page.items)
    kept = {"directory": directory.uuid if directory else None}
    views = [
        (
            label,
            url_for(".index", show=None if view is Shown.ALL else view.value, **kept),
            view is shown,
            sum(counts[state] for state in states or DeliveryState),
        )
        for view, (label, states) in VIEWS.items()
    ]
    filters = kept | {"show": None if shown is Shown.ALL else shown.value}
    return render_template(
        "deliveries/index.html",
        deliveries=page.items,
        directory=directory,
        shown=shown,
        views=views,
        retriable=RETRIABLE,
        hopeless=hopeless,
        no_room=NO_ROOM,
        words=words,
        subject=subject,
        here=request.full_path.rstrip("?"),
        page=pager(page, url_for(".index"), **filters),
    )


@blueprint.post("/<uuid:delivery>/retry")
def retry(delivery: uuid.UUID) -> Response:
    """Try a delivery again now."""
    shown = choice(Shown, "show", Shown.ALL)
    try:
        with portal().database.write() as session:
            tried = placements.retry(
                session, delivery, actor=current_user.person, now=portal().now()
            )
            said = f"{subject(tried)} for {tried.directory.name} is tried again now."
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        flash(refusal.sentence, "warning")
    else:
        portal().wake()
        flash(said, "success")
    return redirect(
        url_for(
            ".index",
            show=None if shown is Shown.ALL else shown.value,
            directory=cursor("directory"),
        ),
        303,
    )


def subject(delivery: Delivery) -> str:
    """What a delivery is about: a passkey, or the account itself."""
    return "The account" if delivery.passkey is None else delivery.passkey.nickname


def words(delivery: Delivery) -> str:
    """The state of a delivery as a word of the pages."""
    if delivery.state is DeliveryState.NEEDS_TOUCH:
        return "needs a new touch"
    if delivery.state is DeliveryState.WAITING and delivery.attempts:
        return "waiting to try again"
    return delivery.state.value
