"""People: the list, adding one, one person, and their enrolment links."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from blueprints.context import held_privileges, portal
from blueprints.people import shown_once, story
from blueprints.people.forms import LinkForm, PersonForm
from blueprints.placements import places
from blueprints.privileges import choices
from blueprints.qr import qr_code
from blueprints.sessions.browsers import named
from models import Person
from services import (
    directories,
    groups,
    links,
    lost_keys,
    mail,
    mails,
    passkeys,
    people,
    sessions,
    suspension,
)
from services.directories import identities
from services.refusal import Refusal
from services.roles import Action, holds_more, of_type
from services.serving import SUSPENDING

blueprint = Blueprint("people", __name__, url_prefix="/admin")


@blueprint.route("/people/new", methods=["GET", "POST"])
def new() -> Response | str | tuple[str, int]:
    """Add a person."""
    form = PersonForm()
    left: Person | None = None
    if not form.is_submitted():
        return render_template("people/new.html", form=form)
    if form.validate():
        try:
            with portal().database.write() as database:
                added = people.add(
                    database,
                    form.names(form.middle_name.data or ""),
                    actor=current_user.person,
                    now=portal().now(),
                )
                held = directories.held_by_sign_on(database, added)
        except Refusal as refusal:
            form.refuse(refusal)
            if refusal.code == "person_was_here":
                with portal().database.read() as database:
                    left = people.by_email(database, form.email.data or "")
        else:
            flash(f"{added.display_name} is added. Make an enrolment link next.", "success")
            if held:
                where = ", ".join(one.directory.name for one in held)
                flash(f"A passkey might not sign {added.display_name} in at {where}.", "warning")
            return redirect(url_for(".show", person=added.uuid), 303)
    return render_template("people/new.html", form=form, left=left), 422


@blueprint.get("/people/<uuid:person>")
def show(person: UUID) -> str:
    """One person: keys, places, links; and a new link's address, once."""
    with portal().database.read() as database:
        found = _person(database, person)
        return _page(database, found, LinkForm())


@blueprint.post("/people/<uuid:person>/links")
def make_link(person: UUID) -> Response | tuple[str, int]:
    """Make an enrolment link for the person."""
    form = LinkForm()
    if not form.validate():
        with portal().database.read() as database:
            return _page(database, _person(database, person), form), 422
    with portal().database.write() as database:
        made = links.make(
            database,
            purpose=form.link_purpose,
            person=_person(database, person),
            actor=current_user.person,
            lifetime=form.span,
            now=portal().now(),
        )
    shown_once.keep(made)
    return redirect(url_for(".show", person=person, _anchor="new-link"), 303)


@blueprint.post("/links/<uuid:link>/revoke")
def revoke_link(link: UUID) -> Response:
    """Take an enrolment link back."""
    with portal().database.write() as database:
        found = links.get(database, link)
        if found is None or found.person is None:
            abort(404)
        links.revoke(database, found, actor=current_user.person, now=portal().now())
        person = found.person.uuid
    flash("The link is revoked. It cannot be used any more.", "success")
    return redirect(url_for(".show", person=person), 303)


@blueprint.get("/passkeys/<uuid:passkey>")
def passkey(passkey: UUID) -> str:
    """The story of one passkey: made, judged, delivered, used, ended."""
    with portal().database.read() as database:
        found = passkeys.by_uuid(database, passkey)
        if found is None:
            abort(404)
        listed = places(database, found)
    return render_template(
        "people/passkey.html",
        passkey=found,
        model=portal().metadata.model(found.aaguid),
        judged=story.judged(found.evidence, portal().metadata),
        path=story.certificates(found.evidence),
        raw=story.raw(found),
        places=listed,
        locked=holds_more(found.person, current_user.person),
    )


def _person(database: Session, address: UUID) -> Person:
    found = people.get(database, address)
    if found is None:
        abort(404)
    return found


def _page(database: Session, person: Person, form: LinkForm) -> str:
    own = passkeys.of_person(database, person.id, ended=True)
    listed = links.of_person(database, person)
    now = portal().now()
    address = shown_once.address(listed)
    return render_template(
        "people/show.html",
        person=person,
        rows=[(one, portal().metadata.model(one.aaguid), places(database, one)) for one in own],
        links=[(link, links.state(link, now=now)) for link in listed],
        revocable=(links.LinkState.OPEN, links.LinkState.BEGUN),
        address=address,
        qr=qr_code(address) if address else None,
        mails=mails.of_person(database, person),
        mail_configured=mail.configured(portal().settings),
        form=form,
        recovered=lost_keys.recovered(database, person),
        records=[
            (one, identities.placed(database, one.directory, person))
            for one in identities.of_person(database, person)
        ],
        unlinked=[
            one
            for one in identities.without(database, person)
            if of_type(Action.VIEW, one.type) in held_privileges()
        ],
        groups=groups.of_person(database, person),
        held_by_sign_on=directories.held_by_sign_on(database, person),
        choices=choices.of(database, person),
        locked=holds_more(person, current_user.person),
        signed_in=[
            (one.session, one.passkey, named(one.session.user_agent))
            for one in sessions.of_person(database, person.id, now=now)
        ],
        decide=suspension.obstacle(person, actor=current_user.person),
        suspending={one.value for one in SUSPENDING},
    )
