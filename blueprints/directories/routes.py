"""The list of directories, one directory's page, and what can be done there."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from blueprints.addresses import cursor
from blueprints.context import held_privileges, portal
from blueprints.directories import screens
from blueprints.directories.area import added, blueprint
from blueprints.directories.forms import ServesForm, TestForm
from blueprints.directories.screens import TYPES
from directories.base import CheckState, ConnectionReport
from models import Directory, Group, Person, Serves
from services import directories, groups, people
from services.deliveries import outbox
from services.directories import expiry
from services.directories.expiry import Expiry
from services.refusal import Refusal
from services.roles import Action, Privilege, of_type

MAX_QUERY = 100
FOUND = 10
CHOSEN_PAGE = 50
OFFERED = 500
"""The most groups that are offered to be chosen."""
MANY = 8
"""From how many directories on the list can be narrowed by name."""


class State(NamedTuple):
    """A word for how far a connection is, and what it means."""

    word: str
    meaning: str


def state_of(directory: Directory) -> State:
    """How far a connection is."""
    report = directories.report_of(directory)
    if directory.added_at is None:
        return State("begun", "neutral")
    if directory.verified_at is None:
        return State("not verified", "failed")
    if report is not None and not report.verified:
        return State("last test failed", "attention")
    if report is not None and report.signs_in is False and screens.takes_deliveries(directory):
        return State("delivers, but no sign-in", "attention")
    return State("verified", "good")


class Row(NamedTuple):
    """One line of the list."""

    summary: directories.Summary
    state: State
    expiry: Expiry | None
    takes_deliveries: bool


@blueprint.get("")
def index() -> str:
    """Every directory of the types that one may see, the ones that were only begun included;
    narrowed by a part of the name.
    """
    query = people.tidy(request.args.get("q", ""))[:MAX_QUERY]
    with portal().database.read() as session:
        found = [one for one in directories.summaries(session) if _visible(one.directory)]
    now = portal().now()
    rows = [
        Row(
            one,
            state_of(one.directory),
            expiry.of(one.directory, now),
            screens.takes_deliveries(one.directory),
        )
        for one in found
        if query.casefold() in one.directory.name.casefold()
    ]
    return render_template(
        "directories/index.html", rows=rows, types=TYPES, query=query, count=len(found), many=MANY
    )


def _visible(directory: Directory) -> bool:
    return of_type(Action.VIEW, directory.type) in held_privileges()


@blueprint.get("/<uuid:directory>")
def show(directory: uuid.UUID) -> str | Response:
    """One directory; one that was only begun goes on where it stopped."""
    with portal().database.read() as session:
        found = directories.by_uuid(session, directory)
        if found.added_at is None:
            return _where_it_stopped(found)
        return _page(session, found)


@blueprint.post("/<uuid:directory>/test")
def test(directory: uuid.UUID) -> Response:
    """Test the connection."""
    form = TestForm()
    listed = "listed" in request.form
    with portal().database.read() as session:
        found = added(session, directory)
    try:
        tested = directories.run_test(
            portal(), directory, probe=bool(form.probe.data), actor=current_user.person
        )
    except Refusal as refusal:
        flash(refusal.sentence, "warning")
    else:
        flash(*in_words(tested.report, found.name if listed else ""))
    if listed:
        query = request.form.get("q") or None
        return redirect(url_for(".index", q=query, _anchor=f"directory-{directory}"), 303)
    return redirect(url_for(".show", directory=directory, _anchor="test"), 303)


@blueprint.post("/<uuid:directory>/serves")
def serves(directory: uuid.UUID) -> Response:
    """Serve everyone or a choice; choose a person or a group, or no longer."""
    actor, now = current_user.person, portal().now()
    with portal().database.write() as session:
        found = _taking_deliveries(session, directory)
        if "choose" in request.form:
            person = _person(session, request.form["choose"])
            directories.choose(session, found, [person], actor=actor, now=now)
            flash(f"{found.name} serves {person.display_name}.", "success")
        elif "unchoose" in request.form:
            person = _person(session, request.form["unchoose"])
            directories.unchoose(session, found, person, actor=actor, now=now)
            flash(f"{person.display_name} is not chosen any more.", "success")
        elif "choose_group" in request.form:
            group = _group(session, request.form["choose_group"])
            directories.choose_group(session, found, group, actor=actor, now=now)
            flash(f"{found.name} serves the group {group.name}.", "success")
        elif "unchoose_group" in request.form:
            group = _group(session, request.form["unchoose_group"])
            directories.unchoose_group(session, found, group, actor=actor, now=now)
            flash(f"The group {group.name} is not chosen any more.", "success")
        else:
            form = ServesForm()
            if not form.validate():
                abort(422)
            directories.serve(session, found, Serves(form.serves.data), actor=actor, now=now)
            flash(f"Whom {found.name} serves is saved.", "success")
    who = request.form.get("who") or None
    return redirect(url_for(".show", directory=directory, who=who, _anchor="serves"), 303)


@blueprint.post("/<uuid:directory>/deliver-existing")
def deliver_existing(directory: uuid.UUID) -> Response:
    """Deliver the passkeys that exist already."""
    try:
        with portal().database.write() as session:
            found = _taking_deliveries(session, directory)
            count = outbox.owe_existing(
                session, found, actor=current_user.person, now=portal().now()
            )
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        flash(refusal.sentence, "warning")
    else:
        portal().wake()
        many = "1 passkey is" if count == 1 else f"{count} passkeys are"
        flash(f"{many} on the way to {found.name}.", "success")
    return redirect(url_for(".show", directory=directory), 303)


def _where_it_stopped(draft: Directory) -> Response:
    step = screens.of(draft).next_step
    if step is None:
        return redirect(url_for(".connect", kind=draft.type.value, attempt=draft.uuid))
    return redirect(url_for(step(draft), directory=draft.uuid))


def _taking_deliveries(session: Session, directory: uuid.UUID) -> Directory:
    found = added(session, directory)
    if not screens.takes_deliveries(found):
        abort(404)
    return found


def _person(session: Session, text: str) -> Person:
    try:
        found = people.get(session, uuid.UUID(text))
    except ValueError:
        found = None
    if found is None:
        abort(404)
    return found


def _group(session: Session, text: str) -> Group:
    """The group that a form names, for whoever may see groups."""
    if Privilege.VIEW_GROUPS not in held_privileges():
        abort(403)
    try:
        found = groups.get(session, uuid.UUID(text))
    except ValueError:
        found = None
    if found is None:
        abort(404)
    return found


def _page(session: Session, directory: Directory) -> str:
    summary = next(
        one for one in directories.summaries(session) if one.directory.id == directory.id
    )
    query = people.tidy(request.args.get("who", ""))[:MAX_QUERY]
    after = cursor("after")
    start = people.get(session, after) if after else None
    chosen = directories.chosen(
        session, directory, after=start.id if start else 0, limit=CHOSEN_PAGE + 1
    )
    chosen_groups = directories.chosen_groups(session, directory)
    known = {group.id for group in chosen_groups}
    in_service = directory.verified_at is not None
    report = directories.report_of(directory)
    return render_template(
        "directories/show.html",
        directory=directory,
        type_name=TYPES[directory.type.value],
        state=state_of(directory),
        summary=summary,
        report=report,
        verdict=_verdict(directory, report) if report else "",
        unplaced=outbox.unplaced(session, directory) if in_service else 0,
        takes_deliveries=screens.takes_deliveries(directory),
        expiry=expiry.of(directory, portal().now()),
        **screens.of(directory).shown(directory.settings),
        serves_form=ServesForm(serves=directory.serves.value),
        test_form=TestForm(),
        probes=screens.of(directory).probes,
        query=query,
        found=_found(session, directory, query) if query else (),
        chosen=chosen[:CHOSEN_PAGE],
        more=chosen[CHOSEN_PAGE - 1].uuid if len(chosen) > CHOSEN_PAGE else None,
        chosen_groups=[(one, groups.count(session, one)) for one in chosen_groups],
        offered=[one for one in groups.every(session, limit=OFFERED) if one.id not in known],
    )


def _verdict(directory: Directory, report: ConnectionReport) -> str:
    """What the conclusion of a test means, where it is not about deliveries alone."""
    if screens.takes_deliveries(directory):
        return ""
    if not report.verified:
        return "failed"
    return "good" if report.signs_in else "info"


def _found(session: Session, directory: Directory, query: str) -> list[Person]:
    """The people that a search finds and that are not chosen yet."""
    found = people.search(session, query).items
    chosen = directories.chosen_among(session, directory, found)
    return [one for one in found if one.id not in chosen][:FOUND]


def in_words(report: ConnectionReport, name: str = "") -> tuple[str, str]:
    """The outcome of a test as a message and its category.

    Args:
        name: of the directory, where the checks stand on another page.
    """
    failed = sum(check.state is CheckState.FAILED for check in report.checks)
    which, where = (f"{name}: t", "Open it to see why.") if name else ("T", "See below.")
    if not report.verified:
        return f"{which}he test failed: {failed} of {len(report.checks)} checks. {where}", "error"
    if failed:
        many = "1 check" if failed == 1 else f"{failed} checks"
        return f"{which}he connection works, but {many} failed. {where}", "warning"
    return f"{which}he connection works.", "success"


def say_verified(tested: directories.Tested) -> None:
    """Tell how the test that follows adding or changing a connection ended."""
    if tested.report.verified:
        flash("The connection is verified.", "success")
    else:
        flash("The connection is not verified, so it is not used yet.", "warning")
