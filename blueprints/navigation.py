"""The side navigation of administration: what stands in it, for whom."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, request

from blueprints.access import may_open

NAVIGATION = (
    ("Overview", "overview.index"),
    ("People", "people.index"),
    ("Groups", "groups.index"),
    ("Passkeys", "all_passkeys.index"),
    ("Directories", "directories.index"),
    ("Policies", "policies.index"),
    ("Models", "models.index"),
    ("Deliveries", "deliveries.index"),
    ("Audit", "audit.index"),
)
"""The side navigation of administration, in the order of work: label and endpoint."""


PARTS = {"directory_people": "directories"}
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


def init_app(app: Flask) -> None:
    """Hand the navigation to every template."""
    app.context_processor(_shared)
