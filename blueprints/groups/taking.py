"""Taking a group's members from a directory's group, and letting go of it."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.directory_people.area import Place, place, remedy, words
from blueprints.groups.area import blueprint, loaded
from directories.base import DirectoryError
from directories.base import Group as RemoteGroup
from models import Group
from services import directories, groups
from services.directories import browsing
from services.groups import sources
from services.refusal import Refusal

Page = Response | str | tuple[str, int]


@blueprint.route("/<uuid:group>/take/<uuid:directory>", methods=["GET", "POST"])
def take(group: UUID, directory: UUID) -> Page:
    """Choose the directory's group, found there by its name; by POST, take its members."""
    with portal().database.read() as session:
        found = loaded(session, group)
        count = groups.count(session, found)
        refused = groups.obstacle(found, current_user.person)
    if refused is not None:
        flash(refused.sentence, "warning")
        return redirect(url_for(".show", group=group), 303)
    if request.method == "POST":
        return _take(group, directory)
    try:
        here = place(directory)
        if not here.able.lists_groups:
            abort(404)
        return _page(found, count, here)
    except DirectoryError as error:
        return _trouble(found, directory, error), 502


@blueprint.post("/<uuid:group>/let-go")
def let_go(group: UUID) -> Response:
    """Keep the group in step no longer; its members stay."""
    try:
        with portal().database.write() as session:
            found = loaded(session, group)
            sources.let_go(session, found, actor=current_user.person, now=portal().now())
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        flash(refusal.sentence, "warning")
    else:
        flash(f"The members of {found.name} are changed by hand from now on.", "success")
    return redirect(url_for(".show", group=group), 303)


@blueprint.post("/<uuid:group>/refresh")
def refresh(group: UUID) -> Response:
    """Bring the group in step now."""
    with portal().database.write() as session:
        found = loaded(session, group)
        hurried = sources.hurry(session, found, now=portal().now())
    if hurried:
        portal().wake()
        flash("The members are read now. Open this page again in a moment.", "info")
    return redirect(url_for(".show", group=group), 303)


def _take(group: UUID, directory: UUID) -> Response:
    actor, now = current_user.person, portal().now()
    try:
        with portal().database.write() as session:
            where = directories.by_uuid(session, directory)
            named = browsing.opened(portal(), where, "group", request.form.get("chosen", ""))
            if named is None:
                abort(422)
            there = RemoteGroup(*named)
            sources.take(session, loaded(session, group), where, there, actor=actor, now=now)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        flash(refusal.sentence, "warning")
    else:
        portal().wake()
        flash(f"The members are taken from {there.name} in {where.name} from now on.", "success")
    return redirect(url_for(".show", group=group), 303)


def _page(group: Group, count: int, here: Place) -> str:
    text = words("name")
    key = ["take", text]
    page = browsing.groups(portal(), here.directory, text, here.cursor(key))
    following = here.sealed(key, page.cursor)
    own = {"group": group.uuid, "directory": here.directory.uuid, "name": text or None}
    return render_template(
        "groups/take.html",
        group=group,
        count=count,
        directory=here.directory,
        text=text,
        rows=[(one, _sealed(here, one)) for one in page.items],
        first=url_for(".take", **own) if "at" in request.args else "",
        next=url_for(".take", **own, at=following) if following else "",
        cut=page.cursor is not None and following is None,
    )


def _trouble(group: Group, directory: UUID, error: DirectoryError) -> str:
    """The page for a directory that did not answer as it should."""
    with portal().database.read() as session:
        where = directories.by_uuid(session, directory)
    return render_template(
        "groups/take.html",
        group=group,
        directory=where,
        text=words("name"),
        error=error,
        remedy=remedy,
    )


def _sealed(here: Place, one: RemoteGroup) -> str | None:
    return browsing.seal(portal(), here.directory, "group", [one.remote_id, one.name])
