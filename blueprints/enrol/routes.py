"""The enrolment pages. They show the link's person, never whoever happens to be signed in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueprints import visitor
from blueprints.context import portal
from blueprints.forms import CeremonyForm, NicknameForm
from blueprints.keys import allowed_models, seen
from blueprints.placements import Places, places
from models import LinkPurpose, Passkey
from services import ceremonies, links, passkeys, setup, sign_up
from services.ceremonies import CeremonyRefusal, Purpose
from services.refusal import Refusal

blueprint = Blueprint("enrol", __name__, url_prefix="/enrol")

FINISH = {LinkPurpose.SETUP: setup.finish, LinkPurpose.SIGN_UP: sign_up.finish}
"""What ends an enrolment together with its passkey, where that is more than ending the link."""


@blueprint.route("", methods=["GET", "POST"])
def index() -> Response | str | tuple[str, int]:
    """Get ready, then touch (`?step=touch`); by POST, the answer of the ceremony."""
    own = visitor.enrolment()
    form = CeremonyForm()
    if own.finished:
        if form.is_submitted():
            flash("A key was registered with this link already. This is it.", "info")
        return redirect(url_for(".done"), 303)
    if own.person is None:
        return redirect(url_for("setup.index"), 303)
    setting_up = own.link.purpose is LinkPurpose.SETUP
    if not form.is_submitted():
        step = "touch" if request.args.get("step") == "touch" else "index"
        return render_template(
            f"enrol/{step}.html",
            link=own.link,
            setting_up=setting_up,
            recovering=own.link.purpose is LinkPurpose.RECOVER,
            allowed=allowed_models(own.person),
        )
    try:
        _register(own, form)
    except CeremonyRefusal as refusal:
        page = render_template(
            "enrol/refused.html",
            refusal=refusal,
            seen=seen(refusal),
            allowed=allowed_models(own.person),
            again=url_for(".index", step="touch"),
        )
        return page, refusal.status
    return redirect(url_for(".done"), 303)


@blueprint.get("/done")
def done() -> Response | str:
    """The key that was registered, its name, and the places it opens."""
    own, passkey = _finished()
    return _done_page(own, passkey, NicknameForm(nickname=passkey.nickname))


@blueprint.post("/name")
def name() -> Response | tuple[str, int]:
    """Give the key that was just registered another name."""
    own, passkey = _finished()
    form = NicknameForm()
    if not form.validate():
        return _done_page(own, passkey, form), 422
    with portal().database.write() as session:
        renamed = passkeys.get(session, passkey.id)
        passkeys.rename(
            session,
            renamed,
            form.nickname.data or "",
            actor=renamed.person,
            now=portal().now(),
        )
    portal().wake()
    flash("The name is saved.", "success")
    return redirect(url_for(".done"), 303)


@blueprint.get("/placements")
def placements() -> str:
    """The places the key opens, as a fragment that the done page renews."""
    _, passkey = _finished()
    return render_template("enrol/_placements.html", places=_places(passkey))


def _register(own: links.Enrolment, form: CeremonyForm) -> None:
    now = portal().now()
    finish = FINISH.get(own.link.purpose, links.finish)
    ceremonies.finish_registration(
        portal(),
        purpose=Purpose.ENROL,
        person_id=own.link.person_id,
        session_hash=own.session_hash,
        finish=lambda session, passkey: finish(session, own, passkey, now=now),
        **form.answer,
    )


def _finished() -> tuple[links.Enrolment, Passkey]:
    own = visitor.enrolment()
    if own.link.passkey_id is None:
        raise Refusal("enrolment_unfinished", "Register your key first.", status=409)
    with portal().database.read() as session:
        return own, passkeys.get(session, own.link.passkey_id)


def _done_page(own: links.Enrolment, passkey: Passkey, form: NicknameForm) -> str:
    earlier: list[Passkey] = []
    if own.link.purpose is LinkPurpose.RECOVER:
        with portal().database.read() as session:
            earlier = links.suspects(session, own.link)
    return render_template(
        "enrol/done.html",
        link=own.link,
        model=portal().metadata.model(passkey.aaguid),
        places=_places(passkey),
        form=form,
        set_up=own.link.purpose is LinkPurpose.SETUP,
        earlier=earlier,
    )


def _places(passkey: Passkey) -> Places:
    with portal().database.read() as session:
        return places(session, passkey)
