"""Connecting a directory: type, connection, identity schema, mapping."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.addresses import cursor
from blueprints.context import portal
from blueprints.directories import mapping as mapping_form
from blueprints.directories.area import blueprint, to_change
from blueprints.directories.forms import (
    OryForm,
    SchemaForm,
    TypeForm,
    suits,
)
from directories.base import ConnectionReport, DirectoryError
from directories.ory import Flavour, IdentitySchema, OrySettings, WalkedSchema, walk
from models import Directory
from services import directories
from services.directories import ory_steps
from services.directories.ory_steps import FieldProblems, NotConnected
from services.refusal import Refusal

STEPS = ("Type", "Connect", "Identity schema", "Map")
EMULATED_NAME = "Emulated Ory"

Page = str | Response | tuple[str, int]


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Page:
    """Choose the type."""
    form = TypeForm()
    if form.validate_on_submit():
        return redirect(url_for(".connect_ory", attempt=uuid.uuid4()), 303)
    page = render_template("directories/new.html", form=form, steps=STEPS)
    return (page, 422) if form.is_submitted() else page


class _Typed(NamedTuple):
    name: str
    settings: dict[str, Any]
    secret: str | None


@blueprint.route("/new/ory", methods=["GET", "POST"])
def connect_ory() -> Page:
    """Connect an Ory: the address names the attempt, so that going back finds what was begun."""
    attempt = cursor("attempt")
    if attempt is None:
        return redirect(url_for(".connect_ory", attempt=uuid.uuid4()))
    with portal().database.read() as session:
        known = ory_steps.begun(session, attempt)
    if known is not None and known.added_at is not None:
        return redirect(url_for(".show", directory=known.uuid), 303)
    form = OryForm(data=_as_typed(known))
    if not form.is_submitted():
        return _connect_page(form, known)
    typed = _emulated(form) or _typed(form)
    if typed is None:
        return _connect_page(form, known), 422
    try:
        begun = ory_steps.connect(portal(), attempt, **typed._asdict(), actor=current_user.person)
    except FieldProblems as wrong:
        form.refuse(wrong.problems)
    except NotConnected as failure:
        return _connect_page(form, known, failure.report), 422
    except Refusal as refusal:
        field = "name" if refusal.code == "directory_name_taken" else "secret"
        form.refuse({field: refusal.sentence})
    else:
        return redirect(url_for(".schema", directory=begun.uuid), 303)
    return _connect_page(form, known), 422


@blueprint.route("/<uuid:directory>/schema", methods=["GET", "POST"])
def schema(directory: uuid.UUID) -> Page:
    """Choose the identity schema."""
    with portal().database.read() as session:
        found = to_change(session, directory)
    try:
        offered = ory_steps.schemas(portal(), found)
    except DirectoryError as error:
        return _unreachable(found, error)
    chosen = found.settings.get("schema_id") or _most_suitable(offered)
    form = SchemaForm(data={"schema_id": chosen})
    form.offer(offered)
    if not form.validate_on_submit():
        page = render_template(
            "directories/schema.html",
            form=form,
            directory=found,
            steps=STEPS,
            hints={one.id: suits(one) for one in offered},
        )
        return (page, 422) if form.is_submitted() else page
    with portal().database.write() as session:
        ory_steps.choose_schema(
            session,
            portal(),
            to_change(session, directory),
            form.schema_id.data,
            actor=current_user.person,
        )
    return redirect(url_for(".mapping", directory=directory), 303)


@blueprint.route("/<uuid:directory>/mapping", methods=["GET", "POST"])
def mapping(directory: uuid.UUID) -> Page:
    """Say where each thing that is known of a person goes, and add the directory."""
    with portal().database.read() as session:
        found = to_change(session, directory)
    try:
        offered = ory_steps.schemas(portal(), found)
    except DirectoryError as error:
        return _unreachable(found, error)
    schema_id = found.settings.get("schema_id")
    chosen = next((one for one in offered if one.id == schema_id), None)
    if chosen is None:
        if schema_id:
            flash(f"There is no identity schema {schema_id} any more. Choose another.", "warning")
        return redirect(url_for(".schema", directory=directory))
    walked = walk(chosen.schema)
    kept = OrySettings.from_mapping(found.settings).mapping
    form = mapping_form.form_for(walked, kept if kept.paths() else ory_steps.suggest(walked))
    if not form.is_submitted():
        return _mapping_page(form, found, walked)
    sent = mapping_form.read(form) if form.validate() else None
    if sent is None:
        return _mapping_page(form, found, walked), 422
    if problems := ory_steps.mapping_problems(found, walked, sent):
        mapping_form.refuse(form, problems)
        return _mapping_page(form, found, walked), 422
    with portal().database.write() as session:
        ory_steps.save_mapping(
            session, portal(), to_change(session, directory), sent, actor=current_user.person
        )
    _say(directories.run_test(portal(), directory, probe=False, actor=current_user.person))
    return redirect(url_for(".show", directory=directory), 303)


@blueprint.post("/<uuid:directory>/discard")
def discard(directory: uuid.UUID) -> Response:
    """Give up a connection that was begun."""
    with portal().database.write() as session:
        found = directories.by_uuid(session, directory)
        directories.discard(session, found, actor=current_user.person, now=portal().now())
    flash(f"{found.name} is discarded, and its key is forgotten.", "success")
    return redirect(url_for(".index"), 303)


def _as_typed(known: Directory | None) -> dict[str, Any]:
    """A draft as the form has it, without its key."""
    if known is None:
        return {}
    settings = OrySettings.from_mapping(known.settings).to_mapping()
    return {"name": known.name, **settings}


def _typed(form: OryForm) -> _Typed | None:
    if not form.validate():
        return None
    return _Typed(form.name.data or "", form.settings(), form.key())


def _emulated(form: OryForm) -> _Typed | None:
    """The emulated Ory's connection: its key goes from its file to the store, through no page."""
    emulated = directories.emulated_ory(portal().settings)
    if emulated is None or not form.use_emulated.data:
        return None
    settings = {
        "flavour": Flavour.NETWORK.value,
        "endpoint": emulated.endpoint,
        "admin_endpoint": "",
        "auth": "",
        "header_name": "",
    }
    return _Typed(form.name.data or EMULATED_NAME, settings, emulated.api_key)


