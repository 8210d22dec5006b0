"""The control routes below `/_emulator/` that only Entra has."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from emulators.entra.control import Control
from emulators.entra.emulator import Entra
from emulators.kit.control_api import body, done
from emulators.kit.control_api import control_api as base


def control_api(entra: Entra) -> Blueprint:
    """The control routes."""
    control = Control(entra)
    routes = base(control)

    @routes.put("/limit")
    def limit() -> ResponseReturnValue:
        given = body()
        control.limit(
            int(given.get("left", 0)),
            seconds=int(given.get("seconds", 60)),
            path=str(given.get("path", "")),
        )
        return done()

    @routes.put("/roles")
    def roles() -> ResponseReturnValue:
        control.consent(*map(str, body().get("roles", [])))
        return done()

    @routes.put("/application")
    def application() -> ResponseReturnValue:
        control.enable_application(bool(body().get("enabled", True)))
        return done()

    @routes.post("/secret/expire")
    def expire_secret() -> ResponseReturnValue:
        control.expire_secret(in_days=float(body().get("in_days", 0)))
        return done()

    @routes.post("/tokens/expire")
    def expire_tokens() -> ResponseReturnValue:
        control.expire_tokens()
        return done()

    @routes.put("/policy")
    def policy() -> ResponseReturnValue:
        control.policy(**body())
        return done()

    return routes
