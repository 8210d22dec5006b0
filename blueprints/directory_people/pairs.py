"""Linking the people of a page in one go, after a look at each suggested pair."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from flask import flash, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.directory_people.area import Place, blueprint, kept, place
from blueprints.directory_people.linking import on_the_way
from services.directories import browsing, bulk, matching


class Line(NamedTuple):
    """One record of the preview."""

    suggestion: matching.Suggestion
    value: str
    """By which the form names the pair; empty where it cannot be chosen."""


@blueprint.route("/pairs", methods=["GET", "POST"])
def pairs(directory: uuid.UUID) -> Response | str | tuple[str, int]:
    """Show which person here each record of the page may belong to; by POST link the chosen."""
    here = place(directory)
    if request.method == "POST":
        return _link(here)
    search = here.search
    page = browsing.people(portal(), here.directory, search, here.cursor(search.key()))
    with portal().database.read() as session:
        suggestions = matching.suggest(
            session, here.directory, page.items, actor=current_user.person
        )
    following = here.sealed(search.key(), page.cursor)
    lines = [
        Line(one, bulk.sealed(portal(), here.directory, one) if one.offered else "")
        for one in suggestions
    ]
    return render_template(
        "directory_people/pairs.html",
        directory=here.directory,
        search=search,
        lines=lines,
        offered=sum(one.suggestion.offered for one in lines),
        first=here.here("pairs", at=None) if "at" in request.args else "",
        next=here.here("pairs", at=following) if following else "",
        kept=kept(),
    )


def _link(here: Place) -> Response | str | tuple[str, int]:
    found, preview = here.directory, here.here("pairs")
    chosen = bulk.opened(portal(), found, request.form.getlist("pair"))
    if not chosen:
        flash("Nobody was chosen, so nothing was linked.", "warning")
        return redirect(preview, 303)
    linked = bulk.link(portal(), found.uuid, chosen, actor=current_user.person)
    if linked.owed:
        portal().wake()
    if linked.done == len(chosen):
        many = "1 person is" if linked.done == 1 else f"{linked.done} people are"
        flash(f"{many} linked.{on_the_way(linked.owed)}", "success")
        return redirect(preview, 303)
    body = render_template(
        "directory_people/linked.html",
        directory=found,
        linked=linked,
        left=len(chosen) - len(linked.outcomes),
        preview=preview,
        listing=here.here(),
    )
    return body, 502 if linked.trouble else 422
