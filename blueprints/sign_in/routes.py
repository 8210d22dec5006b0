"""Signing in by one button with a discoverable passkey, and signing out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import visitor
from blueprints.context import portal
from blueprints.returning import landing, own_path
from blueprints.sign_in.forms import SignInForm
from blueprints.sign_in.page import page
from services import ceremonies, sessions
from services.ceremonies import Purpose
from services.refusal import Refusal

blueprint = Blueprint("sign_in", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def index() -> Response | str | tuple[str, int]:
    """The sign-in page; by POST, the answer of its ceremony."""
    form = SignInForm(next=own_path(request.args.get("next")) or "")
    going_on = own_path(form.next.data)
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(going_on or landing())
        visitor.browser_hash()  # the cookie must be there before the script asks for options
        return page(form)
    try:
        done = ceremonies.finish_authentication(
            portal(),
            purpose=Purpose.SIGN_IN,
            session_hash=visitor.browser_hash(),
            **form.answer,
        )
        with portal().database.write() as session:
            token, opened = sessions.open_session(
                session,
                person_id=done.person_id,
                passkey_id=done.passkey_id,
                user_agent=request.user_agent.string,
                now=portal().now(),
            )
    except Refusal as refusal:
        return page(form, refusal), refusal.status
    visitor.sign_in(token, opened)
    return redirect(going_on or landing(), 303)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session."""
    visitor.sign_out()
    flash("You are signed out.", "success")
    return redirect(url_for("home.index"), 303)
