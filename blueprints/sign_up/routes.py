"""Signing up: the address, the code from its mail, a name; then enrolment.

Whether an address has an account shows nowhere before its mail was read: what is answered, and
the work that it takes, is the same.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueprints import visitor
from blueprints.context import portal
from blueprints.forms import OwnNameForm
from blueprints.limits import network
from blueprints.sign_in.forms import SignInForm
from blueprints.sign_in.page import page as sign_in_page
from blueprints.sign_up.forms import CodeForm
from models import SignUpCode
from services import sign_up
from services.refusal import Refusal
from services.sign_up import Step

blueprint = Blueprint("sign_up", __name__, url_prefix="/sign-up")

WRONG = (
    "That code does not lead on. Check the digits of the newest mail: a code is good for ten "
    "minutes and five tries, in the browser that asked for it."
)
"""One answer, whether the code is wrong, too old, dead, or was never made."""


@blueprint.before_request
def _only_where_it_is_allowed() -> None:
    with portal().database.read() as session:
        if not sign_up.is_open(session, portal().settings):
            abort(404)


@blueprint.route("", methods=["GET", "POST"])
def ask() -> Response | tuple[str, int]:
    """Ask for a mail; the form is the one of the sign-in page."""
    form = SignInForm()
    if not form.is_submitted():
        return redirect(url_for("sign_in.index"))
    try:
        with portal().database.write() as session:
            sign_up.ask(
                session,
                portal().settings,
                email=form.email.data or "",
                browser=visitor.browser_hash(),
                network=network(request.remote_addr or ""),
                now=portal().now(),
            )
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        form.email.errors = [refusal.sentence]
        return sign_in_page(form), 422
    portal().wake()
    if request.form.get("again"):
        flash("Another mail is on its way. Only the newest code counts.", "info")
    return redirect(url_for(".code"), 303)


@blueprint.route("/code", methods=["GET", "POST"])
def code() -> Response | str | tuple[str, int]:
    """The code from the mail; by POST, one try."""
    asked = _asked()
    if asked is None:
        return redirect(url_for("sign_in.index"), 303)
    if sign_up.step(asked) is Step.NAME:
        return redirect(url_for(".name"), 303)
    form = CodeForm()
    if form.is_submitted():
        if form.validate():
            if _leads_on(form.code.data or ""):
                return redirect(url_for(".name"), 303)
            form.code.errors = [WRONG]
        return render_template("sign_up/code.html", form=form, asked=asked), 422
    return render_template("sign_up/code.html", form=form, asked=asked)


@blueprint.route("/name", methods=["GET", "POST"])
def name() -> Response | str | tuple[str, int]:
    """Who it is that signs up; by POST, the beginning of the enrolment."""
    asked = _asked()
    if asked is None or sign_up.step(asked) is not Step.NAME:
        return redirect(url_for("sign_in.index" if asked is None else ".code"), 303)
    form = OwnNameForm()
    if not form.is_submitted():
        return render_template("sign_up/name.html", form=form, asked=asked)
    if not form.validate():
        return render_template("sign_up/name.html", form=form, asked=asked), 422
    with portal().database.write() as session:
        link = sign_up.begin(
            session,
            visitor.browser_hash(),
            given_name=form.given_name.data or "",
            family_name=form.family_name.data or "",
            enrolment=visitor.enrolment_token(),
            now=portal().now(),
        )
    visitor.begin_enrolment(link)
    return redirect(url_for("enrol.index"), 303)


def _asked() -> SignUpCode | None:
    with portal().database.read() as session:
        return sign_up.newest(session, visitor.browser_hash(), now=portal().now())


def _leads_on(code: str) -> bool:
    with portal().database.write() as session:
        return sign_up.enter(
            session, portal().sealer, visitor.browser_hash(), code, now=portal().now()
        )
