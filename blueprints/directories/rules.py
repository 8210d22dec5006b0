"""A directory's own rules for keys, side by side with the policy here. Nothing is changed there."""

from __future__ import annotations

import uuid

from flask import abort, render_template

from blueprints.context import portal
from blueprints.directories.area import added, blueprint
from directories.base import DirectoryError
from directories.rules import DirectoryRules
from models import Directory
from services import directories, policies
from services.comparison import Comparison, compare


@blueprint.get("/<uuid:directory>/rules")
def rules(directory: uuid.UUID) -> str | tuple[str, int]:
    """Read the rules there at this moment, and compare them."""
    with portal().database.read() as session:
        found = added(session, directory)
        policy = policies.current(session)
    try:
        connection = directories.connector(portal(), found)
        if not connection.capabilities.has_rules:
            abort(404)
        there = connection.rules()
    except DirectoryError as error:
        return _page(found, error=error), 502
    if policy is None:
        return _page(found, there)
    settings = portal().settings
    comparison = compare(there, policy, portal().metadata, origins=settings.origins)
    return _page(found, there, comparison, policy_name=policy.name)


def _page(
    directory: Directory,
    there: DirectoryRules | None = None,
    comparison: Comparison | None = None,
    *,
    policy_name: str = "",
    error: DirectoryError | None = None,
) -> str:
    return render_template(
        "directories/rules.html",
        directory=directory,
        there=there,
        comparison=comparison,
        policy_name=policy_name,
        error=error,
    )
