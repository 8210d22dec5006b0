"""What an operator sees first: how things stand, what needs attention, and what comes next."""

from __future__ import annotations

from flask import Blueprint, render_template
from sqlalchemy import func, select

from blueprints.context import held_privileges, portal
from models import DeliveryState, Passkey
from services import directories, people, policies
from services.deliveries import tally
from services.directories import expiry
from services.provisioning import records
from services.roles import Action, Privilege, of_type

SHOWN = 5
"""Open requests that the overview names; the list has the others."""

blueprint = Blueprint("overview", __name__, url_prefix="/admin")


@blueprint.get("/")
def index() -> str:
    """Counts, deliveries that wait for a human, and the steps that are still ahead."""
    with portal().database.read() as session:
        counts = tally.by_state(session)
        held = held_privileges()
        connected = [
            one
            for one in directories.summaries(session)
            if of_type(Action.VIEW, one.directory.type) in held
        ]
        policy = policies.current(session)
        many = people.count(session)
        orders = records.open_now(session, limit=SHOWN) if Privilege.VIEW_REQUESTS in held else []
        keys = session.scalar(
            select(func.count()).select_from(Passkey).where(Passkey.ended_at.is_(None))
        )
    now = portal().now()
    expiries = [
        (one.directory, seen)
        for one in connected
        if one.directory.added_at is not None and (seen := expiry.of(one.directory, now))
    ]
    return render_template(
        "overview/index.html",
        people=many,
        orders=orders,
        passkeys=keys or 0,
        directories=connected,
        unverified=[
            one
            for one in connected
            if one.directory.added_at is not None and one.directory.verified_at is None
        ],
        expiries=expiries,
        waiting=counts[DeliveryState.WAITING] + counts[DeliveryState.RUNNING],
        held=counts[DeliveryState.HELD] + counts[DeliveryState.NEEDS_TOUCH],
        policy=policy,
        metadata=portal().metadata,
        overdue=portal().metadata.next_update < now.date(),
    )
