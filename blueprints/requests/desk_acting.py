"""What an operator at a desk does beside the touches: whom they have, and the desk agent."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import handing_over
from blueprints.context import portal
from blueprints.requests.area import blueprint, confirmed, placed
from models import Directory, Person, RequestPerson
from services import agent_tickets
from services.ceremonies import Purpose
from services.provisioning import desk, desk_alone
from services.refusal import Refusal


@blueprint.post("/<uuid:order>/desk/next")
def desk_next(order: UUID) -> Response:
    """Give the operator the next person; `place` is whom they had, and `later` puts them back."""
    operator: Person = current_user.person
    try:
        with portal().database.write() as session:
            found = confirmed(session, order)
            had = placed(session, found, _named()) if request.form.get("place") else None
            if had is not None:
                desk.release(session, had, operator=operator)
            following = desk.take(
                session,
                portal(),
                found,
                operator=operator,
                after=had.position if had else 0,
                now=portal().now(),
            )
            same = following is not None and had is not None and following.id == had.id
            if following is not None and same and request.form.get("later"):
                desk.release(session, following, operator=operator)
                following = None
    except Refusal as refusal:
        return _refused(refusal, order)
    if following is None:
        flash(
            f"Nobody else is left here now but {had.person.display_name}."
            if same and had is not None and had.person is not None
            else "Nobody is left here whom you could enrol now.",
            "info",
        )
    return redirect(url_for(".desk", order=order), 303)


@blueprint.post("/<uuid:order>/desk/choose")
def desk_choose(order: UUID) -> Response:
    """Give the operator somebody whom they searched for."""
    try:
        with portal().database.write() as session:
            place = placed(session, confirmed(session, order), _named())
            desk.choose(session, place, operator=current_user.person, now=portal().now())
    except Refusal as refusal:
        return _refused(refusal, order)
    return redirect(url_for(".desk", order=order), 303)


@blueprint.post("/<uuid:order>/desk/leave")
def desk_leave(order: UUID) -> Response:
    """Put whoever is before the operator back, and stop."""
    with portal().database.write() as session:
        place = desk.held(session, confirmed(session, order), current_user.person)
        if place is not None:
            desk.release(session, place, operator=current_user.person)
    return redirect(url_for(".show", order=order), 303)


@blueprint.post("/<uuid:order>/desk/agent")
def desk_hand_over(order: UUID) -> Response:
    """Make a command that gives the touch to the desk agent."""
    try:
        with portal().database.write() as session:
            confirmed(session, order)
            begun = desk.begin(
                session,
                portal(),
                request.form.get("step", ""),
                operator=current_user.person,
                now=portal().now(),
            )
            made = agent_tickets.make(
                session,
                purpose=Purpose.DESK,
                subject=begun.subject,
                person=session.get_one(Person, begun.person_id),
                directory=session.get_one(Directory, begun.directory_id)
                if begun.directory_id
                else None,
                session_row=current_user.session,
                now=portal().now(),
            )
            fence = desk.place_of(session, begun.subject).fence
    except Refusal as refusal:
        return _refused(refusal, order)
    handing_over.keep(made)
    return redirect(url_for(".desk", order=order, ready=fence), 303)


@blueprint.post("/<uuid:order>/desk/alone")
def desk_use_alone(order: UUID) -> Response:
    """Make the touch one for this portal alone: its directory is out of order."""
    try:
        with portal().database.write() as session:
            confirmed(session, order)
            place = desk_alone.choose(
                session,
                portal(),
                request.form.get("step", ""),
                operator=current_user.person,
                now=portal().now(),
            )
    except Refusal as refusal:
        return _refused(refusal, order)
    return redirect(url_for(".desk", order=order, ready=place.fence), 303)


@blueprint.get("/<uuid:order>/desk/agent/<uuid:place>")
def desk_agent(order: UUID, place: UUID) -> str:
    """How far the agent is, as a fragment that the page renews."""
    with portal().database.read() as session:
        found = placed(session, confirmed(session, order), place)
    return handing_over.fragment(
        Purpose.DESK,
        found.person_id,
        hand_over=url_for(".desk_hand_over", order=order),
        field="step",
        going_on=going_on(found),
    )


def going_on(place: RequestPerson) -> str:
    """To the person's next touch; once they have left the desk, to what was registered."""
    return url_for(".desk", order=place.request.uuid, ready=place.fence, done=place.uuid)


def _named() -> UUID:
    try:
        return UUID(request.form.get("place", ""))
    except ValueError:
        abort(404)


def _refused(refusal: Refusal, order: UUID) -> Response:
    """Say at the desk what stood in the way."""
    flash(refusal.sentence, "warning")
    return redirect(url_for(".desk", order=order), 303)
