"""Choosing the people of a draft: people and groups here, those of directories, and files."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from blueprints.context import held_privileges, portal
from blueprints.directory_people.area import FINDS, Place, place, remedy, words
from blueprints.requests.area import MAX_QUERY, blueprint, draft
from blueprints.requests.drafting import STEPS, Page
from blueprints.requests.forms import FileForm
from directories.base import DirectoryError, Group, RemoteIdentity
from models import Person, ProvisioningRequest
from services import directories, groups, people, people_import
from services.directories import browsing, identities
from services.directories.browsing import Search
from services.provisioning import drafts, sources
from services.refusal import Refusal
from services.roles import Privilege, holds_more

FOUND = 20
GROUPS = 200
"""Groups of ours that are offered; more are found through what they serve."""
SHOWN = 200
"""Rows of a file that are shown before its people are taken."""


class Row(NamedTuple):
    """A record of a directory, and what is known of it here."""

    remote: RemoteIdentity
    sealed: str | None
    person: Person | None


@blueprint.get("/<uuid:order>/people", endpoint="people")
def people_of(order: UUID) -> str:
    """Whom the draft takes, and where more can be found."""
    who = people.tidy(request.args.get("q", ""))[:MAX_QUERY]
    held = held_privileges()
    with portal().database.read() as session:
        found = draft(session, order)
        chosen = sources.of(session, found)
        named = {one.person_id for one in chosen}
        matches = _matches(session, who) if Privilege.VIEW_PEOPLE in held else []
        here = groups.every(session, limit=GROUPS) if Privilege.VIEW_GROUPS in held else []
        offered = drafts.offered(session, current_user.person)
    taken = {one.group_id for one in chosen}
    return render_template(
        "requests/people.html",
        order=found,
        sources=chosen,
        query=who,
        found=[
            (one, holds_more(one, current_user.person), one.id in named) for one in matches[:FOUND]
        ],
        more=len(matches) > FOUND,
        groups=[one for one in here if one.id not in taken],
        directories=offered,
        steps=STEPS,
    )


@blueprint.post("/<uuid:order>/people/here")
def pick_people(order: UUID) -> Response:
    """Take people of ours."""
    with portal().database.write() as session:
        found = draft(session, order)
        chosen = [one for text in request.form.getlist("person") if (one := _person(session, text))]
        return _picked(
            order, lambda: sources.add_people(session, found, chosen, actor=current_user.person)
        )


@blueprint.post("/<uuid:order>/people/group")
def pick_group(order: UUID) -> Response:
    """Take a group of ours."""
    with portal().database.write() as session:
        found = draft(session, order)
        group = groups.get(session, _uuid(request.form.get("group", "")))
        if group is None:
            abort(404)
        return _picked(
            order, lambda: sources.add_group(session, found, group, actor=current_user.person)
        )


@blueprint.route("/<uuid:order>/people/<uuid:directory>", methods=["GET", "POST"])
def directory(order: UUID, directory: UUID) -> Page:
    """Look for people, or groups, in a directory; by POST, take those that were ticked."""
    with portal().database.read() as session:
        found = draft(session, order)
        where = directories.by_uuid(session, directory)
        if where.uuid not in {one.uuid for one in drafts.offered(session, current_user.person)}:
            abort(404)
    if request.method == "POST":
        return _take(order, directory)
    try:
        here = place(directory)
        if request.args.get("view") == "groups" and here.able.lists_groups:
            return _groups_page(found, here)
        return _people_page(found, here)
    except DirectoryError as error:
        page = render_template(
            "requests/directory.html",
            order=found,
            directory=where,
            able=None,
            error=error,
            remedy=remedy,
            steps=STEPS,
        )
        return page, 502


@blueprint.route("/<uuid:order>/people/file", methods=["GET", "POST"])
def file(order: UUID) -> Page:
    """Ask for a file; by POST, show what each row means, and then take its people."""
    form = FileForm()
    with portal().database.read() as session:
        found = draft(session, order)
    if form.is_submitted() and form.validate():
        text = form.text.data or ""
        try:
            if request.form.get("take"):
                with portal().database.write() as session:
                    current = draft(session, order)
                    rows = sources.add_file(session, current, text, actor=current_user.person)
                good = sum(not row.problem for row in rows)
                flash(f"Taken from the file: {good}.", "success")
                return redirect(url_for(".people", order=order), 303)
            with portal().database.read() as session:
                rows = people_import.look(session, text, here=True)
        except Refusal as refusal:
            form.text.errors = [*form.text.errors, refusal.sentence]
        else:
            wrong = [row for row in rows if row.problem]
            return render_template(
                "requests/file_preview.html",
                order=found,
                form=form,
                good=len(rows) - len(wrong),
                wrong=len(wrong),
                new=sum(not row.problem and row.person is None for row in rows),
                may_add=Privilege.ADD_PEOPLE in held_privileges(),
                rows=(wrong + [row for row in rows if not row.problem])[:SHOWN],
                steps=STEPS,
            )
    page = render_template(
        "requests/file.html",
        order=found,
        form=form,
        headers=people_import.HEADERS,
        most=people_import.MOST_ROWS,
        steps=STEPS,
    )
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/<uuid:order>/people/remove/<uuid:source>")
def remove(order: UUID, source: UUID) -> Response:
    """Take nobody from there after all."""
    with portal().database.write() as session:
        sources.remove(session, draft(session, order), source, actor=current_user.person)
    return redirect(url_for(".people", order=order), 303)


def _take(order: UUID, directory: UUID) -> Response:
    actor = current_user.person
    with portal().database.write() as session:
        found = draft(session, order)
        where = directories.by_uuid(session, directory)
        records = [
            named
            for text in request.form.getlist("record")
            if (named := browsing.opened(portal(), where, "request record", text)) is not None
        ]
        group = browsing.opened(portal(), where, "group", request.form.get("group", ""))

        def act() -> int:
            count = 0
            for remote_id, label, name in records:
                remote = RemoteIdentity(remote_id, label, name=name)
                count += sources.add_record(session, found, where, remote, actor=actor)
            if group is not None:
                count += sources.add_directory_group(
                    session, found, where, Group(*group), actor=actor
                )
            return count

        return _picked(order, act)


def _picked(order: UUID, act: Callable[[], int]) -> Response:
    """Do it, and say what was added."""
    try:
        count = act()
    except Refusal as refusal:
        flash(refusal.sentence, "warning")
    else:
        flash(
            "Added." if count else "Nothing was added: nobody was chosen who is not there already.",
            "success" if count else "info",
        )
    return redirect(url_for(".people", order=order), 303)


def _matches(session: Session, who: str) -> list[Person]:
    if not who:
        return []
    page = people.search(session, who)
    return [one for one in page.items if one.ended_at is None][: FOUND + 1]


def _people_page(found: ProvisioningRequest, here: Place) -> str:
    search = Search(text=words("q"))
    page = browsing.people(portal(), here.directory, search, here.cursor(search.key()))
    following = here.sealed(search.key(), page.cursor)
    with portal().database.read() as session:
        owners = identities.linked(session, here.directory, [one.remote_id for one in page.items])
    rows = [Row(one, _sealed(here, one), owners.get(one.remote_id)) for one in page.items]
    return _page(found, here, rows=rows, query=search.text, following=following)


def _groups_page(found: ProvisioningRequest, here: Place) -> str:
    text = words("q")
    key = ["groups", text]
    page = browsing.groups(portal(), here.directory, text, here.cursor(key))
    following = here.sealed(key, page.cursor)
    groups_there = [
        (one, browsing.seal(portal(), here.directory, "group", [one.remote_id, one.name]))
        for one in page.items
    ]
    return _page(found, here, groups_there=groups_there, query=text, following=following)


def _page(
    found: ProvisioningRequest, here: Place, *, query: str, following: str | None, **more: object
) -> str:
    view = "groups" if "groups_there" in more else None
    own = {"order": found.uuid, "directory": here.directory.uuid}
    views = [("People", url_for(".directory", **own), view is None)]
    if here.able.lists_groups:
        views.append(("Groups", url_for(".directory", **own, view="groups"), view is not None))
    return render_template(
        "requests/directory.html",
        order=found,
        directory=here.directory,
        able=here.able,
        finds=FINDS.get(here.directory.type, ""),
        view=view,
        views=views,
        query=query,
        first=url_for(".directory", **own, view=view, q=query or None) if _further() else "",
        next=url_for(".directory", **own, view=view, q=query or None, at=following)
        if following
        else "",
        steps=STEPS,
        **more,
    )


def _further() -> bool:
    return "at" in request.args


def _sealed(here: Place, one: RemoteIdentity) -> str | None:
    value = [one.remote_id, one.label, one.name]
    return browsing.seal(portal(), here.directory, "request record", value)


def _person(session: Session, text: str) -> Person | None:
    found = people.get(session, _uuid(text))
    return found if found is not None and found.ended_at is None else None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
