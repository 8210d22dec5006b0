"""The side navigation of administration: what stands in it, for whom."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, request, url_for
from flask.wrappers import Response

from blueprints.access import may_open, may_visit, needs

NAVIGATION = (
    ("Overview", "overview.index"),
    ("People", "people.index"),
    ("Groups", "groups.index"),
    ("Passkeys", "all_passkeys.index"),
    ("Provisioning", "requests.index"),
    ("Directories", "directories.index"),
    ("Policies", "policies.index"),
    ("Models", "models.index"),
    ("Deliveries", "deliveries.index"),
    ("Roles", "roles.index"),
    ("Audit", "audit.index"),
    ("Settings", "settings.index"),
)
"""The side navigation of administration, in the order of work: label and endpoint."""


PARTS = {"directory_people": "directories", "privileges": "people"}
"""Areas that are part of another one's entry."""


def _shared() -> dict[str, Any]:
    here = PARTS.get(request.blueprint or "", request.blueprint)
    return {
        "admin_nav": [
            (label, endpoint, endpoint.partition(".")[0] == here)
            for label, endpoint in NAVIGATION
            if endpoint in current_app.view_functions and may_open(endpoint)
        ]
    }


def _lead_elsewhere(response: Response) -> Response:
    """After an act, lead nobody to a page that they may not open: what was done is said there."""
    done = request.method == "POST" and response.status_code == 303
    if done and needs(request.endpoint or "") and not may_visit(response.location or ""):
        pages = [endpoint for _, endpoint in NAVIGATION if may_open(endpoint)]
        response.location = url_for(pages[0] if pages else "privileges.mine")
    return response


def init_app(app: Flask) -> None:
    """Hand the navigation to every template."""
    app.context_processor(_shared)
    app.after_request(_lead_elsewhere)
