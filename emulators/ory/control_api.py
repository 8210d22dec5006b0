"""The control API below `/_emulator/`: for local programs only, never for web pages."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.ory.control import Control
from emulators.ory.emulator import Ory
from emulators.ory.faults import Faults

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def control_api(ory: Ory) -> Blueprint:
    """The control routes."""
    routes = Blueprint("control", __name__)
    control = Control(ory)

    @routes.before_request
    def only_local_programs() -> None:
        """From loopback, under a loopback name, and from no web page."""
        address = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - stands for "unknown"
        host = request.host.rpartition(":")[0] or request.host
        if not address.is_loopback or host not in LOCAL_NAMES or request.headers.get("Origin"):
            abort(403)

    @routes.errorhandler(ValueError)
    def wrong(error: ValueError) -> ResponseReturnValue:
        return jsonify({"error": {"code": 400, "message": str(error)}}), 400

    def body() -> dict[str, Any]:
        given = request.get_json(silent=True)
        if not isinstance(given, dict):
            raise ValueError("the body is no JSON object")
        return given

    def done() -> Response:
        return Response(status=204)

    @routes.get("/")
    def state() -> ResponseReturnValue:
        return jsonify(
            {
                "flavour": ory.edition.flavour,
                "version": ory.edition.version,
                "relying_party": {
                    "id": ory.logins.party.id,
                    "origins": ory.logins.party.origins,
                },
                "variants": ory.variants.all(),
            }
        )

    @routes.post("/faults")
    def add_fault() -> ResponseReturnValue:
        control.fault(Faults.from_json(body()))
        return done()

    @routes.delete("/faults")
    def clear_faults() -> ResponseReturnValue:
        control.clear_faults()
        return done()

    @routes.post("/release")
    def release() -> ResponseReturnValue:
        control.release()
        return done()

    @routes.put("/limit")
    def limit() -> ResponseReturnValue:
        given = body()
        control.limit(int(given.get("left", 0)), seconds=int(given.get("seconds", 60)))
        return done()

    @routes.put("/variants")
    def vary() -> ResponseReturnValue:
        control.vary(**body())
        return done()

    @routes.put("/relying-party")
    def relying_party() -> ResponseReturnValue:
        given = body()
        control.relying_party(str(given.get("id", "")), *map(str, given.get("origins", [])))
        return done()

    @routes.post("/clock")
    def forward() -> ResponseReturnValue:
        control.forward(float(body().get("forward", 0)))
        return done()

    @routes.post("/flows/expire")
    def expire_flows() -> ResponseReturnValue:
        control.expire_flows()
        return done()

    @routes.get("/requests")
    def requests() -> ResponseReturnValue:
        return jsonify(ory.recorder.as_json())

    @routes.delete("/requests")
    def forget_requests() -> ResponseReturnValue:
        control.forget_requests()
        return done()

    @routes.post("/reset")
    def reset() -> ResponseReturnValue:
        control.reset()
        return done()

    return routes
