"""The components page, and what its live parts ask for."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from itertools import count
from typing import Any

from flask import Blueprint, Response, flash, jsonify, render_template, request

from blueprints.components import samples
from blueprints.components.forms import SampleForm

blueprint = Blueprint("components", __name__, url_prefix="/components")

ENTRIES = (
    "Overview",
    "People",
    "Passkeys",
    "Provisioning",
    "Directories",
    "Policies",
    "Models",
    "Deliveries",
    "Roles",
    "Audit",
    "Settings",
)
"""Every entry that the side navigation can have."""

_asked = count()


def _shared() -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "now": now,
        "form": SampleForm(),
        "models": samples.MODELS,
        "report": samples.REPORT,
        "placements": samples.placements(now),
        "story": samples.story(now),
        "rows": samples.ROWS,
        "person": samples.SamplePerson(),
        "admin_nav": [(label, "components.index", label == "People") for label in ENTRIES],
    }


@blueprint.get("/")
def index() -> str:
    """Every macro in every state."""
    for category in ("success", "info", "warning", "error"):
        flash(f"This is how {category} looks.", category)
    return render_template("components/index.html", **_shared())


@blueprint.post("/")
def wrong() -> tuple[str, int]:
    """The same form, sent: what was wrong stands at the fields and in the summary."""
    shared = _shared()
    shared["form"].validate()
    return render_template("components/index.html", **shared), 422


@blueprint.get("/<any('get-ready', 'touch', 'done', 'refused', 'sign-in'):page>")
def person(page: str) -> str:
    """A page as a person sees it."""
    return render_template(f"components/{page.replace('-', '_')}.html", **_shared())


@blueprint.get("/placements")
def placements() -> str:
    """A live fragment: the last place becomes ready on the third time of asking."""
    shown = samples.placements(datetime.now(UTC))[:2]
    return render_template("components/_placements.html", placements=shown, done=next(_asked) > 1)


@blueprint.post("/options")
def options() -> Response | tuple[Response, int]:
    """Options for a ceremony of this page: nothing is kept, and nothing accepts the answer."""
    challenge = secrets.token_urlsafe(32)
    host = request.host.partition(":")[0]
    if request.args.get("refuse"):
        error = {"code": "sample", "message": "This is the server's own sentence.", "detail": ""}
        return jsonify(error=error), 409
    if request.args.get("kind") == "get":
        found: dict[str, Any] = {"challenge": challenge, "rpId": host, "timeout": 60_000}
    else:
        found = {
            "challenge": challenge,
            "rp": {"id": host, "name": "Latchkey"},
            "user": {
                "id": secrets.token_urlsafe(32),
                "name": "ada@example.com",
                "displayName": "Ada King",
            },
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "direct",
            "timeout": 60_000,
        }
    return jsonify(ceremony=secrets.token_hex(16), options=found)


@blueprint.post("/answer")
def answer() -> dict[str, Any]:
    """What the ceremony's form sent, shown."""
    return {"ceremony": request.form["ceremony"], "response": request.form["response"]}
