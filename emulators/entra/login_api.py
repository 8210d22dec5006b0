"""The token endpoint: client credentials with a secret or a certificate (entra.md 1)."""

from __future__ import annotations

import hmac
import uuid
from datetime import datetime

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.entra import assertion
from emulators.entra.emulator import Entra
from emulators.entra.errors import LoginError
from emulators.entra.tokens import GRAPH

FORM = "application/x-www-form-urlencoded"
HOST = "https://graph.microsoft.com"


def login_api(entra: Entra) -> Blueprint:
    """`POST /{tenant}/oauth2/v2.0/token`."""
    routes = Blueprint("login", __name__)

    @routes.post("/<tenant>/oauth2/v2.0/token")
    def token(tenant: str) -> ResponseReturnValue:
        _check_tenant(entra, tenant)
        grant = request.form.get("grant_type", "")
        if request.mimetype != FORM or not grant:
            raise _missing("grant_type")
        if grant != "client_credentials":
            raise LoginError(
                400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."
            )
        client_id, secret = _client()
        _check_application(entra, client_id, tenant)
        _check_proof(entra, client_id, secret, tenant)
        resource = _resource(request.form.get("scope", ""))
        issued = entra.tokens.issue(
            tenant_id=entra.tenant_id,
            client_id=entra.application.client_id,
            resource=resource,
            roles=entra.application.roles,
            now=entra.now(),
        )
        # Never a refresh token (entra.md 1 [D S7]).
        body = {"token_type": "Bearer", "expires_in": entra.tokens.life, "access_token": issued}
        return jsonify(body), 200, {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}

    def _client() -> tuple[str, str | None]:
        """Client id and secret, from the body; by Basic only where a switch says so."""
        given = request.authorization
        if given is not None and given.type == "basic":
            if entra.variants["basic_credentials"] == "refused":
                raise LoginError(
                    401, "invalid_client", 7000218, "The request body must contain the following "
                    "parameter: 'client_assertion' or 'client_secret'.",
                )  # fmt: skip
            return given.username or "", given.password
        client_id = request.form.get("client_id", "")
        if not client_id:
            raise _missing("client_id")
        return client_id, request.form.get("client_secret")

    @routes.errorhandler(LoginError)
    def refused(error: LoginError) -> ResponseReturnValue:
        body = error.body(
            now=entra.now(),
            trace_id=str(uuid.uuid4()),
            correlation_id=request.headers.get("client-request-id") or str(uuid.uuid4()),
            url=request.host_url.rstrip("/"),
        )
        return jsonify(body), error.status

    return routes


def _check_tenant(entra: Entra, tenant: str) -> None:
    if tenant.lower() not in entra.tenant_names:
        raise LoginError(
            400,
            "invalid_request",
            90002,
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and "
            "are signing into the correct cloud.",
        )


def _check_application(entra: Entra, client_id: str, tenant: str) -> None:
    if client_id.lower() != entra.application.client_id:
        raise LoginError(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory '{tenant}'.",
        )
    if not entra.application.enabled:
        raise LoginError(
            400,
            "unauthorized_client",
            7000112,
            f"Application '{client_id}'(Latchkey) is disabled.",
        )


def _check_proof(entra: Entra, client_id: str, secret: str | None, tenant: str) -> None:
    """A secret, or an assertion in its place."""
    text = request.form.get("client_assertion", "")
    if secret:
        _check_secret(entra, secret)
        return
    if not text:
        raise LoginError(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or "
            "'client_secret'.",
        )
    if request.form.get("client_assertion_type") != assertion.TYPE:
        raise _missing("client_assertion_type")
    names = {tenant, entra.tenant_id}
    jti = assertion.verify(
        text,
        client_id=client_id,
        audiences={f"{request.host_url}{name}/oauth2/v2.0/token" for name in names},
        certificates=entra.application.certificates(),
        now=entra.now(),
    )
    if entra.assertion_was_used(jti) and entra.variants["assertion_replay"] == "refused":
        raise LoginError(401, "invalid_client", 50013, "The client assertion was used before.")


def _check_secret(entra: Entra, secret: str) -> None:
    known = [
        kept
        for kept in entra.application.all()["secrets"]
        if hmac.compare_digest(kept["value"].encode(), secret.encode())
    ]
    client_id = entra.application.client_id
    if not known:
        raise LoginError(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the "
            f"client secret value, not the client secret ID, for a secret added to app "
            f"'{client_id}'.",
        )
    if datetime.fromisoformat(known[0]["expires"]) <= entra.now():
        raise LoginError(
            401,
            "invalid_client",
            7000222,
            f"The provided client secret keys for app '{client_id}' are expired.",
        )


def _resource(scope: str) -> str:
    """Of "resource/.default"; the scope follows the Graph host (entra.md 1 [D S7 S11])."""
    resource, _, rest = scope.rpartition("/")
    here = request.host_url.rstrip("/")
    if rest != ".default" or resource not in (HOST, GRAPH, here):
        raise LoginError(
            400,
            "invalid_scope",
            70011,
            "The provided request must include a 'scope' input parameter. The provided value for "
            f"the input parameter 'scope' is not valid. The scope {scope} is not valid.",
        )
    return resource


def _missing(name: str) -> LoginError:
    return LoginError(
        400,
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{name}'.",
    )
