"""Kratos' and Hydra's admin API (ory.md 2, 5)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.ory import listing
from emulators.ory.emulator import Ory
from emulators.ory.errors import bad_request
from emulators.ory.views import identity_json
from emulators.ory.wire import parse

CREDENTIAL_TYPES = (
    "password", "oidc", "totp", "lookup_secret", "webauthn", "code", "passkey", "profile", "saml",
    "deviceauthn", "identifier_first", "link_recovery", "code_recovery",
)  # fmt: skip


def admin_api(ory: Ory, name: str) -> Blueprint:
    """The admin routes, below `/admin` or, on a self-hosted admin port, without it (ory.md 1)."""
    routes = Blueprint(name, __name__)

    def included() -> list[str]:
        types = request.args.getlist("include_credential")
        for kind in types:
            if kind not in CREDENTIAL_TYPES:
                raise bad_request(f"Invalid value `{kind}` for parameter `include_credential`.")
        return types

    def body() -> Any:
        return parse(request.get_data())

    @routes.post("/identities")
    def create() -> ResponseReturnValue:
        identity = ory.identities.create(body(), now=ory.now())
        location = f"{ory.admin_url}/admin/identities/{identity['id']}"
        return jsonify(identity_json(ory, identity)), 201, {"Location": location}

    @routes.get("/identities")
    def index() -> ResponseReturnValue:
        types = included()
        shown = bool(types) or ory.variants["list_credentials"] == "present"
        page = listing.page(ory, request.args)
        answer = jsonify(
            [
                identity_json(ory, identity, include=types, credentials=shown)
                for identity in page.items
            ]
        )
        if page.link:
            answer.headers["Link"] = page.link
        return answer

    @routes.patch("/identities")
    def batch() -> ResponseReturnValue:
        return jsonify({"identities": ory.identities.batch(body(), now=ory.now())})

    @routes.get("/identities/<identity_id>")
    def show(identity_id: str) -> ResponseReturnValue:
        types = included()
        return jsonify(identity_json(ory, ory.identities.get(identity_id), include=types))

    @routes.get("/identities/by/external/<path:external_id>")
    def by_external_id(external_id: str) -> ResponseReturnValue:
        types = included()
        found = ory.identities.by_external_id(external_id)
        return jsonify(identity_json(ory, found, include=types))

    @routes.put("/identities/<identity_id>")
    def replace(identity_id: str) -> ResponseReturnValue:
        identity = ory.identities.replace(identity_id, body(), now=ory.now())
        return jsonify(identity_json(ory, identity))

    @routes.patch("/identities/<identity_id>")
    def patch(identity_id: str) -> ResponseReturnValue:
        identity = ory.identities.patch(identity_id, body(), now=ory.now())
        return jsonify(identity_json(ory, identity))

    @routes.delete("/identities/<identity_id>")
    def delete(identity_id: str) -> ResponseReturnValue:
        known = ory.identities.get(identity_id)["id"]
        ory.sessions.end_all(known)
        ory.identities.delete(known)
        return Response(status=204)

    @routes.delete("/identities/<identity_id>/credentials/<kind>")
    def delete_credential(identity_id: str, kind: str) -> ResponseReturnValue:
        identifier = request.args.get("identifier", "")
        ory.identities.delete_credential(identity_id, kind, identifier, now=ory.now())
        return Response(status=204)

    @routes.get("/identities/<identity_id>/sessions")
    def sessions(identity_id: str) -> ResponseReturnValue:
        return jsonify(ory.sessions.of_identity(ory.identities.get(identity_id)["id"]))

    @routes.delete("/identities/<identity_id>/sessions")
    def end_sessions(identity_id: str) -> ResponseReturnValue:
        ory.sessions.end_all(ory.identities.get(identity_id)["id"])
        return Response(status=204)

    @routes.post("/clients")
    def create_client() -> ResponseReturnValue:
        return jsonify(ory.clients.create(body(), now=ory.now())), 201

    @routes.get("/clients")
    def clients() -> ResponseReturnValue:
        return jsonify(ory.clients.all())

    @routes.get("/clients/<client_id>")
    def client(client_id: str) -> ResponseReturnValue:
        return jsonify(ory.clients.get(client_id))

    @routes.delete("/clients/<client_id>")
    def delete_client(client_id: str) -> ResponseReturnValue:
        ory.clients.delete(client_id)
        return Response(status=204)

    return routes
