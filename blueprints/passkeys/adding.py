"""Adding a key: one for this portal, or for a place that makes its own."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import handing_over
from blueprints.ceremonies import registering
from blueprints.context import portal
from blueprints.forms import CeremonyForm
from blueprints.keys import allowed_models, seen
from blueprints.passkeys.area import blueprint
from blueprints.touching import TouchPage, readable
from models import Directory, Person
from services import agent_tickets, ceremonies, touches, without
from services.ceremonies import CeremonyRefusal, Purpose
from services.refusal import Refusal
from services.touches import Touch


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response | str | tuple[str, int]:
    """Register another passkey; `for` names the directory that it is for."""
    person: Person = current_user.person
    subject = request.values.get("for", "")
    form = CeremonyForm()
    if not form.is_submitted():
        try:
            touch = registering.touch_for(person.id, subject)
        except Refusal:
            if subject != registering.PORTAL:
                raise
            return redirect(_address(""), 303)
        allowed = allowed_models(person)
        return render_template(
            "passkeys/new.html",
            page=_page(touch, subject),
            others=_others(person, touch),
            allowed=allowed,
            readable=readable(allowed),
        )
    try:
        passkey = ceremonies.finish_registration(
            portal(),
            purpose=Purpose.ADD,
            person_id=person.id,
            session_hash=current_user.session_hash,
            subject=subject,
            **form.answer,
        )
    except CeremonyRefusal as refusal:
        page = render_template(
            "enrol/refused.html",
            refusal=refusal,
            seen=seen(refusal),
            allowed=allowed_models(person),
            again=_address(subject),
        )
        return page, refusal.status
    flash(f"{passkey.nickname} is registered.", "success")
    return redirect(url_for(".show", passkey=passkey.uuid), 303)


@blueprint.post("/new/alone")
def use_alone() -> Response:
    """Make the key one for this portal alone: the directory that shares it is out of order."""
    person: Person = current_user.person
    touch = registering.touch_for(person.id, request.form.get("for", ""))
    with portal().database.write() as session:
        without.choose(
            session,
            touch,
            session.get_one(Person, person.id),
            place=Purpose.ADD.value,
            actor=session.get_one(Person, person.id),
            now=portal().now(),
        )
    return redirect(_address(registering.PORTAL), 303)


@blueprint.post("/new/agent")
def hand_over() -> Response:
    """Make a command that gives the registration to the desk agent."""
    subject = request.form.get("for", "")
    person: Person = current_user.person
    touch = registering.touch_for(person.id, subject)
    with portal().database.write() as session:
        made = agent_tickets.make(
            session,
            purpose=Purpose.ADD,
            subject=subject,
            person=session.get_one(Person, person.id),
            directory=session.get(Directory, touch.directory.id) if touch.directory else None,
            session_row=current_user.session,
            now=portal().now(),
        )
    handing_over.keep(made)
    return redirect(_address(subject), 303)


@blueprint.get("/new/agent")
def agent() -> str:
    """How far the agent is, as a fragment that the page renews."""
    return handing_over.fragment(
        Purpose.ADD,
        current_user.person.id,
        hand_over=url_for("passkeys.hand_over"),
        field="for",
        going_on=url_for("passkeys.index"),
    )


def _page(touch: Touch, subject: str) -> TouchPage:
    person: Person = current_user.person
    with portal().database.read() as session:
        offered = without.offered(session, touch, person.id, now=portal().now())
    return TouchPage(
        touch=touch,
        purpose=Purpose.ADD,
        subject=subject,
        action=url_for("passkeys.new"),
        field="for",
        hand_over=url_for("passkeys.hand_over"),
        handed=handing_over.handed(Purpose.ADD, subject, person.id),
        state=url_for("passkeys.agent"),
        going_on=url_for("passkeys.index"),
        without=url_for("passkeys.use_alone") if offered else "",
    )


def _others(person: Person, touch: Touch) -> list[Touch]:
    """What else needs a key of its own and has none yet."""
    with portal().database.read() as session:
        found = touches.planned(session, portal(), person.id)
    return [
        one
        for one in found
        if one.directory is not None
        and not one.done
        and (touch.directory is None or one.directory.id != touch.directory.id)
    ]


def _address(subject: str) -> str:
    return url_for("passkeys.new", **({"for": subject} if subject else {}))
