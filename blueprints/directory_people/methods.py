"""What a record signs in with in its directory, and taking a passkey out that is none of ours."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import confirming
from blueprints.context import portal
from blueprints.directory_people.area import Place, blueprint, kept, place
from blueprints.forms import CeremonyForm
from directories.base import DirectoryError, Finding
from models import Identity
from services.ceremonies import CeremonyRefusal
from services.directories import browsing, identities, methods, on_behalf, preflight
from services.directories.methods import KeyThere
from services.refusal import Refusal
from services.serving import ISSUING


class Row(NamedTuple):
    """One passkey there."""

    key: KeyThere
    remove: str
    """Where it is removed; empty where it is one of ours."""


@blueprint.get("/methods")
def list_methods(directory: uuid.UUID) -> str:
    """Every passkey and every other method of a record, and what a new key would meet."""
    here = place(directory)
    remote_id = request.args.get("identity", "")
    with portal().database.read() as session:
        identity = identities.by_remote_id(session, here.directory, remote_id)
        refused = (
            on_behalf.obstacle(session, identity, actor=current_user.person) if identity else None
        )
    try:
        found = methods.look(portal(), here.directory, remote_id)
    except Refusal as gone:
        if identity is None:
            raise
        return render_template(
            "directory_people/gone.html",
            directory=here.directory,
            identity=identity,
            gone=gone,
            obstacle=refused,
            kept=kept(),
        )
    asks = identity is not None and here.directory.type in ISSUING
    findings: tuple[Finding, ...] = ()
    if identity is not None and asks and "look" in request.args:
        findings = preflight.look(portal(), here.directory, identity.person, found.remote)
    return render_template(
        "directory_people/methods.html",
        directory=here.directory,
        able=here.able,
        found=found,
        identity=identity,
        obstacle=refused,
        rows=[_row(here, found.remote.remote_id, one) for one in found.passkeys or ()],
        findings=findings,
        asks=asks,
        kept=kept(),
    )


@blueprint.route("/methods/remove", methods=["GET", "POST"])
def remove_method(directory: uuid.UUID) -> Response | str | tuple[str, int]:
    """Say what removing a passkey there means, ask for a touch, and by POST remove it."""
    here = place(directory)
    remote_id = request.values.get("identity", "")
    identity = on_behalf.demand(portal(), here.directory, remote_id, actor=current_user.person)
    opened = browsing.opened(portal(), here.directory, "passkey", request.values.get("key", ""))
    owner, passkey_id = opened or ("", "")
    if owner != remote_id:
        raise Refusal("key_gone", "Open the list again and choose the passkey.", status=404)
    key = methods.find(portal(), here.directory, remote_id, passkey_id)
    refused = methods.obstacle(key)
    form = CeremonyForm()
    if refused is not None:
        return _confirm(here, identity, key, obstacle=refused), refused.status
    if not form.is_submitted():
        return _confirm(here, identity, key)
    try:
        confirming.demand(form, methods.subject(here.directory, remote_id, passkey_id))
        methods.remove(portal(), here.directory, identity, key, actor=current_user.person)
    except CeremonyRefusal as refusal:
        return _confirm(here, identity, key, refusal=refusal), refusal.status
    except DirectoryError as error:
        return _confirm(here, identity, key, error=error), 502
    flash(f"{key.remote.name or 'The passkey'} is removed from {here.directory.name}.", "success")
    return redirect(address(here, remote_id), 303)


def address(here: Place, remote_id: str) -> str:
    """The page of a record's methods."""
    return url_for(".list_methods", directory=here.directory.uuid, identity=remote_id, **kept())


def _row(here: Place, remote_id: str, key: KeyThere) -> Row:
    removable = key.ours is None or key.ours.ended_at is not None
    sealed = browsing.seal(portal(), here.directory, "passkey", [remote_id, key.remote.remote_id])
    if not removable or sealed is None:
        return Row(key, "")
    return Row(
        key,
        url_for(
            ".remove_method",
            directory=here.directory.uuid,
            identity=remote_id,
            key=sealed,
            **kept(),
        ),
    )


def _confirm(
    here: Place,
    identity: Identity,
    key: KeyThere,
    *,
    obstacle: Refusal | None = None,
    refusal: CeremonyRefusal | None = None,
    error: DirectoryError | None = None,
) -> str:
    return render_template(
        "directory_people/remove_method.html",
        directory=here.directory,
        identity=identity,
        key=key,
        subject=methods.subject(here.directory, identity.remote_id, key.remote.remote_id),
        sealed=request.values.get("key", ""),
        back=address(here, identity.remote_id),
        obstacle=obstacle,
        refusal=refusal,
        error=error,
        kept=kept(),
    )
