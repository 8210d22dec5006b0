"""The list of roles, and one role: what it allows and who holds it."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_login import current_user

from blueprints.context import portal
from services import privilege_words, role_changes, role_lists

blueprint = Blueprint("roles", __name__, url_prefix="/admin/roles")


@blueprint.get("")
def index() -> str:
    """Every role: the built-in ones, then those made here."""
    with portal().database.read() as session:
        known = role_lists.known(session)
        counts = role_lists.holder_counts(session)
    return render_template(
        "roles/index.html",
        rows=[(one, privilege_words.in_words(one.privileges)) for one in known],
        counts=counts,
    )


@blueprint.get("/<role>")
def show(role: str) -> str:
    """What one role allows, and who holds it."""
    with portal().database.read() as session:
        found = role_lists.find(session, role)
        holders = role_lists.holders(session, role)
        obstacle = role_changes.obstacle_to_change(session, found, current_user.person)
    return render_template(
        "roles/show.html",
        role=found,
        holders=holders,
        obstacle=obstacle,
        areas=privilege_words.AREAS,
        sentences=privilege_words.SENTENCES,
    )
