"""Who may call Graph, and what every answer of it carries (entra.md 2.7, 3, 6)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, json, request
from werkzeug.http import http_date

from emulators.entra.emulator import Entra
from emulators.entra.errors import GraphError, denied
from emulators.entra.limits import cost
from emulators.entra.permissions import Accepted

JSON = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;"
    "charset=utf-8"
)
VERSIONS = ("/v1.0", "/beta")


def is_graph(path: str) -> bool:
    """Whether a path is one of Graph's."""
    return any(path == version or path.startswith(version + "/") for version in VERSIONS)


def authenticate(entra: Entra) -> None:
    """Demand a live token for every call of Graph.

    Raises:
        GraphError: 401.
    """
    if is_graph(request.path):
        header = request.headers.get("Authorization", "")
        g.bearer = entra.tokens.bearer(header, now=entra.now())


def holds(accepted: Accepted) -> bool:
    """Whether the token has one of these roles."""
    return bool(g.bearer.roles & accepted)


def require(accepted: Accepted) -> None:
    """Demand one of these roles.

    Raises:
        GraphError: 403 (entra.md 2.7 [D S25]).
    """
    if not holds(accepted):
        raise denied()


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """An answer of Graph."""
    return Response(json.dumps(body, sort_keys=False), status=status, content_type=JSON)


def failed(entra: Entra, error: GraphError) -> Response:
    """An error in Graph's envelope."""
    body = error.body(now=entra.now(), **_ids())
    response = answer(body, error.status)
    response.headers.update(error.headers)
    return response


def finish(entra: Entra, response: Response) -> Response:
    """Add the headers that support asks for, and the date by the emulator's clock."""
    response.headers["Date"] = http_date(entra.now())
    if is_graph(request.path):
        ids = _ids()
        response.headers["request-id"] = ids["request_id"]
        response.headers["client-request-id"] = ids["client_request_id"]
        response.headers["OData-Version"] = "4.0"
        units = cost(request.method, request.path, selected="$select" in request.args)
        if units is not None and response.status_code < 400:
            response.headers["x-ms-resource-unit"] = str(units)
    return response


def _ids() -> dict[str, str]:
    if "ids" not in g:
        request_id = str(uuid.uuid4())
        asked = request.headers.get("client-request-id", "")
        g.ids = {"request_id": request_id, "client_request_id": asked or request_id}
    return dict(g.ids)
