"""Tokens and sign-ons, under auth.pingone.{tld} or a custom domain (pingone.md 1.2, 6.2)."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.pingone import sign_on, wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import OAuthError, not_found
from emulators.pingone.tokens import issue

FORM = "application/x-www-form-urlencoded"


def auth_api(ping: PingOne) -> Blueprint:
    """Its routes."""
    routes = Blueprint("auth", __name__)

    @routes.errorhandler(OAuthError)
    def refused(error: OAuthError) -> ResponseReturnValue:
        headers = {"Cache-Control": "no-store"}
        if error.status == 401:
            headers["WWW-Authenticate"] = "Basic"
        return jsonify(error.body), error.status, headers

    @routes.post("/<environment_id>/as/token")
    def token(environment_id: str) -> ResponseReturnValue:
        environment = ping.store.get("environment", environment_id.lower())
        if environment is None:
            status = int(ping.variants["unknown_token_environment"])
            raise OAuthError(status, "invalid_request", "The environment was not found")
        return _granted(ping, environment)

    @routes.post("/as/token")
    def token_of_custom_domain() -> ResponseReturnValue:
        """With a custom domain the path names no environment (pingone.md 1.2 [3P KEY])."""
        environment = next(
            (
                ping.store.get("environment", domain["environment"]["id"])
                for domain in ping.store.all("customDomain")
                if domain["status"] == "ACTIVE"
            ),
            None,
        )
        if environment is None:
            raise OAuthError(404, "invalid_request", "There is no custom domain")
        return _granted(ping, environment)

    @routes.post("/<environment_id>/deviceAuthentications/<authentication_id>")
    def check_assertion(environment_id: str, authentication_id: str) -> ResponseReturnValue:
        """No token: the browser that signs on asks (pingone.md 6.2)."""
        given = wire.body(sign_on.CHECK)
        found = ping.one(environment_id.lower(), sign_on.KIND, authentication_id)
        if found is None:
            raise not_found()
        return jsonify(sign_on.view(sign_on.check(ping, found, given)))

    return routes


def _granted(ping: PingOne, environment: Document) -> ResponseReturnValue:
    if request.mimetype != FORM:
        raise OAuthError(400, "invalid_request", f"The content type must be {FORM}")
    if request.form.get("grant_type") != "client_credentials":
        raise OAuthError(400, "unsupported_grant_type", "The grant type is not supported")
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        if "client_secret" in request.form:
            raise OAuthError(400, "invalid_request", "Two client authentications were sent")
        client_id, secret = basic.username or "", basic.password or ""
        method = "CLIENT_SECRET_BASIC"
    else:
        client_id = request.form.get("client_id", "")
        secret = request.form.get("client_secret", "")
        method = "CLIENT_SECRET_POST" if secret else "NONE"
    answer = issue(ping, environment, client_id=client_id, secret=secret, method=method)
    return jsonify(answer), 200, {"Cache-Control": "no-store"}
