"""`$batch`: up to 20 requests in one, each on its own (entra.md 3 [D S25])."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.test import EnvironBuilder

from emulators.entra import bodies
from emulators.entra.errors import GraphError, bad_request
from emulators.entra.gate import answer
from emulators.kit.edge import Wsgi

MOST = 20
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FIELDS = ("id", "method", "url", "headers", "body", "dependsOn")

Item = dict[str, Any]


def batch_api(items: Wsgi, version: str) -> Blueprint:
    """The route of one version.

    Args:
        items: answers each request, with limits and faults of its own.
        version: which requests' addresses are relative to.
    """
    routes = Blueprint(f"batch_{version.replace('.', '_')}", __name__)

    @routes.post("/$batch")
    def batch() -> ResponseReturnValue:
        given = bodies.only(bodies.read(), ("requests",), "batchRequestContent").get("requests")
        asked = _checked(given)
        answers: dict[str, Item] = {}
        for item in asked:
            answers[item["id"]] = _answered(items, version, item, answers)
        responses = list(answers.values())
        if not any("dependsOn" in item for item in asked):
            responses.reverse()  # answers come in any order
        return answer({"responses": responses})

    return routes


def _checked(given: Any) -> list[Item]:
    """The items in their form.

    Raises:
        GraphError: 400 for the whole batch.
    """
    if not isinstance(given, list) or not given:
        raise _wrong("'requests' is no list with requests in it.")
    if len(given) > MOST:
        raise _wrong(f"Number of batch request steps exceeds the maximum value of {MOST}.")
    asked = [bodies.only(item, FIELDS, "batchRequestStep") for item in given]
    seen: set[str] = set()
    for item in asked:
        key = item.get("id")
        if not isinstance(key, str) or not key or key in seen:
            raise _wrong("Each request needs an 'id' of its own.")
        if item.get("method") not in METHODS:
            raise _wrong(f"The method of request '{key}' is not supported.")
        url = item.get("url")
        if not isinstance(url, str) or "://" in url or url.lstrip("/").startswith("$batch"):
            raise _wrong(f"The url of request '{key}' is not relative to this version.")
        _check_headers(item)
        if any(other not in seen for other in item.get("dependsOn") or []):
            raise _wrong(f"Request '{key}' depends on one that does not stand before it.")
        seen.add(key)
    # Fully sequential or fully parallel (entra.md 3 [D S25]).
    waiting = [bool(item.get("dependsOn")) for item in asked[1:]]
    if any(waiting) and not all(waiting):
        raise _wrong("A batch is either sequential or parallel.")
    return asked


def _check_headers(item: Item) -> None:
    headers = item.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise _wrong(f"The headers of request '{item['id']}' are no object of texts.")
    if "body" in item and "content-type" not in [name.lower() for name in headers]:
        raise _wrong(f"Request '{item['id']}' has a body but no Content-Type header.")


def _answered(items: Wsgi, version: str, item: Item, answers: dict[str, Item]) -> Item:
    if any(answers[other]["status"] >= 400 for other in item.get("dependsOn") or []):
        error = {"code": "FailedDependency", "message": "A request it depends on failed."}
        return {"id": item["id"], "status": 424, "headers": {}, "body": {"error": error}}
    builder = EnvironBuilder(
        path=f"/{version}/{item['url'].lstrip('/')}",
        base_url=request.host_url,
        method=item["method"],
        headers=list(_headers(item).items()),
        data=json.dumps(item["body"]).encode() if "body" in item else None,
    )
    begun: list[tuple[int, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], _info: Any = None) -> None:
        begun.append((int(status.split()[0]), dict(headers)))

    try:
        with current_app.app_context():  # one of its own, as each request has
            content = b"".join(items(builder.get_environ(), start))
    except ConnectionAbortedError:
        # A connection within a batch cannot be cut: what is behind it was not reached.
        error = {"code": "ServiceUnavailable", "message": "The service did not answer."}
        return {"id": item["id"], "status": 504, "headers": {}, "body": {"error": error}}
    status, headers = begun[-1]
    found: Item = {"id": item["id"], "status": status, "headers": headers}
    if content:
        is_json = "json" in headers.get("Content-Type", "")
        found["body"] = json.loads(content) if is_json else content.decode("utf-8", "replace")
    return found


def _headers(item: Item) -> dict[str, str]:
    """Its own, and the token of the whole batch."""
    return (item.get("headers") or {}) | {"Authorization": request.headers.get("Authorization", "")}


def _wrong(message: str) -> GraphError:
    return bad_request(message, code="BadRequest")
