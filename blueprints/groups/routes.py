"""Groups: the list, making one, one group, renaming and ending it."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from blueprints.addresses import cursor, pager
from blueprints.context import held_privileges, portal
from blueprints.groups.area import blueprint, loaded
from blueprints.groups.forms import GroupForm
from models import Directory, Group, Person
from services import directories, groups, people, policies
from services.groups import sources
from services.refusal import Refusal
from services.roles import Action, Privilege, holds_more, of_type

MAX_QUERY = 100
FOUND = 10

Page = Response | str | tuple[str, int]


@blueprint.get("")
def index() -> str:
    """One page of groups, newest first, found by the words in the address."""
    query = people.tidy(request.args.get("q", ""))[:MAX_QUERY]
    with portal().database.read() as session:
        page = groups.search(session, query, older=cursor("older"), newer=cursor("newer"))
        counts = groups.counts(session, page.items)
        serving = directories.serving_groups(session, page.items)
    return render_template(
        "groups/index.html",
        groups=page.items,
        counts=counts,
        serving=serving,
        query=query,
        page=pager(page, url_for(".index"), q=query),
    )


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Page:
    """Make a group; its members come next."""
    form = GroupForm()
    if not form.is_submitted():
        return render_template("groups/new.html", form=form)
    if form.validate():
        try:
            with portal().database.write() as session:
                made = groups.create(
                    session,
                    name=form.name.data,
                    description=form.description.data or "",
                    actor=current_user.person,
                    now=portal().now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(f"The group {made.name} is made. Add its members next.", "success")
            return redirect(url_for(".show", group=made.uuid), 303)
    return render_template("groups/new.html", form=form), 422


@blueprint.get("/<uuid:group>")
def show(group: UUID) -> str:
    """One group: its members, whom a search finds to be added, and which directories serve it."""
    with portal().database.read() as session:
        return _page(session, loaded(session, group))


@blueprint.route("/<uuid:group>/edit", methods=["GET", "POST"])
def edit(group: UUID) -> Page:
    """Call the group something else."""
    with portal().database.read() as session:
        found = loaded(session, group)
    form = GroupForm(obj=found)
    if form.is_submitted() and form.validate():
        try:
            with portal().database.write() as session:
                groups.edit(
                    session,
                    loaded(session, group),
                    name=form.name.data,
                    description=form.description.data or "",
                    actor=current_user.person,
                    now=portal().now(),
                )
        except Refusal as refusal:
            if refusal.status == 404:
                raise
            form.refuse(refusal)
        else:
            flash("The group is saved.", "success")
            return redirect(url_for(".show", group=group), 303)
    page = render_template("groups/edit.html", form=form, group=found)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/<uuid:group>/end")
def end(group: UUID) -> Response:
    """End a group that nothing depends on."""
    try:
        with portal().database.write() as session:
            found = loaded(session, group)
            groups.end(session, found, actor=current_user.person, now=portal().now())
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        flash(refusal.sentence, "warning")
        return redirect(url_for(".show", group=group), 303)
    flash(f"The group {found.name} is ended.", "success")
    return redirect(url_for(".index"), 303)


def _page(session: Session, group: Group) -> str:
    query = people.tidy(request.args.get("q", ""))[:MAX_QUERY]
    who = people.tidy(request.args.get("who", ""))[:MAX_QUERY]
    sees_people = Privilege.VIEW_PEOPLE in held_privileges()
    page = groups.members(session, group, query, older=cursor("older"), newer=cursor("newer"))
    found = groups.candidates(session, group, who, limit=FOUND + 1) if who and sees_people else []
    source = sources.of(session, group)
    return render_template(
        "groups/show.html",
        group=group,
        count=groups.count(session, group),
        members=[(one, _locked(one)) for one in page.items] if sees_people else [],
        query=query,
        page=pager(page, url_for(".show", group=group.uuid), q=query),
        who=who,
        found=[(one, _locked(one)) for one in found[:FOUND]],
        more=len(found) > FOUND,
        serving=directories.serving_groups(session, [group]).get(group.id, []),
        obstacle=groups.obstacle_to_end(session, group),
        policy=policies.current(session, group),
        closed=groups.obstacle(group, current_user.person),
        source=source,
        origin=session.get_one(Directory, source.directory_id) if source else None,
        offered=[] if source else [one for one in sources.offered(session) if _seen(one)],
    )


def _seen(directory: Directory) -> bool:
    """Whether whoever asks may see the directory."""
    return of_type(Action.VIEW, directory.type) in held_privileges()


def _locked(person: Person) -> bool:
    """Whether their groups are not for whoever asks to change."""
    return holds_more(person, current_user.person)
