"""The control routes below `/_emulator/` that only Ory has."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from emulators.kit.control_api import body, done
from emulators.kit.control_api import control_api as base
from emulators.ory.control import Control
from emulators.ory.emulator import Ory


def control_api(ory: Ory) -> Blueprint:
    """The control routes."""
    control = Control(ory)
    routes = base(control)

    @routes.put("/limit")
    def limit() -> ResponseReturnValue:
        given = body()
        control.limit(int(given.get("left", 0)), seconds=int(given.get("seconds", 60)))
        return done()

    @routes.put("/relying-party")
    def relying_party() -> ResponseReturnValue:
        given = body()
        control.relying_party(str(given.get("id", "")), *map(str, given.get("origins", [])))
        return done()

    @routes.post("/flows/expire")
    def expire_flows() -> ResponseReturnValue:
        control.expire_flows()
        return done()

    @routes.post("/tokens/revoke")
    def revoke_tokens() -> ResponseReturnValue:
        control.revoke_tokens()
        return done()

    return routes
