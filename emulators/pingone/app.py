"""The WSGI application: auth.pingone.{tld} and api.pingone.{tld} on one host."""

from __future__ import annotations

import json

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from emulators.kit.edge import CONTROL, Edge
from emulators.kit.faults import Answer
from emulators.pingone.auth_api import auth_api
from emulators.pingone.control import PingControl
from emulators.pingone.control_api import ping_control_api
from emulators.pingone.devices_api import devices_api
from emulators.pingone.directory_api import directory_api
from emulators.pingone.emulator import PingOne
from emulators.pingone.errors import PingError
from emulators.pingone.page import page
from emulators.pingone.platform_api import platform_api, root_api
from emulators.pingone.policies_api import policies_api

BELOW = "/v1/environments/<environment_id>"


def create_app(ping: PingOne) -> PingEdge:
    """Both faces on one host: the token endpoint lies outside `/v1`."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.register_blueprint(ping_control_api(PingControl(ping)), url_prefix=CONTROL)
    app.register_blueprint(page(ping))
    app.register_blueprint(auth_api(ping))
    app.register_blueprint(root_api(ping), url_prefix="/v1")
    for below in (directory_api, devices_api, policies_api, platform_api):
        app.register_blueprint(below(ping), url_prefix=BELOW)
    app.register_error_handler(PingError, _refused)
    app.register_error_handler(HTTPException, _no_route)
    return PingEdge(app, ping)


class PingEdge(Edge):
    """The edge, with rate limits before faults (pingone.md 1.4)."""

    def __init__(self, app: Flask, ping: PingOne) -> None:
        super().__init__(app, ping)
        self._ping = ping

    def guarded(self, environ: dict[str, object], path: str) -> Answer:
        """The answer to a request: 429 when there are none left."""
        refusal = self._ping.limits.count(path, self._ping.now())
        if refusal is None:
            return self.faulty(environ, path)
        headers = [("Content-Type", "application/json"), *refusal.headers.items()]
        return refusal.status, headers, json.dumps(refusal.body()).encode()


def _refused(error: PingError) -> ResponseReturnValue:
    return jsonify(error.body()), error.status, error.headers


def _no_route(error: HTTPException) -> ResponseReturnValue:
    """Unknown paths and methods in PingOne's shape; 405 is documented ([D CONV])."""
    status = error.code or 500
    if status not in (404, 405, 500):
        return error.get_response()
    return jsonify(PingError(status, message=error.name).body()), status
