"""Linking one record to a person here, and unlinking it."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.directory_people.area import Place, added, blueprint, kept, person_of, place, words
from blueprints.returning import own_path
from directories.base import RemoteIdentity, Way
from models import Person
from services import directories, people
from services.directories import browsing, identities, linking
from services.refusal import Refusal

OFFERED = 10
"""How many people a search here shows."""


@blueprint.route("/link", methods=["GET", "POST"])
def link(directory: uuid.UUID) -> Response | str | tuple[str, int]:
    """Choose whose the record is, say what that means, and by POST link it."""
    here = place(directory)
    remote = browsing.find(portal(), here.directory, request.values.get("identity", ""))
    person = person_of(request.values.get("person", ""))
    if person is None:
        return _choose(here, remote)
    if request.method == "GET":
        return _confirm(here, remote, person)
    try:
        with portal().database.write() as session:
            current = people.get(session, person.uuid)
            if current is None:
                abort(404)
            owed = linking.link(
                session,
                directories.by_uuid(session, directory),
                remote,
                current,
                how="by hand",
                actor=current_user.person,
                now=portal().now(),
            )
    except Refusal as refusal:
        return _confirm(here, remote, person, refusal), refusal.status
    if owed:
        portal().wake()
    flash(f"{remote.label} is linked to {person.display_name}.{on_the_way(owed)}", "success")
    going = own_path(request.form.get("next"))
    return redirect(going or here.here(**{"for": None}), 303)


@blueprint.route("/unlink", methods=["GET", "POST"])
def unlink(directory: uuid.UUID) -> Response | str | tuple[str, int]:
    """Say what unlinking a record means, and by POST unlink it. The directory is not asked."""
    going = own_path(request.values.get("next"))
    with portal().database.read() as session:
        found = added(directories.by_uuid(session, directory))
        identity = identities.by_remote_id(session, found, request.values.get("identity", ""))
        refused = linking.bond(session, identity, actor=current_user.person) if identity else None
    if identity is None:
        raise linking.not_linked(found)
    back = going or url_for(".index", directory=directory, **kept())
    page = {"directory": found, "identity": identity, "back": back, "next": going, "kept": kept()}
    if refused is None and request.method == "POST":
        try:
            with portal().database.write() as session:
                linking.unlink(session, identity, actor=current_user.person, now=portal().now())
        except Refusal as refusal:
            refused = refusal
        else:
            name = identity.person.display_name
            flash(f"The record is unlinked from {name}. Nothing changed there.", "success")
            return redirect(back, 303)
    body = render_template("directory_people/unlink.html", obstacle=refused, **page)
    return (body, refused.status) if refused else body


def on_the_way(owed: int) -> str:
    """What a message says of deliveries that a link set in motion."""
    if not owed:
        return ""
    return " 1 passkey is on the way." if owed == 1 else f" {owed} passkeys are on the way."


def _choose(here: Place, remote: RemoteIdentity) -> str:
    """Search people here. Without a search, whoever is called as the record is."""
    text = words("who")
    with portal().database.read() as session:
        known = identities.by_remote_id(session, here.directory, remote.remote_id)
        if text:
            found = list(people.search(session, text).items[:OFFERED])
        else:
            texts = dict.fromkeys(text for text in (remote.email, remote.label) if "@" in text)
            found = [one for text in texts if (one := people.by_email(session, text))]
        found = list({one.id: one for one in found}.values())
        taken = identities.linked_people(session, here.directory, found)
        keys = people.passkey_counts(session, found)
    return render_template(
        "directory_people/choose.html",
        directory=here.directory,
        remote=remote,
        known=known,
        text=text,
        found=found,
        taken=taken,
        keys=keys,
        kept=kept(),
    )


def _confirm(
    here: Place, remote: RemoteIdentity, person: Person, refusal: Refusal | None = None
) -> str:
    with portal().database.read() as session:
        refused = refusal or linking.obstacle(
            session, here.directory, remote.remote_id, person, actor=current_user.person
        )
        served = identities.is_served(session, here.directory, person)
        keys = people.passkey_counts(session, [person]).get(person.id, 0)
    return render_template(
        "directory_people/confirm.html",
        directory=here.directory,
        remote=remote,
        person=person,
        obstacle=refused,
        served=served,
        imports=here.able.way is Way.IMPORT,
        keys=keys,
        next=own_path(request.values.get("next")),
        kept=kept(),
    )
