"""Opening an enrolment link shows whom it is for; a button exchanges it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from blueprints import visitor
from blueprints.context import portal
from models import EnrolmentLink, LinkPurpose
from services import links

blueprint = Blueprint("links", __name__)


@blueprint.get("/links/<token>")
def show(token: str) -> str:
    """Whom the link is for. Nothing changes: whatever previews addresses may open it too."""
    with portal().database.read() as database:
        link = links.look(database, token, session.get(visitor.ENROLMENT), now=portal().now())
    return render_template(
        "links/show.html",
        link=link,
        setting_up=link.purpose is LinkPurpose.SETUP,
        recovering=link.purpose is LinkPurpose.RECOVER,
    )


@blueprint.post("/links/<token>")
def exchange(token: str) -> Response:
    """Make the link this browser's, and go on at an address that tells nothing."""
    with portal().database.write() as database:
        link = links.exchange(database, token, visitor.enrolment_token(), now=portal().now())
    visitor.begin_enrolment(link)
    return redirect(_next_page(link), 303)


def _next_page(link: EnrolmentLink) -> str:
    if link.finished_at is not None:
        return url_for("enrol.done")
    if link.purpose is LinkPurpose.SETUP:
        return url_for("setup.index")
    return url_for("enrol.index")
