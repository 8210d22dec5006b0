"""Kratos' public API as far as it is needed, and Hydra's token endpoint (ory.md 4.2, 5, 8b)."""

from __future__ import annotations

from urllib.parse import unquote_plus

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.ory.clients import OAuthError
from emulators.ory.emulator import Ory
from emulators.ory.errors import OryError, bad_request
from emulators.ory.login import FlowRefused, missing_flow
from emulators.ory.views import identity_json
from emulators.ory.wire import parse


def public_api(ory: Ory) -> Blueprint:
    """The public routes. None needs a key."""
    routes = Blueprint("public", __name__)

    @routes.get("/schemas")
    def schemas() -> ResponseReturnValue:
        link = '</schemas?page_size=250>; rel="first"'
        return jsonify(ory.schemas.all()), 200, {"Link": link}

    @routes.get("/schemas/<path:schema_id>")
    def schema(schema_id: str) -> ResponseReturnValue:
        return jsonify(ory.schemas.served(schema_id))

    @routes.get("/self-service/login/api")
    def begin_login() -> ResponseReturnValue:
        live = ory.sessions.find(_session_token(), ory.now())
        if live and request.args.get("refresh") != "true":
            raise OryError(
                400,
                "The request was malformed or contained invalid parameters",
                "A valid session was detected and thus login is not possible. "
                "Did you forget to set `?refresh=true`?",
                error_id="session_already_available",
            )
        flow = ory.logins.begin(
            request_url=ory.public_url + request.full_path.rstrip("?"),
            public_url=ory.public_url,
            now=ory.now(),
        )
        return jsonify(flow)

    @routes.get("/self-service/login/flows")
    def login_flow() -> ResponseReturnValue:
        return jsonify(ory.logins.flow(request.args.get("id", ""))["flow"])

    @routes.post("/self-service/login")
    def submit_login() -> ResponseReturnValue:
        if not request.args.get("flow"):
            raise missing_flow()
        body = parse(request.get_data())
        if not isinstance(body, dict):
            raise bad_request("The body is not a JSON object.")
        try:
            opened = ory.logins.submit(
                request.args["flow"],
                body,
                headers=dict(request.headers),
                cookies=request.cookies,
                now=ory.now(),
            )
        except FlowRefused as refusal:
            return jsonify(refusal.flow), 400
        identity = ory.identities.get(opened.pop("identity_id"))
        shown = identity_json(ory, identity, credentials=False, admin=False)
        return jsonify({**opened, "session": {**opened["session"], "identity": shown}})

    @routes.get("/sessions/whoami")
    def whoami() -> ResponseReturnValue:
        live = ory.sessions.find(_session_token(), ory.now())
        if live is None:
            raise OryError(
                401,
                "The request could not be authorized",
                "No valid session credentials found in the request.",
                error_id="session_inactive",
            )
        session, identity_id = live
        identity = ory.identities.get(identity_id)
        shown = identity_json(ory, identity, credentials=False, admin=False)
        return jsonify({**session, "identity": shown})

    @routes.delete("/self-service/logout/api")
    def logout() -> ResponseReturnValue:
        body = parse(request.get_data())
        token = body.get("session_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise bad_request("session_token is required")
        ory.sessions.end(token)
        return Response(status=204)

    @routes.post("/oauth2/token")
    def token() -> ResponseReturnValue:
        if request.form.get("grant_type") != "client_credentials":
            return jsonify({"error": "unsupported_grant_type"}), 400
        basic = request.authorization
        if basic is not None and basic.type == "basic":
            # RFC 6749 section 2.3.1: both are form-encoded before they are joined.
            method, client_id, secret = (
                "client_secret_basic",
                unquote_plus(basic.username or ""),
                unquote_plus(basic.password or ""),
            )
        else:
            method, client_id, secret = (
                "client_secret_post",
                request.form.get("client_id", ""),
                request.form.get("client_secret", ""),
            )
        try:
            granted = ory.clients.token(
                client_id=client_id,
                secret=secret,
                method=method,
                scope=request.form.get("scope", ""),
                now=ory.now(),
            )
        except OAuthError as error:
            return jsonify(error.body), error.code
        return jsonify(granted), 200, {"Cache-Control": "no-store"}

    @routes.get("/.well-known/openid-configuration")
    def discovery() -> ResponseReturnValue:
        return jsonify(
            {
                "issuer": ory.public_url,
                "token_endpoint": f"{ory.public_url}/oauth2/token",
                "jwks_uri": f"{ory.public_url}/.well-known/jwks.json",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "authorization_endpoint": f"{ory.public_url}/oauth2/auth",
            }
        )

    return routes


def _session_token() -> str:
    """`X-Session-Token`, or a Bearer token, which public routes take for one too (ory.md 3.6)."""
    given = request.headers.get("X-Session-Token")
    if given:
        return given
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
