"""The control API below `/_emulator/`: for local programs only, never for web pages."""

from __future__ import annotations

from dataclasses import asdict
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.kit.control import Control
from emulators.kit.faults import Faults

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def body() -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        ValueError: answered with 400, as any ValueError of a control route.
    """
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise ValueError("the body is no JSON object")
    return given


def done() -> Response:
    """204."""
    return Response(status=204)


def control_api(control: Control) -> Blueprint:
    """The control routes that every emulator has; a vendor adds its own before registering it."""
    routes = Blueprint("control", __name__)

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

    @routes.get("/")
    def state() -> ResponseReturnValue:
        return jsonify(control.state())

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

    @routes.put("/variants")
    def vary() -> ResponseReturnValue:
        control.vary(**body())
        return done()

    @routes.post("/clock")
    def forward() -> ResponseReturnValue:
        control.forward(float(body().get("forward", 0)))
        return done()

    @routes.get("/requests")
    def requests() -> ResponseReturnValue:
        return jsonify([asdict(seen) for seen in control.requests()])

    @routes.delete("/requests")
    def forget_requests() -> ResponseReturnValue:
        control.forget_requests()
        return done()

    @routes.post("/reset")
    def reset() -> ResponseReturnValue:
        control.reset()
        return done()

    return routes
