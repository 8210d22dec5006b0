"""The end of an enrolment: its keys, their names, and the places they open."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueprints import visitor
from blueprints.context import portal
from blueprints.enrol.area import blueprint
from blueprints.forms import NicknameForm
from blueprints.placements import Places, places_of
from models import Directory, LinkPurpose, Passkey
from services import links, lost_keys, passkeys
from services.attestation.metadata import Model
from services.enrolment import steps
from services.refusal import Refusal


@dataclass(frozen=True)
class Finished:
    """An enrolment that is over: what came of it, in the order in which it was made."""

    own: links.Enrolment
    made: tuple[Passkey, ...]
    later: tuple[Directory, ...]
    """The directories whose touch was left for later."""


@dataclass(frozen=True)
class NamedKey:
    """One key on the page, with the form that names it."""

    passkey: Passkey
    model: Model | None
    form: NicknameForm


def finished() -> Finished:
    """What this browser's enrolment led to.

    Raises:
        Refusal: `enrolment_unfinished`, or when the browser has none that still works.
    """
    own = visitor.enrolment()
    if own.link.passkey_id is None:
        raise Refusal("enrolment_unfinished", "Register your key first.", status=409)
    with portal().database.read() as session:
        rows = steps.kept(session, own.link)
        made = [one.passkey_id for one in rows if one.passkey_id is not None]
        later = [one.directory for one in rows if one.skipped_at is not None and one.directory]
        keys = tuple(passkeys.get(session, one) for one in made or [own.link.passkey_id])
    return Finished(own, keys, tuple(later))


def page(found: Finished, sent: NamedKey | None = None) -> str:
    """The page; `sent` is a form that cannot be taken as it is."""
    earlier: list[Passkey] = []
    if found.own.link.purpose is LinkPurpose.RECOVER:
        with portal().database.read() as session:
            earlier = lost_keys.suspects(session, found.own.link)
    keys = [
        sent if sent is not None and sent.passkey.id == one.id else _named(found, one)
        for one in found.made
    ]
    return render_template(
        "enrol/done.html",
        link=found.own.link,
        keys=keys,
        wrong=sent.form if sent else None,
        later=found.later,
        places=_places(found),
        set_up=found.own.link.purpose is LinkPurpose.SETUP,
        earlier=earlier,
        signs_in=any(one.own for one in found.made),
    )


@blueprint.post("/name")
def name() -> Response | tuple[str, int]:
    """Give a key that was just registered another name."""
    found = finished()
    sent = request.form.get("passkey", "")
    passkey = next((one for one in found.made if str(one.uuid) == sent), found.made[0])
    key = _named(found, passkey)
    if not key.form.validate():
        return page(found, key), 422
    with portal().database.write() as session:
        renamed = passkeys.get(session, passkey.id)
        passkeys.rename(
            session,
            renamed,
            key.form.nickname.data or "",
            actor=renamed.person,
            now=portal().now(),
        )
    portal().wake()
    flash("The name is saved.", "success")
    return redirect(url_for(".done"), 303)


@blueprint.get("/placements")
def placements() -> str:
    """The places the keys open, as a fragment that the done page renews."""
    return render_template("enrol/_placements.html", places=_places(finished()))


def _named(found: Finished, passkey: Passkey) -> NamedKey:
    """A key with its form: as it was sent, or with the name that the key has."""
    # Where the page has several keys, the fields of each have names of their own.
    prefix = f"{passkey.uuid.hex}-" if len(found.made) > 1 else ""
    form = NicknameForm(prefix=prefix, nickname=passkey.nickname)
    return NamedKey(passkey, portal().metadata.model(passkey.aaguid), form)


def _places(found: Finished) -> Places:
    with portal().database.read() as session:
        return places_of(session, found.made)
