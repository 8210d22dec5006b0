"""The control API below `/_emulator/`: the kit's routes and PingOne's own."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from emulators.kit.control_api import body, control_api, done
from emulators.pingone.control import PingControl


def ping_control_api(control: PingControl) -> Blueprint:
    """The control routes."""
    routes = control_api(control)

    @routes.put("/limit")
    def limit() -> ResponseReturnValue:
        given = body()
        control.limit(int(given.get("left", 0)), seconds=int(given.get("seconds", 60)))
        return done()

    @routes.put("/roles")
    def roles() -> ResponseReturnValue:
        given = body()
        control.roles(
            *map(str, given.get("names", [])),
            scope=str(given.get("scope", "ENVIRONMENT")),
            scope_id=str(given.get("scope_id", "")),
        )
        return done()

    @routes.put("/auth-method")
    def auth_method() -> ResponseReturnValue:
        control.auth_method(str(body().get("method", "")))
        return done()

    @routes.post("/secret")
    def rotate_secret() -> ResponseReturnValue:
        """The new secret is told, as PingOne's own rotation tells it."""
        return jsonify({"secret": control.rotate_secret()})

    @routes.delete("/tokens")
    def revoke_tokens() -> ResponseReturnValue:
        control.revoke_tokens()
        return done()

    @routes.put("/mfa-policy")
    def mfa_policy() -> ResponseReturnValue:
        given = body()
        control.mfa_policy(str(given.pop("id", "")), **given)
        return done()

    @routes.put("/fido-policy")
    def fido_policy() -> ResponseReturnValue:
        given = body()
        control.fido_policy(str(given.pop("id", "")), **given)
        return done()

    @routes.put("/mfa-settings")
    def mfa_settings() -> ResponseReturnValue:
        given = body()
        control.mfa_settings(
            devices=int(given.get("devices", 5)),
            users_mfa_enabled=given.get("users_mfa_enabled") is True,
        )
        return done()

    @routes.put("/sign-on")
    def sign_on() -> ResponseReturnValue:
        given = body()
        control.sign_on(
            assigned=given.get("assigned", True) is True,
            mfa_policy_id=str(given.get("mfa_policy_id", "")),
        )
        return done()

    @routes.post("/sign-on")
    def begin_sign_on() -> ResponseReturnValue:
        given = body()
        begun = control.begin_sign_on(
            str(given.get("username", "")), rp_id=str(given.get("rp_id", ""))
        )
        return jsonify(begun)

    @routes.post("/environment/new")
    def new_environment() -> ResponseReturnValue:
        control.new_environment()
        return done()

    @routes.put("/users")
    def change_user() -> ResponseReturnValue:
        given = body()
        control.change_user(str(given.pop("username", "")), **given)
        return done()

    @routes.post("/devices")
    def add_device() -> ResponseReturnValue:
        given = body()
        user_id, kind = str(given.pop("user", "")), str(given.pop("type", ""))
        return jsonify({"id": control.add_device(user_id, kind, **given)})

    return routes
