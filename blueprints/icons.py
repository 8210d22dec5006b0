"""Pictures of authenticator models, from metadata.

They are somebody else's files: served as pictures only, in a sandbox where nothing can run, since
an SVG opened by itself is a document.
"""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from blueprints.context import portal

blueprint = Blueprint("icons", __name__)

ONE_DAY = 24 * 60 * 60
TYPES = frozenset({"image/png", "image/svg+xml", "image/jpeg", "image/gif", "image/webp"})


@blueprint.get("/models/<uuid:aaguid>/icon")
def show(aaguid: UUID) -> Response:
    """The picture of one model."""
    model = portal().metadata.model(aaguid)
    if model is None or not model.icon or model.icon_type not in TYPES:
        abort(404)
    response = Response(model.icon, content_type=model.icon_type)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = f"public, max-age={ONE_DAY}"
    return response
