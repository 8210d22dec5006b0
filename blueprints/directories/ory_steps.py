"""What comes after connecting an Ory: the identity schema, and the mapping."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask_login import current_user

from blueprints.context import portal
from blueprints.directories import mapping as mapping_form
from blueprints.directories.area import blueprint, to_change
from blueprints.directories.connecting import Page
from blueprints.directories.ory_forms import SchemaForm, suits
from blueprints.directories.routes import say_verified
from blueprints.directories.screens import SCREENS
from directories.base import DirectoryError
from directories.ory import IdentitySchema, OrySettings, WalkedSchema, walk
from models import Directory, DirectoryType
from services import directories
from services.directories import ory_steps

TYPE = DirectoryType.ORY
STEPS = SCREENS[TYPE.value].steps


@blueprint.route("/<uuid:directory>/schema", methods=["GET", "POST"])
def schema(directory: uuid.UUID) -> Page:
    """Choose the identity schema."""
    with portal().database.read() as session:
        found = to_change(session, directory, TYPE)
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
            to_change(session, directory, TYPE),
            form.schema_id.data,
            actor=current_user.person,
        )
    return redirect(url_for(".mapping", directory=directory), 303)


@blueprint.route("/<uuid:directory>/mapping", methods=["GET", "POST"])
def mapping(directory: uuid.UUID) -> Page:
    """Say where each thing that is known of a person goes, and add the directory."""
    with portal().database.read() as session:
        found = to_change(session, directory, TYPE)
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
            session, portal(), to_change(session, directory, TYPE), sent, actor=current_user.person
        )
    say_verified(directories.run_test(portal(), directory, probe=False, actor=current_user.person))
    return redirect(url_for(".show", directory=directory), 303)


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
        "directories/unreachable.html",
        directory=directory,
        error=error,
        what="The identity schemas could not be read",
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
