"""The policy page. Policies are chosen at set-up; this page shows what holds, and what held."""

from __future__ import annotations

from flask import Blueprint, render_template

from blueprints.context import portal
from services import policies

blueprint = Blueprint("policies", __name__, url_prefix="/admin/policies")


@blueprint.get("")
def index() -> str:
    """The policy in force with its models, and the history."""
    with portal().database.read() as session:
        policy = policies.current(session)
        history = policies.history(session)
    metadata = portal().metadata
    allowed = policy.allowed(metadata) if policy else ()
    known = {model.aaguid for model in allowed}
    listed = (policy.allowed_models if policy else None) or frozenset()
    return render_template(
        "policies/index.html",
        policy=policy,
        kind=policies.kind_of(policy) if policy else None,
        allowed=allowed,
        unknown=sorted(str(aaguid) for aaguid in listed - known),
        history=history,
    )
