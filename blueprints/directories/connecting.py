"""Connecting a directory of any type: NEW, its type, CONNECT; and giving one up."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.addresses import cursor
from blueprints.context import held_privileges, portal
from blueprints.directories.area import blueprint
from blueprints.directories.forms import ConnectForm, TypeForm
from blueprints.directories.screens import SCREENS, TYPES, Screens
from directories import registry
from directories.base import ConnectionReport
from models import Directory, DirectoryType
from services import directories
from services.directories import steps
from services.directories.steps import FieldProblems, NotConnected
from services.refusal import Refusal
from services.roles import Action, of_type

Page = str | Response | tuple[str, int]


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Page:
    """Choose the type."""
    form = TypeForm()
    held = held_privileges()
    form.offer(
        (kind, TYPES[kind])
        for kind in SCREENS
        if of_type(Action.CREATE, DirectoryType(kind)) in held
    )
    if form.validate_on_submit():
        return redirect(url_for(".connect", kind=form.type.data, attempt=uuid.uuid4()), 303)
    page = render_template(
        "directories/new.html",
        form=form,
        offers={kind: screens.offer for kind, screens in SCREENS.items()},
    )
    return (page, 422) if form.is_submitted() else page


class _Typed(NamedTuple):
    name: str
    settings: dict[str, Any]
    secret: str | None
    client_secret: str | None


def connect(kind: str) -> Page:
    """Connect a directory: the address names the attempt, so that going back finds what was begun.

    Where the type has no further step, it is added at once.
    """
    screens, type = SCREENS[kind], DirectoryType(kind)
    attempt = cursor("attempt")
    if attempt is None:
        return redirect(url_for(".connect", kind=kind, attempt=uuid.uuid4()))
    with portal().database.read() as session:
        known = steps.begun(session, attempt)
    if known is not None and (known.added_at is not None or known.type is not type):
        return redirect(url_for(".show", directory=known.uuid), 303)
    form = screens.form(data=_as_typed(known))
    if directories.emulated(portal().settings, type) is None:
        form.outside_trial()
    if not form.is_submitted():
        return _connect_page(form, kind, known)
    typed = _emulated(form, type) or _typed(form)
    if typed is None:
        return _connect_page(form, kind, known), 422
    try:
        begun = steps.connect(
            portal(),
            attempt,
            type=type,
            **typed._asdict(),
            actor=current_user.person,
            finish=screens.next_step is None,
        )
    except FieldProblems as wrong:
        form.refuse(wrong.problems)
    except NotConnected as failure:
        return _connect_page(form, kind, known, failure.report), 422
    except Refusal as refusal:
        field = "name" if refusal.code == "directory_name_taken" else "secret"
        form.refuse({field: refusal.sentence})
    else:
        return _go_on(screens, begun)
    return _connect_page(form, kind, known), 422


for _kind in SCREENS:
    blueprint.add_url_rule(
        f"/new/{_kind}", "connect", connect, defaults={"kind": _kind}, methods=["GET", "POST"]
    )


@blueprint.post("/<uuid:directory>/discard")
def discard(directory: uuid.UUID) -> Response:
    """Give up a connection that was begun."""
    with portal().database.write() as session:
        found = directories.by_uuid(session, directory)
        directories.discard(session, found, actor=current_user.person, now=portal().now())
    flash(f"{found.name} is discarded, and its key is forgotten.", "success")
    return redirect(url_for(".index"), 303)


def _go_on(screens: Screens, begun: Directory) -> Response:
    if screens.next_step is not None:
        return redirect(url_for(screens.next_step(begun), directory=begun.uuid), 303)
    flash("The connection is verified.", "success")
    return redirect(url_for(".show", directory=begun.uuid), 303)


def _as_typed(known: Directory | None) -> dict[str, Any]:
    """A draft as the form has it, without its key."""
    if known is None:
        return {}
    return {"name": known.name, **registry.normal(known.type.value, known.settings)}


def _typed(form: ConnectForm) -> _Typed | None:
    if not form.validate():
        return None
    return _Typed(form.name.data or "", form.settings(), form.key(), form.client_key())


def _emulated(form: ConnectForm, type: DirectoryType) -> _Typed | None:
    """The emulated directory's connection: its key goes from its file to the store, by no page."""
    found = directories.emulated(portal().settings, type)
    if found is None or not form.use_emulated.data:
        return None
    name = form.name.data or f"Emulated {TYPES[type.value]}"
    return _Typed(name, dict(found.settings), found.secret, found.client_secret)


def _connect_page(
    form: ConnectForm, kind: str, known: Directory | None, report: ConnectionReport | None = None
) -> str:
    return render_template(
        f"directories/connect_{kind}.html",
        form=form,
        directory=known,
        report=report,
        steps=SCREENS[kind].steps,
        type_name=TYPES[kind],
        emulated=directories.emulated(portal().settings, DirectoryType(kind)) is not None,
    )
