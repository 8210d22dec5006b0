"""The enrolment pages. They show the link's person, never whoever happens to be signed in."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.enrol import done_page
from blueprints.enrol.area import Standing, blueprint, standing
from blueprints.forms import CeremonyForm
from blueprints.handing_over import handed
from blueprints.keys import allowed_models, seen
from blueprints.touching import TouchPage, readable, title
from models import EnrolmentStep, LinkPurpose, Person
from services import ceremonies
from services.ceremonies import CeremonyRefusal, Purpose
from services.enrolment import alone, steps
from services.enrolment.steps import Planned
from services.refusal import Refusal
from services.touches import Touch


@blueprint.route("", methods=["GET", "POST"])
def index() -> Response | str | tuple[str, int]:
    """Get ready, then touch (`?step=touch`); by POST, the answer of the ceremony."""
    here = standing()
    form = CeremonyForm()
    if here.own.finished:
        if form.is_submitted():
            flash("A key was registered with this link already. This is it.", "info")
        return redirect(url_for(".done"), 303)
    person = here.own.person
    if person is None:
        return redirect(url_for("setup.index"), 303)
    if not form.is_submitted():
        return _page(here, person)
    try:
        _register(here, person, form)
    except CeremonyRefusal as refusal:
        page = render_template(
            "enrol/refused.html",
            refusal=refusal,
            seen=seen(refusal),
            allowed=allowed_models(person, here.own.link),
            again=url_for(".index", step="touch"),
        )
        return page, refusal.status
    except Refusal as refusal:
        if refusal.code != steps.DONE:
            raise
        flash(refusal.sentence, "info")
    return _on()


@blueprint.post("/skip")
def skip() -> Response:
    """Leave the current step for later."""
    here = standing()
    if here.own.finished:
        return redirect(url_for(".done"), 303)
    step = steps.find(here.steps, request.form.get("step", ""))
    with portal().database.write() as session:
        steps.skip(session, portal(), here.own, step, now=portal().now())
    flash(f"{_name(here, step)} is left for later.", "info")
    return _on()


@blueprint.post("/alone")
def use_alone() -> Response:
    """Make the current step one for this portal alone: its directory is out of order."""
    here = standing()
    if here.own.finished:
        return redirect(url_for(".done"), 303)
    step = steps.find(here.steps, request.form.get("step", ""))
    with portal().database.write() as session:
        alone.choose(session, portal(), here.own, step, now=portal().now())
    return _on()


@blueprint.get("/done")
def done() -> Response | str:
    """The keys that were registered, their names, and the places they open."""
    return done_page.page(done_page.finished())


def _on() -> Response:
    """On to the next step, or to the end."""
    here = standing()
    if here.own.finished:
        return redirect(url_for(".done"), 303)
    return redirect(url_for(".index", step="touch"), 303)


def _page(here: Standing, person: Person) -> str:
    current = here.current
    link = here.own.link
    step = "touch" if request.args.get("step") == "touch" else "index"
    allowed = allowed_models(person, link)
    return render_template(
        f"enrol/{step}.html",
        link=link,
        setting_up=link.purpose is LinkPurpose.SETUP,
        recovering=link.purpose is LinkPurpose.RECOVER,
        allowed=allowed,
        readable=readable(allowed),
        several=here.several,
        planned=here.planned,
        labels=labels(here),
        current=current,
        page=touch_page(here, current, current.touch) if current and current.touch else None,
    )


def labels(here: Standing) -> list[str]:
    """What the steps of a longer enrolment are called, its beginning and its end among them."""
    if not here.several:
        return ["Get ready", "Touch", "Done"]
    return ["Get ready", *(_name(here, one.step) for one in here.planned), "Done"]


def touch_page(here: Standing, current: Planned, touch: Touch) -> TouchPage:
    """What the page of a step shows of its touch."""
    subject = str(current.step.uuid)
    with portal().database.read() as session:
        offered = alone.offered(session, here.planned, current, now=portal().now())
    return TouchPage(
        touch=touch,
        purpose=Purpose.ENROL,
        subject=subject,
        action=url_for("enrol.index"),
        field="step",
        hand_over=url_for("enrol.hand_over"),
        handed=handed(Purpose.ENROL, subject, current.step.link.person_id),
        state=url_for("enrol.agent"),
        going_on=url_for("enrol.index", step="touch"),
        without=url_for("enrol.use_alone") if offered else "",
    )


def _register(here: Standing, person: Person, form: CeremonyForm) -> None:
    now = portal().now()
    # A step that is done is asked for too: the same answer, sent twice, gets the same end.
    named = request.form.get("step", "")
    step = next((one for one in here.steps if str(one.uuid) == named), None)
    step = step or steps.find(here.steps, named)
    ceremonies.finish_registration(
        portal(),
        purpose=Purpose.ENROL,
        person_id=person.id,
        session_hash=here.own.session_hash,
        subject=str(step.uuid),
        finish=lambda session, passkey: steps.finish(session, here.own, step, passkey, now=now),
        **form.answer,
    )
    if here.several:
        flash(f"{_name(here, step)} is enrolled.", "success")


def _name(here: Standing, step: EnrolmentStep) -> str:
    touch = next(one.touch for one in here.planned if one.step.id == step.id)
    if touch is not None:
        return title(touch)
    return f"Key for {step.directory.name if step.directory else portal().settings.rp_name}"
