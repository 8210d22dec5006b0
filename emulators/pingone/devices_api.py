"""MFA devices and the MFA flag of users (pingone.md 2, 3)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.pingone import activation, devices, users, wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import not_found
from emulators.pingone.filters import Grammar, parse
from emulators.pingone.gate import enter, seen_user
from emulators.pingone.lists import whole

REORDER = "application/vnd.pingidentity.devices.reorder+json"
FORGET_ORDER = "application/vnd.pingidentity.devices.order.remove+json"
ACTIVATE = "application/vnd.pingidentity.device.activate+json"
# pingone.md 3.3 [3P CM]: the only filter seen.
FILTER = Grammar({"status": ("eq",)}, folded=False)


def devices_api(ping: PingOne) -> Blueprint:
    """The routes below an environment."""
    routes = Blueprint("devices", __name__)

    def user_of(environment_id: str, user_id: str, permission: str) -> Document:
        user: Document = seen_user(ping, enter(ping, environment_id, permission), user_id)
        return user

    def device_of(environment_id: str, user_id: str, device_id: str, permission: str) -> Document:
        user = user_of(environment_id, user_id, permission)
        device = ping.one(user["environment"]["id"], devices.KIND, device_id)
        if device is None or device["user"]["id"] != user["id"]:
            raise not_found()
        return device

    @routes.get("/users/<user_id>/devices")
    def index(environment_id: str, user_id: str) -> ResponseReturnValue:
        """All types in one list, without pages (pingone.md 3.3)."""
        held = devices.of_user(ping, user_of(environment_id, user_id, "read:device"))
        text = request.args.get("filter")
        match = parse(text, FILTER) if text is not None else None
        shown = (devices.view(ping, one) for one in held if match is None or match(one))
        return jsonify(whole(ping, "devices", shown))

    @routes.post("/users/<user_id>/devices")
    def create(environment_id: str, user_id: str) -> ResponseReturnValue:
        """Two operations that differ by content type only (pingone.md 3.1)."""
        user = user_of(environment_id, user_id, "write:device")
        ordering = wire.media(wire.JSON, REORDER) == REORDER
        given = wire.body(wire.JSON, REORDER)
        if ordering:
            held = devices.reorder(ping, user, given)
            return jsonify(whole(ping, "devices", (devices.view(ping, one) for one in held)))
        device, options = devices.begin(ping, user, given)
        shown = devices.view(ping, device) | {"publicKeyCredentialCreationOptions": options}
        return jsonify(shown), 201

    @routes.delete("/users/<user_id>/devices")
    def forget_order(environment_id: str, user_id: str) -> ResponseReturnValue:
        user = user_of(environment_id, user_id, "write:device")
        wire.media(FORGET_ORDER)
        devices.forget_order(ping, user)
        return Response(status=204)

    @routes.get("/users/<user_id>/devices/<device_id>")
    def show(environment_id: str, user_id: str, device_id: str) -> ResponseReturnValue:
        device = device_of(environment_id, user_id, device_id, "read:device")
        return jsonify(devices.view(ping, device))

    @routes.post("/users/<user_id>/devices/<device_id>")
    def activate(environment_id: str, user_id: str, device_id: str) -> ResponseReturnValue:
        device = device_of(environment_id, user_id, device_id, "write:device")
        active = activation.activate(ping, device, wire.body(ACTIVATE))
        return jsonify(devices.view(ping, active))

    @routes.delete("/users/<user_id>/devices/<device_id>")
    def delete(environment_id: str, user_id: str, device_id: str) -> ResponseReturnValue:
        device = device_of(environment_id, user_id, device_id, "write:device")
        ping.store.delete(devices.KIND, device["id"])
        return Response(status=204)

    @routes.put("/users/<user_id>/devices/<device_id>/nickname")
    def nickname(environment_id: str, user_id: str, device_id: str) -> ResponseReturnValue:
        device = device_of(environment_id, user_id, device_id, "write:device")
        return jsonify(devices.view(ping, devices.name(ping, device, wire.body())))

    @routes.get("/users/<user_id>/mfaEnabled")
    def mfa_enabled(environment_id: str, user_id: str) -> ResponseReturnValue:
        user = user_of(environment_id, user_id, "read:device")
        return jsonify({"mfaEnabled": user["mfaEnabled"]})

    @routes.put("/users/<user_id>/mfaEnabled")
    def enable_mfa(environment_id: str, user_id: str) -> ResponseReturnValue:
        """The only way after creation (pingone.md 2 [C SDK])."""
        user = user_of(environment_id, user_id, "write:device")
        user["mfaEnabled"] = wire.flag(wire.body().get("mfaEnabled"), "mfaEnabled")
        return jsonify({"mfaEnabled": users.touch(ping, user)["mfaEnabled"]})

    return routes
