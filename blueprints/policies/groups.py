"""Policies that groups have for themselves: choosing one, taking it away, and their order."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import confirming
from blueprints.context import portal
from blueprints.forms import CeremonyForm
from blueprints.policies.routes import Page, blueprint, edit_of, save_of
from blueprints.policies.scope import group_of, scope
from services.ceremonies import CeremonyRefusal
from services.groups import policies as group_policies
from services.refusal import Refusal


@blueprint.route("/groups/<uuid:group>/edit", methods=["GET", "POST"])
def edit_group(group: UUID) -> Page:
    """Choose a policy for the group; nothing changes before it is confirmed."""
    return edit_of(scope(group))


@blueprint.post("/groups/<uuid:group>/save")
def save_group(group: UUID) -> Page:
    """Put a confirmed policy in force for the group."""
    return save_of(group)


@blueprint.route("/groups/<uuid:group>/take-away", methods=["GET", "POST"])
def take_away(group: UUID) -> Page:
    """Say what becomes of the group's members, and ask for a touch; by POST, take it away."""
    about = scope(group)
    if about.group is None or about.row is None:
        flash("This group has no policy of its own.", "info")
        return redirect(url_for(".index"), 303)
    subject = f"unpolicy:{about.row.uuid}"
    page = {"group": about.group, "policy": about.policy, "subject": subject}
    form = CeremonyForm()
    if not form.is_submitted():
        return render_template("policies/take_away.html", problem=None, **page)
    try:
        confirming.demand(form, subject)
        with portal().database.write() as session:
            group_policies.take_away(
                session,
                group_of(session, group),
                base=about.row.uuid,
                actor=current_user.person,
                now=portal().now(),
            )
    except (CeremonyRefusal, Refusal) as refusal:
        if refusal.status == 404:
            raise
        return render_template("policies/take_away.html", problem=refusal, **page), refusal.status
    flash(f"{about.group.name} has no policy of its own any more.", "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/groups/<uuid:group>/rank")
def rank(group: UUID) -> Response:
    """Let the group's policy come one place earlier or later."""
    way = request.form.get("way")
    if way not in ("earlier", "later"):
        abort(422)
    try:
        with portal().database.write() as session:
            found = group_of(session, group)
            group_policies.move(
                session,
                found,
                earlier=way == "earlier",
                actor=current_user.person,
                now=portal().now(),
            )
    except Refusal as refusal:
        flash(refusal.sentence, "warning")
    else:
        flash(f"The policy of {found.name} comes {way} now.", "success")
    return redirect(url_for(".index", _anchor="groups"), 303)
