"""A step of an enrolment in the hands of the desk agent."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from blueprints import handing_over, visitor
from blueprints.context import portal
from blueprints.enrol.area import blueprint, standing
from models import Directory, EnrolmentLink, Person
from services import agent_tickets
from services.ceremonies import Purpose
from services.enrolment import steps


@blueprint.post("/agent")
def hand_over() -> Response:
    """Make a command that gives a step to the agent; an earlier one goes on until it expires."""
    here = standing()
    if here.own.person is None or here.own.finished:
        return redirect(url_for("enrol.index"), 303)
    step = steps.find(here.steps, request.form.get("step", ""))
    with portal().database.write() as session:
        made = agent_tickets.make(
            session,
            purpose=Purpose.ENROL,
            subject=str(step.uuid),
            person=session.get_one(Person, here.own.person.id),
            directory=session.get(Directory, step.directory_id) if step.directory_id else None,
            link=session.get_one(EnrolmentLink, here.own.link.id),
            now=portal().now(),
        )
    handing_over.keep(made)
    return redirect(url_for("enrol.index", step="touch"), 303)


@blueprint.get("/agent")
def agent() -> str:
    """How far the agent is, as a fragment that the page renews."""
    person = visitor.enrolment().person
    if person is None:
        abort(404)
    return handing_over.fragment(
        Purpose.ENROL,
        person.id,
        hand_over=url_for("enrol.hand_over"),
        field="step",
        going_on=url_for("enrol.index", step="touch"),
    )
