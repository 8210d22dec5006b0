"""The page for signing in and, where that is allowed, for signing up."""

from __future__ import annotations

from flask import render_template

from blueprints.context import portal
from blueprints.returning import own_path
from blueprints.sign_in.forms import SignInForm
from services import sign_up
from services.refusal import Refusal


def page(form: SignInForm, refusal: Refusal | None = None) -> str:
    """The page, with what was typed.

    Args:
        refusal: why a key did not sign in just now.
    """
    with portal().database.read() as session:
        signing_up = sign_up.is_open(session, portal().settings)
    return render_template(
        "sign_in/index.html",
        form=form,
        next=own_path(form.next.data) or "",
        refusal=refusal,
        domains=portal().settings.sign_up_domains if signing_up else (),
    )
