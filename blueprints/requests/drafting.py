"""Making a request: what it is, whom it is for, a look at it, and changing what still can be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from blueprints.context import held_privileges, portal
from blueprints.requests.area import blueprint, confirmed, draft, loaded
from blueprints.requests.forms import DRIVER_HINTS, OWN, DayForm, RequestForm
from models import Directory, ProvisioningRequest, RequestState
from services.provisioning import changing, drafts, preview, settlement, sources
from services.refusal import Refusal
from services.roles import Privilege

Page = Response | str | tuple[str, int]
STEPS = ("What it is", "People", "Look and create")
FIRST_GUESS = timedelta(days=14)
"""How far ahead the last day is that a new request suggests."""


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Page:
    """Begin a request: what it is. Its people come next."""
    with portal().database.read() as session:
        form, offered = _form(session, last_day=(portal().now() + FIRST_GUESS).date())
    if not form.is_submitted():
        form.directories.data = [str(one.uuid) for one in offered]
        return _what(form)
    if form.validate():
        try:
            with portal().database.write() as session:
                made = drafts.begin(
                    session, form.choices(), actor=current_user.person, now=portal().now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for(".people", order=made.uuid), 303)
    return _what(form), 422


@blueprint.route("/<uuid:order>/edit", methods=["GET", "POST"])
def edit(order: UUID) -> Page:
    """Change a draft; of a request that is made, its name and its last day."""
    with portal().database.read() as session:
        found = loaded(session, order)
        if found.state is not RequestState.DRAFT:
            return _edit_made(found)
        form, _ = _form(session, obj=found)
        if not form.is_submitted():
            form.directories.data = [str(one.directory.uuid) for one in found.directories]
            form.driver.data = found.driver.value
            form.policy.data = _key(form, found)
    if not form.is_submitted():
        return _what(form, found)
    if form.validate():
        try:
            with portal().database.write() as session:
                drafts.change(
                    session,
                    draft(session, order),
                    form.choices(),
                    actor=current_user.person,
                    now=portal().now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for(".people", order=order), 303)
    return _what(form, found), 422


@blueprint.route("/<uuid:order>/review", methods=["GET", "POST"])
def review(order: UUID) -> Page:
    """Look at what the request will do; by POST, make it."""
    with portal().database.read() as session:
        found = draft(session, order)
    if request.method == "POST":
        try:
            with portal().database.write() as session:
                drafts.confirm(
                    session, draft(session, order), actor=current_user.person, now=portal().now()
                )
        except Refusal as refusal:
            flash(refusal.sentence, "warning")
            return redirect(url_for(".people", order=order), 303)
        portal().wake()
        flash(f"The request {found.name} is made. Its people are taken in now.", "success")
        return redirect(url_for(".show", order=order), 303)
    with portal().database.read() as session:
        found = draft(session, order)
        return render_template(
            "requests/review.html",
            order=found,
            sources=sources.of(session, found),
            touches=preview.touches(portal(), settlement.wanted(session, found)),
            steps=STEPS,
        )


@blueprint.post("/<uuid:order>/discard")
def discard(order: UUID) -> Response:
    """Forget a draft."""
    with portal().database.write() as session:
        drafts.discard(session, draft(session, order), actor=current_user.person)
    flash("The draft is discarded.", "success")
    return redirect(url_for(".index"), 303)


def _edit_made(found: ProvisioningRequest) -> Page:
    form = DayForm(obj=found)
    if form.is_submitted() and form.validate():
        try:
            with portal().database.write() as session:
                changing.change(
                    session,
                    confirmed(session, found.uuid),
                    name=form.name.data or "",
                    last_day=form.last_day.data,
                    actor=current_user.person,
                    now=portal().now(),
                )
        except Refusal as refusal:
            if refusal.status == 404:
                abort(404)
            form.refuse(refusal)
        else:
            portal().wake()
            flash("The request is saved.", "success")
            return redirect(url_for(".show", order=found.uuid), 303)
    page = render_template("requests/edit.html", form=form, order=found)
    return (page, 422) if form.is_submitted() else page


def _form(session: Session, **more: Any) -> tuple[RequestForm, list[Directory]]:
    offered = drafts.offered(session, current_user.person)
    may_choose = Privilege.EDIT_POLICIES in held_privileges()
    known = preview.offered(session) if may_choose else {}
    return RequestForm(**more).over(offered, known), offered


def _key(form: RequestForm, found: ProvisioningRequest) -> str:
    """What the form calls the policy that a draft has."""
    wanted = found.policy
    return next(
        (key for key, (_, policy) in form.known.items() if policy.to_mapping() == wanted), OWN
    )


def _what(form: RequestForm, found: ProvisioningRequest | None = None) -> str:
    return render_template(
        "requests/what.html", form=form, order=found, steps=STEPS, driver_hints=DRIVER_HINTS
    )
