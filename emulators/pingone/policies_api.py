"""FIDO policies, MFA policies, MFA settings and metadata (pingone.md 4)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.pingone import fido_policies, metadata, settings, wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import no_access, not_found
from emulators.pingone.gate import enter
from emulators.pingone.lists import whole

MFA_POLICY = "deviceAuthenticationPolicy"


def policies_api(ping: PingOne) -> Blueprint:
    """The routes below an environment."""
    routes = Blueprint("policies", __name__)

    def found(environment_id: str, kind: str, document_id: str, permission: str) -> Document:
        reach = enter(ping, environment_id, permission)
        document = ping.one(reach.id, kind, document_id)
        if document is None:
            raise not_found()
        return document

    def fido(policy: Document) -> Document:
        expanded = request.args.get("expand") == "deviceAuthenticationPolicies"
        users = _users_of(ping, policy) if expanded else None
        return fido_policies.view(ping, policy, users=users)

    @routes.get("/fido2Policies")
    def index(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:policy")
        policies = ping.of(reach.id, fido_policies.KIND)
        return jsonify(whole(ping, "fido2Policies", map(fido, policies)))

    @routes.post("/fido2Policies")
    def create(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "write:policy")
        return jsonify(fido(fido_policies.write(ping, reach.id, wire.body(), None))), 201

    @routes.get("/fido2Policies/<policy_id>")
    def show(environment_id: str, policy_id: str) -> ResponseReturnValue:
        return jsonify(fido(found(environment_id, fido_policies.KIND, policy_id, "read:policy")))

    @routes.put("/fido2Policies/<policy_id>")
    def replace(environment_id: str, policy_id: str) -> ResponseReturnValue:
        before = found(environment_id, fido_policies.KIND, policy_id, "write:policy")
        written = fido_policies.write(ping, before["environment"]["id"], wire.body(), before)
        return jsonify(fido(written))

    @routes.delete("/fido2Policies/<policy_id>")
    def delete(environment_id: str, policy_id: str) -> ResponseReturnValue:
        fido_policies.remove(
            ping, found(environment_id, fido_policies.KIND, policy_id, "write:policy")
        )
        return Response(status=204)

    @routes.route("/fidoPolicies", methods=["GET", "POST"])
    def legacy(environment_id: str) -> ResponseReturnValue:
        """Only for environments made before 2023-06-19, which this is not (pingone.md 6.6)."""
        enter(ping, environment_id, "read:policy")
        raise no_access()

    @routes.get("/deviceAuthenticationPolicies")
    def mfa_policies(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:policy")
        policies = (_mfa_view(ping, one) for one in ping.of(reach.id, MFA_POLICY))
        return jsonify(whole(ping, "deviceAuthenticationPolicies", policies))

    @routes.get("/deviceAuthenticationPolicies/<policy_id>")
    def mfa_policy(environment_id: str, policy_id: str) -> ResponseReturnValue:
        policy = found(environment_id, MFA_POLICY, policy_id, "read:policy")
        return jsonify(_mfa_view(ping, policy))

    @routes.get("/mfaSettings")
    def read_settings(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:policy")
        return jsonify(settings.view(ping, reach.id))

    @routes.put("/mfaSettings")
    def write_settings(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "write:policy")
        settings.write(ping, reach.id, wire.body())
        return jsonify(settings.view(ping, reach.id))

    @routes.get("/fidoDevicesMetadata")
    def all_metadata(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:policy")
        entries = (metadata.view(ping, one) for one in ping.of(reach.id, metadata.KIND))
        return jsonify(whole(ping, "fidoDevicesMetadata", entries))

    @routes.post("/fidoDevicesMetadata")
    def add_metadata(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "write:policy")
        entry = metadata.add(ping, reach.id, wire.body())
        return jsonify(metadata.view(ping, entry)), 201

    @routes.get("/fidoDevicesMetadata/<entry_id>")
    def one_metadata(environment_id: str, entry_id: str) -> ResponseReturnValue:
        entry = found(environment_id, metadata.KIND, entry_id, "read:policy")
        return jsonify(metadata.view(ping, entry))

    @routes.delete("/fidoDevicesMetadata/<entry_id>")
    def drop_metadata(environment_id: str, entry_id: str) -> ResponseReturnValue:
        entry = found(environment_id, metadata.KIND, entry_id, "write:policy")
        metadata.remove(ping, entry)
        return Response(status=204)

    return routes


def _users_of(ping: PingOne, policy: Document) -> list[str]:
    """The MFA policies that use a FIDO policy; null uses the default (pingone.md 3.1 [C SDK])."""
    return [
        one["id"]
        for one in ping.of(policy["environment"]["id"], MFA_POLICY)
        if (one["fido2"].get("fido2PolicyId") or "") == policy["id"]
        or (not one["fido2"].get("fido2PolicyId") and policy["default"])
    ]


def _mfa_view(ping: PingOne, policy: Document) -> Document:
    here = f"{ping.api}/environments/{policy['environment']['id']}"
    fido2 = dict(policy["fido2"])
    if fido2.get("fido2PolicyId") is None:
        fido2.pop("fido2PolicyId", None)
        if ping.variants["null_policy_id"] == "null":
            fido2["fido2PolicyId"] = None
    links = {
        "self": {"href": f"{here}/deviceAuthenticationPolicies/{policy['id']}"},
        "environment": {"href": here},
    }
    return {"_links": links, **policy, "fido2": fido2}
