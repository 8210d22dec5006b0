"""What somebody may do and why; giving a role to a person, and taking one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from blueprints.context import portal
from models import Person
from services import people, privilege_words, role_changes, role_lists
from services.refusal import Refusal

blueprint = Blueprint("privileges", __name__)


@blueprint.get("/privileges")
def mine() -> str:
    """What whoever asks may do, and by which role."""
    return _page("privileges/mine.html", current_user.person)


@blueprint.get("/admin/people/<uuid:person>/privileges")
def show(person: UUID) -> str:
    """What one person may do, and by which role."""
    with portal().database.read() as session:
        return _page("privileges/show.html", _person(session, person))


@blueprint.post("/admin/people/<uuid:person>/roles/give")
def give(person: UUID) -> Response:
    """Give the person a role."""

    def act(session: Session, found: Person, key: str) -> str:
        name = role_lists.find(session, key).name
        new = role_changes.grant(session, found, key, actor=current_user.person, now=portal().now())
        return f"{found.display_name} {'is now' if new else 'was already'} {name}."

    return _changed(person, act)


@blueprint.post("/admin/people/<uuid:person>/roles/take")
def take(person: UUID) -> Response:
    """Take a role from the person."""

    def act(session: Session, found: Person, key: str) -> str:
        name = role_lists.find(session, key).name
        role_changes.revoke(session, found, key, actor=current_user.person, now=portal().now())
        return f"{found.display_name} is not {name} any more."

    return _changed(person, act)


def _changed(address: UUID, act: Callable[[Session, Person, str], str]) -> Response:
    key = request.form.get("role", "")
    if not key:
        flash("Choose a role first.", "error")
        return redirect(url_for("people.show", person=address, _anchor="roles"), 303)
    try:
        with portal().database.write() as session:
            sentence = act(session, _person(session, address), key)
    except Refusal as refusal:
        if refusal.code != "last_administrator":  # the others stand on the page before it is sent
            raise
        flash(refusal.sentence, "error")
    else:
        flash(sentence, "success")
    if address == current_user.person.uuid:  # who may not come back to the page they came from
        return redirect(url_for(".mine"), 303)
    return redirect(url_for("people.show", person=address, _anchor="roles"), 303)


def _person(session: Session, address: UUID) -> Person:
    found = people.get(session, address)
    if found is None:
        abort(404)
    return found


def _page(template: str, person: Person) -> str:
    by_role = privilege_words.by_role(person)
    return render_template(
        template,
        person=person,
        held=frozenset(by_role),
        by_role=by_role,
        areas=privilege_words.AREAS,
        sentences=privilege_words.SENTENCES,
    )
