"""The WSGI application: the token endpoint and Graph on one host."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from emulators.entra import gate
from emulators.entra.batch import batch_api
from emulators.entra.control_api import control_api
from emulators.entra.directory_api import directory_api
from emulators.entra.edge import Edge
from emulators.entra.emulator import Entra
from emulators.entra.errors import GraphError, bad_request, not_allowed
from emulators.entra.login_api import login_api
from emulators.entra.memberships_api import memberships_api
from emulators.entra.methods_api import methods_api
from emulators.entra.page import page
from emulators.entra.passes_api import passes_api
from emulators.entra.policy_api import policy_api
from emulators.entra.registration_api import registration_api
from emulators.kit.edge import CONTROL

VERSIONS = ("v1.0", "beta")
APIS = (
    directory_api,
    memberships_api,
    methods_api,
    registration_api,
    passes_api,
    policy_api,
)


def create_app(entra: Entra) -> Edge:
    """Both hosts of Microsoft's in one: their paths do not meet (entra.md 1, 2)."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.register_blueprint(control_api(entra), url_prefix=CONTROL)
    app.register_blueprint(page(entra))
    app.register_blueprint(login_api(entra))
    for version in VERSIONS:
        for api in APIS:
            app.register_blueprint(api(entra, version), url_prefix=f"/{version}")
        items = Edge(app, entra, "batch")
        app.register_blueprint(batch_api(items, version), url_prefix=f"/{version}")
    app.before_request(lambda: gate.authenticate(entra))
    app.register_error_handler(GraphError, lambda error: gate.failed(entra, error))
    app.register_error_handler(HTTPException, lambda error: _http_error(entra, error))

    @app.after_request
    def finish(response: Response) -> Response:
        return gate.finish(entra, response)

    return Edge(app, entra)


def _http_error(entra: Entra, error: HTTPException) -> ResponseReturnValue:
    """Unknown paths and methods, in Graph's shape; the token comes first there, too."""
    code = error.code or 500
    if not gate.is_graph(request.path):
        return jsonify({"error": {"code": code, "message": error.name}}), code
    try:
        gate.authenticate(entra)
    except GraphError as refused:
        return gate.failed(entra, refused)
    if code == 405:
        return gate.failed(entra, not_allowed())
    if code == 404:
        segment = request.path.rpartition("/")[2]
        text = f"Resource not found for the segment '{segment}'."
        return gate.failed(entra, bad_request(text, code="BadRequest"))
    return gate.failed(entra, GraphError(code, "UnknownError", error.name))
