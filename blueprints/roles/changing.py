"""Making a role from scratch or from a copy, editing one, and ending one."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import held_privileges, portal
from blueprints.roles.forms import RoleForm
from blueprints.roles.routes import blueprint
from services import privilege_words, role_changes, role_lists
from services.refusal import Refusal
from services.role_lists import RoleView
from services.roles import Privilege

Page = str | Response | tuple[str, int]


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Page:
    """Make a role; `copy` in the address names one to begin with."""
    form = RoleForm()
    if not form.is_submitted():
        if key := request.args.get("copy"):
            with portal().database.read() as session:
                _begin_with(form, role_lists.find(session, key))
        return _page(form)
    if not form.validate():
        return _page(form), 422
    try:
        with portal().database.write() as session:
            made = role_changes.create(
                session,
                name=form.name.data or "",
                description=form.description.data or "",
                privileges=form.privileges,
                actor=current_user.person,
                now=portal().now(),
            )
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form), refusal.status
    flash(f"{made.name} is made. Give it to people on their pages.", "success")
    return redirect(url_for(".show", role=made.key), 303)


@blueprint.route("/<role>/edit", methods=["GET", "POST"])
def edit(role: str) -> Page:
    """Change a role; who holds it may do the new things, and no others, at once."""
    with portal().database.read() as session:
        found = role_lists.find(session, role)
        obstacle = role_changes.obstacle_to_change(session, found, current_user.person)
    if obstacle is not None:
        raise obstacle
    form = RoleForm(
        data={
            "name": found.name,
            "description": found.description,
            "chosen": _values(found.privileges),
        }
    )
    if not form.is_submitted():
        return _page(form, found)
    if not form.validate():
        return _page(form, found), 422
    try:
        with portal().database.write() as session:
            changed = role_changes.edit(
                session,
                role,
                name=form.name.data or "",
                description=form.description.data or "",
                privileges=form.privileges,
                actor=current_user.person,
                now=portal().now(),
            )
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form, found), refusal.status
    flash(f"{changed.name} is saved. Who holds it may do this from now on.", "success")
    return redirect(url_for(".show", role=role), 303)


@blueprint.post("/<role>/end")
def end(role: str) -> Response:
    """End a role that nobody holds."""
    try:
        with portal().database.write() as session:
            ended = role_changes.end(session, role, actor=current_user.person, now=portal().now())
    except Refusal as refusal:
        if refusal.code != "role_held":  # somebody got it while the page stood open
            raise
        flash(refusal.sentence, "error")
        return redirect(url_for(".show", role=role), 303)
    flash(f"{ended.name} is ended.", "success")
    return redirect(url_for(".index"), 303)


def _begin_with(form: RoleForm, role: RoleView) -> None:
    """Fill in a copy, less what the visitor may not give."""
    form.name.data = f"Copy of {role.name}"[: role_changes.NAME_LENGTH]
    form.description.data = role.description
    form.chosen.data = _values(role.privileges & held_privileges())


def _values(held: frozenset[Privilege]) -> list[str]:
    return [one.value for one in Privilege if one in held]


def _page(form: RoleForm, role: RoleView | None = None) -> str:
    return render_template(
        "roles/edit.html",
        form=form,
        role=role,
        areas=privilege_words.AREAS,
        sentences=privilege_words.SENTENCES,
        held=held_privileges(),
    )
