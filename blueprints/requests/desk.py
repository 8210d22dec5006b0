"""A desk: the page on which an operator enrols one person of a request after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.forms import CeremonyForm
from blueprints.handing_over import handed
from blueprints.keys import allowed_models, seen
from blueprints.placements import places_of
from blueprints.requests.area import MAX_QUERY, blueprint, confirmed, placed
from blueprints.requests.desk_acting import going_on
from blueprints.touching import TouchPage, readable, title
from models import Passkey, Person, ProvisioningRequest, RequestPerson, RequestState
from services import ceremonies, people
from services.ceremonies import CeremonyRefusal, Purpose
from services.provisioning import desk, desk_alone, desk_lists, desk_steps, records, settlement
from services.provisioning.desk_steps import Step
from services.provisioning.progress import OPEN
from services.refusal import Refusal
from services.roles import holds_more

SHOWN = 5
"""How many of those who were last, and of those who are left, stand on the page."""


@blueprint.route("/<uuid:order>/desk", methods=["GET", "POST"], endpoint="desk")
def at_desk(order: UUID) -> Response | str | tuple[str, int]:
    """Whom the operator has before them; by POST, the answer of their key.

    `ready` is the claim whose key was said to be inserted, `done` somebody who is through.
    """
    form = CeremonyForm()
    if not form.is_submitted():
        return _page(order)
    subject = request.form.get("step", "")
    try:
        place = _register(order, subject, form)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return _page(order, refusal), refusal.status
    if place.claimed_by_id == current_user.person.id:
        return redirect(url_for(".desk", order=order, ready=place.fence), 303)
    return redirect(url_for(".desk", order=order, done=place.uuid), 303)


@blueprint.get("/<uuid:order>/desk/placements/<uuid:place>")
def desk_placements(order: UUID, place: UUID) -> str:
    """Where the keys of somebody who is through stand, as a part that the page renews."""
    with portal().database.read() as session:
        found = placed(session, confirmed(session, order), place)
        places = places_of(session, desk_steps.made_for(session, found))
    return render_template("requests/_desk_placements.html", places=places)


def _register(order: UUID, subject: str, form: CeremonyForm) -> RequestPerson:
    """Register the key; returns the person as they are then."""
    operator: Person = current_user.person
    label = request.form.get("label", "")
    with portal().database.read() as session:
        place = desk.place_of(session, subject)
        if place.request_id != confirmed(session, order).id:
            raise desk_steps.unknown()
    ceremonies.finish_registration(
        portal(),
        purpose=Purpose.DESK,
        person_id=place.person_id or 0,
        session_hash=current_user.session_hash,
        subject=subject,
        finish=lambda session, passkey: desk.finish(
            session,
            portal(),
            subject,
            passkey,
            operator=operator,
            label=label,
            now=portal().now(),
        ),
        actor_id=operator.id,
        **form.answer,
    )
    with portal().database.read() as session:
        return session.get_one(RequestPerson, place.id)


def _page(order: UUID, refusal: Refusal | None = None) -> str:
    with portal().database.read() as session:
        found = confirmed(session, order)
        mine = desk.held(session, found, current_user.person)
        done = None if mine is not None or refusal is not None else _done(session, found)
        shown = _before(session, mine, refusal) if mine is not None else {}
        return render_template(
            "requests/desk.html",
            order=found,
            open=found.state in (*OPEN, RequestState.FAILED),
            place=mine,
            done=done,
            refusal=refusal,
            tally=settlement.tally(session, found),
            left=desk_lists.left(session, found, limit=SHOWN),
            latest=_latest(session, found),
            **shown,
            **_search(session, found),
        )


def _latest(
    session: Session, found: ProvisioningRequest
) -> list[tuple[RequestPerson, Passkey, bool]]:
    """The keys that were registered last, and whether the operator may not touch them."""
    return [
        (place, passkey, holds_more(passkey.person, current_user.person))
        for place, passkey in desk_lists.latest(session, found, limit=SHOWN)
    ]


def _done(session: Session, found: ProvisioningRequest) -> dict[str, Any] | None:
    """Somebody who is through: their keys, and the places those open."""
    try:
        place = records.place(session, found, UUID(request.args.get("done", "")))
    except ValueError:
        return None
    made = desk_steps.made_for(session, place) if place is not None else ()
    return {"place": place, "keys": made, "places": places_of(session, made)} if made else None


def _before(session: Session, place: RequestPerson, refusal: Refusal | None) -> dict[str, Any]:
    """Whom the operator has before them: what they touch, and with what."""
    planned = desk_steps.steps(session, portal(), place)
    current = next((one for one in planned if not one.done), None)
    trouble = None
    try:
        desk.demand(place, operator=current_user.person, now=portal().now())
    except Refusal as why:
        trouble = why
    if place.person is None or current is None or trouble is not None:
        return {"planned": [], "page": None, "trouble": trouble}
    refused = refusal if isinstance(refusal, CeremonyRefusal) else None
    allowed = allowed_models(place.person, place)
    ready = request.args.get("ready", "") == str(place.fence)
    named = request.form.get("step", "").startswith(f"desk:{place.uuid}:{place.fence}")
    return {
        "planned": [(title(one.touch), one) for one in planned],
        "current": current,
        "page": _touch_page(session, place, planned, current, again=refused is not None),
        "trouble": None,
        "allowed": allowed,
        "readable": readable(allowed),
        "refused": refused,
        "seen": seen(refused) if refused else None,
        # Whoever is in the middle of it has said already which key is inserted.
        "ready": ready or named or any(one.passkey for one in planned),
    }


def _touch_page(
    session: Session, place: RequestPerson, planned: Sequence[Step], current: Step, *, again: bool
) -> TouchPage:
    name = place.person.display_name if place.person else place.name
    here = {"order": place.request.uuid}
    return TouchPage(
        touch=current.touch,
        purpose=Purpose.DESK,
        subject=current.subject,
        action=url_for(".desk", **here),
        field="step",
        hand_over=url_for(".desk_hand_over", **here),
        handed=handed(Purpose.DESK, current.subject, place.person_id),
        state=url_for(".desk_agent", **here, place=place.uuid),
        going_on=going_on(place),
        button="Try another key" if again else f"Enrol the key of {name}",
        whose=f"{name}’s",
        excluded=_excluded(session, place, current, name),
        labelled=True,
        without=url_for(".desk_use_alone", **here)
        if desk_alone.offered(session, place, planned, current, now=portal().now())
        else "",
    )


def _excluded(session: Session, place: RequestPerson, current: Step, name: str) -> str:
    """What it means that a key refuses because of one that is on it."""
    others = bool(desk_steps.recent(session, place, current.touch))
    if not desk_steps.has_some(session, place, current.touch):
        return (
            "This key was just enrolled for somebody else in this request. "
            f"Take it out and insert {name}’s key."
        )
    before = f"before for {name}"
    just = "just now for somebody else in this request, or " if others else ""
    return f"This key is enrolled already, {just}{before}. Take it out and insert {name}’s new key."


def _search(session: Session, found: ProvisioningRequest) -> dict[str, Any]:
    """Choosing somebody: who has such a name or address, and who cannot be had, with the reason."""
    query = people.tidy(request.args.get("q", ""))[:MAX_QUERY]
    if not query:
        return {"query": "", "results": [], "more": False}
    page = records.people_of(session, found, query)
    return {
        "query": query,
        "results": [(one, _obstacle(one)) for one in page.items],
        "more": bool(page.newer),
    }


def _obstacle(place: RequestPerson) -> str:
    """Why somebody cannot be taken to the desk now; empty where they can."""
    operator, now = current_user.person, portal().now()
    try:
        desk.demand(place, operator=operator, now=now)
    except Refusal as why:
        return "" if place.state is RequestState.COMPLETED else why.sentence
    other = desk.taken_by(place, operator=operator, now=now)
    return f"{other.display_name} has them at their desk just now." if other else ""
