"""Environment, applications, roles and sign-on policies (pingone.md 5, 6b)."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.pingone import roles, tokens, wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import not_found
from emulators.pingone.filters import Grammar, parse
from emulators.pingone.gate import assignments, enter, enter_roles, worker
from emulators.pingone.lists import whole

# [D QPR]: custom roles filter by type only.
ROLE_FILTER = Grammar({"type": ("eq",)})


def root_api(ping: PingOne) -> Blueprint:
    """What lies outside an environment, and the environment itself."""
    routes = Blueprint("root", __name__)

    @routes.get("/environments/<environment_id>")
    def environment(environment_id: str) -> ResponseReturnValue:
        """404 for an unknown one: this alone tells (pingone.md 1.3 [C TF])."""
        worker(ping)
        if ping.store.get("environment", environment_id.lower()) is None:
            raise not_found()
        reach = enter(ping, environment_id, "read:environment")
        here = f"{ping.api}/environments/{reach.id}"
        return jsonify({"_links": {"self": {"href": here}}, **reach.environment})

    @routes.get("/roles")
    def built_in() -> ResponseReturnValue:
        enter_roles(ping)
        return jsonify(whole(ping, "roles", map(roles.role_json, roles.BUILT_IN)))

    @routes.get("/roles/<role_id>")
    def one_role(role_id: str) -> ResponseReturnValue:
        enter_roles(ping)
        for name in roles.BUILT_IN:
            if roles.role_id(name) == role_id.lower():
                return jsonify(roles.role_json(name))
        raise not_found()

    return routes


def platform_api(ping: PingOne) -> Blueprint:
    """The routes below an environment."""
    routes = Blueprint("platform", __name__)

    def found(environment_id: str, kind: str, document_id: str, permission: str) -> Document:
        reach = enter(ping, environment_id, permission)
        document = ping.one(reach.id, kind, document_id)
        if document is None:
            raise not_found()
        return document

    @routes.get("/capabilities")
    def capabilities(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:environment")
        return jsonify(ping.store.get("capabilities", reach.id))

    @routes.get("/customDomains")
    def custom_domains(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:customDomain")
        return jsonify(whole(ping, "customDomains", ping.of(reach.id, "customDomain")))

    @routes.get("/roles")
    def custom_roles(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:role")
        text = request.args.get("filter")
        match = parse(text, ROLE_FILTER) if text is not None else None
        found_roles = [one for one in ping.of(reach.id, "role") if match is None or match(one)]
        return jsonify(whole(ping, "roles", found_roles))

    @routes.get("/applications")
    def applications(environment_id: str) -> ResponseReturnValue:
        """No filter and no limit (pingone.md 6b)."""
        reach = enter(ping, environment_id, "read:application")
        return jsonify(whole(ping, "applications", ping.of(reach.id, "application")))

    @routes.get("/applications/<application_id>")
    def application(environment_id: str, application_id: str) -> ResponseReturnValue:
        """By id; a client id that is not the id is not found (pingone.md 6b [I])."""
        return jsonify(found(environment_id, "application", application_id, "read:application"))

    @routes.get("/applications/<application_id>/roleAssignments")
    def role_assignments(environment_id: str, application_id: str) -> ResponseReturnValue:
        one = found(environment_id, "application", application_id, "read:role")
        shown = (
            {name: value for name, value in held.items() if name != "owner"}
            for held in assignments(ping, one["id"])
        )
        return jsonify(whole(ping, "roleAssignments", shown))

    @routes.get("/applications/<application_id>/signOnPolicyAssignments")
    def policy_assignments(environment_id: str, application_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:assignment")
        if ping.one(reach.id, "application", application_id) is None:
            raise not_found()
        held = (
            one
            for one in ping.of(reach.id, "signOnPolicyAssignment")
            if one["application"]["id"] == application_id.lower()
        )
        return jsonify(whole(ping, "signOnPolicyAssignments", held))

    @routes.get("/applications/<application_id>/secret")
    def secret(environment_id: str, application_id: str) -> ResponseReturnValue:
        one = found(environment_id, "application", application_id, "read:secret")
        return jsonify(
            {"environment": one["environment"], "secret": tokens.secret_of(ping, one["id"])}
        )

    @routes.post("/applications/<application_id>/secret")
    def rotate(environment_id: str, application_id: str) -> ResponseReturnValue:
        """pingone.md 5: a rotation endpoint exists; its body is not described."""
        one = found(environment_id, "application", application_id, "read:secret")
        wire.media(wire.JSON, "")
        return jsonify(
            {"environment": one["environment"], "secret": tokens.rotate(ping, one["id"])}
        )

    @routes.get("/signOnPolicies")
    def sign_on_policies(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:signOnPolicy")
        return jsonify(whole(ping, "signOnPolicies", ping.of(reach.id, "signOnPolicy")))

    @routes.get("/signOnPolicies/<policy_id>")
    def sign_on_policy(environment_id: str, policy_id: str) -> ResponseReturnValue:
        return jsonify(found(environment_id, "signOnPolicy", policy_id, "read:signOnPolicy"))

    @routes.get("/signOnPolicies/<policy_id>/actions")
    def actions(environment_id: str, policy_id: str) -> ResponseReturnValue:
        policy = found(environment_id, "signOnPolicy", policy_id, "read:signOnPolicy")
        return jsonify(whole(ping, "actions", _actions(ping, policy)))

    @routes.get("/signOnPolicies/<policy_id>/actions/<action_id>")
    def action(environment_id: str, policy_id: str, action_id: str) -> ResponseReturnValue:
        policy = found(environment_id, "signOnPolicy", policy_id, "read:signOnPolicy")
        for one in _actions(ping, policy):
            if one["id"] == action_id.lower():
                return jsonify(one)
        raise not_found()

    return routes


def _actions(ping: PingOne, policy: Document) -> list[Document]:
    """In the order of priority, lower first (pingone.md 6b)."""
    held = (
        one
        for one in ping.of(policy["environment"]["id"], "action")
        if one["signOnPolicy"]["id"] == policy["id"]
    )
    return sorted(held, key=lambda one: int(one["priority"]))
