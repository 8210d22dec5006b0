"""The WSGI applications: one for Ory Network, two (public and admin) for a self-hosted Kratos."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from emulators.kit.edge import CONTROL
from emulators.ory import gate
from emulators.ory.admin_api import admin_api
from emulators.ory.control_api import control_api
from emulators.ory.edge import Edge
from emulators.ory.emulator import Ory
from emulators.ory.errors import OryError
from emulators.ory.page import page
from emulators.ory.public_api import public_api

MOVED = ("/schemas", "/self-service/", "/sessions/")


def create_app(ory: Ory) -> Edge:
    """Ory Network: both APIs on one host, the admin API behind project keys (ory.md 1)."""
    app = _flask(ory)
    app.register_blueprint(admin_api(ory, "admin"), url_prefix="/admin")
    app.register_blueprint(public_api(ory))
    app.before_request(lambda: gate.guard_network(ory))

    @app.get("/version")
    def version() -> ResponseReturnValue:
        return jsonify({"version": ory.edition.version})

    return Edge(app, ory, "network")


def create_public_app(ory: Ory) -> Edge:
    """A self-hosted public port: admin paths are sent to the admin port with 307 (ory.md 1 [K])."""
    app = _flask(ory)
    app.register_blueprint(public_api(ory))
    _add_health(app, ory)

    @app.before_request
    def send_to_admin() -> ResponseReturnValue | None:
        return _redirect(ory.admin_url) if request.path.startswith("/admin/") else None

    return Edge(app, ory, "public")


def create_admin_app(ory: Ory) -> Edge:
    """A self-hosted admin port: no key, with or without `/admin` before the path (ory.md 1 [K])."""
    app = _flask(ory)
    app.register_blueprint(admin_api(ory, "admin"), url_prefix="/admin")
    app.register_blueprint(admin_api(ory, "bare"))
    _add_health(app, ory)

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        if request.path.startswith(MOVED):
            return _redirect(ory.public_url)
        if request.path.startswith(CONTROL):
            return None
        return gate.guard_proxy(ory) or gate.guard_gateway(ory)

    return Edge(app, ory, "admin")


def _flask(ory: Ory) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.register_blueprint(control_api(ory), url_prefix=CONTROL)
    app.register_blueprint(page(ory))
    app.register_error_handler(OryError, _ory_error)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _add_health(app: Flask, ory: Ory) -> None:
    """ory.md 8 step 1: only self-hosted has them both."""

    @app.get("/health/ready")
    @app.get("/health/alive")
    def health() -> dict[str, Any]:
        return {"status": "ok"}

    @app.get("/version")
    def version() -> dict[str, Any]:
        return {"version": ory.edition.version}


def _redirect(base: str) -> Response:
    return redirect(base + request.full_path.rstrip("?"), code=307)  # type: ignore[return-value]


def _ory_error(error: OryError) -> ResponseReturnValue:
    return jsonify(error.body()), error.code, error.headers


def _http_error(error: HTTPException) -> ResponseReturnValue:
    """Unknown paths and methods, in Ory's shape."""
    code = error.code or 500
    return jsonify(OryError(code, "The requested resource could not be found").body()), code