def _connect_page(
    form: OryForm, known: Directory | None, report: ConnectionReport | None = None
) -> str:
    return render_template(
        "directories/connect_ory.html",
        form=form,
        directory=known,
        report=report,
        steps=STEPS,
        emulated=directories.emulated_ory(portal().settings) is not None,
    )


def _mapping_page(
    form: mapping_form.MappingForm, directory: Directory, walked: WalkedSchema
) -> str:
    return render_template(
        "directories/mapping.html",
        form=form,
        directory=directory,
        steps=STEPS,
        fixed=[field for _, field in mapping_form.shown_fixed(form)],
        notes=walked.notes,
        person=current_user.person,
    )


def _unreachable(directory: Directory, error: DirectoryError) -> tuple[str, int]:
    """The page for a directory that did not tell its schemas."""
    page = render_template(
        "directories/unreachable.html", directory=directory, error=error, steps=STEPS
    )
    return page, 502


def _most_suitable(offered: tuple[IdentitySchema, ...]) -> str:
    """The first schema by which people are found and passkeys are named; else the first."""
    walked = [(one.id, walk(one.schema)) for one in offered]
    fitting = [
        name
        for name, found in walked
        if found.passkey_display_name and any(trait.identifier for trait in found.traits)
    ]
    return next(iter(fitting + [name for name, _ in walked]), "")


def _say(tested: directories.Tested) -> None:
    """Tell how the test that follows adding or changing a connection ended."""
    if tested.report.verified:
        flash("The connection is verified.", "success")
    else:
        flash("The connection is not verified, so nothing is delivered yet.", "warning")
