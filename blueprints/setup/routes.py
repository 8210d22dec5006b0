"""The set-up page, for the browser that exchanged the set-up link."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from blueprints import visitor
from blueprints.context import portal
from blueprints.setup.forms import SetupForm
from models import LinkPurpose
from services import links, policies, setup
from services.policies import POLICIES, Kind
from services.refusal import Refusal

blueprint = Blueprint("setup", __name__)


@blueprint.route("/setup", methods=["GET", "POST"])
def index() -> Response | str | tuple[str, int]:
    """The form; again and again until a key is registered, with what was answered before."""
    own = visitor.enrolment()
    if own.finished:
        return redirect(url_for("enrol.done"))
    if own.link.purpose is not LinkPurpose.SETUP:
        raise links.refusal("link_unknown")
    form = SetupForm(obj=own.person, kind=_chosen())
    if form.is_submitted():
        if form.validate() and _describe(form, own):
            return redirect(url_for("enrol.index"), 303)
        return _page(form), 422
    return _page(form)


def _chosen() -> str | None:
    with portal().database.read() as session:
        policy = policies.current(session)
    kind = policies.kind_of(policy) if policy else None
    return kind.value if kind else SetupForm.DEFAULT_KIND


def _describe(form: SetupForm, own: links.Enrolment) -> bool:
    try:
        with portal().database.write() as session:
            setup.describe(session, own, form.names(), Kind(form.kind.data), now=portal().now())
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        form.refuse(refusal)
        return False
    return True


def _page(form: SetupForm) -> str:
    return render_template(
        "setup/index.html", form=form, meanings={kind.value: kind.meaning for kind in POLICIES}
    )
