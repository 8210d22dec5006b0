"""The token endpoint's rules: client authentication and access tokens (pingone.md 1.2, 5)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import timedelta
from typing import Any

from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import OAuthError
from emulators.pingone.moments import moment, stamp

LIFE = timedelta(seconds=3600)
"""pingone.md 1.2 [D "valid for one hour"]."""
METHODS = ("NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST", "CLIENT_SECRET_JWT",
           "PRIVATE_KEY_JWT")  # fmt: skip
TLDS = {"NA": "com", "CA": "ca", "EU": "eu", "AU": "com.au", "SG": "sg", "AP": "asia"}
"""pingone.md 1.1."""


def issue(
    ping: PingOne, environment: Document, *, client_id: str, secret: str, method: str
) -> dict[str, Any]:
    """A token by client credentials.

    Args:
        ping: the emulator.
        environment: where the application lives.
        client_id: as sent.
        secret: as sent.
        method: how they were sent: CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, or NONE where
            no secret was sent.

    Raises:
        OAuthError: 401 invalid_client, 400 unauthorized_client.
    """
    application = next(
        (one for one in ping.of(environment["id"], "application") if one["clientId"] == client_id),
        None,
    )
    if application is None:
        raise OAuthError(401, "invalid_client", "Request denied: Unknown client")
    if method == "NONE" or application["tokenEndpointAuthMethod"] != method:
        raise OAuthError(401, "invalid_client", "Request denied: Unsupported authentication method")
    if not hmac.compare_digest(secret_of(ping, application["id"]).encode(), secret.encode()):
        raise OAuthError(401, "invalid_client", "Request denied: Invalid client credentials")
    if not application["enabled"]:
        raise OAuthError(401, "invalid_client", "Request denied: The application is disabled")
    if "CLIENT_CREDENTIALS" not in application["grantTypes"]:
        raise OAuthError(
            400, "unauthorized_client", "Request denied: The grant type is not enabled"
        )
    token = _token(ping, environment, application)
    with ping.store.transaction():
        _forget_expired(ping)
        ping.store.put(
            "token",
            _hashed(token),
            {"application": application["id"], "expires": stamp(ping.now() + LIFE)},
        )
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(LIFE.total_seconds()),
    }


def worker_of(ping: PingOne, token: str) -> Document | None:
    """The application that a token was given to; None when it is unknown or has expired."""
    kept = ping.store.get("token", _hashed(token))
    if kept is None or ping.now() >= moment(kept["expires"]):
        return None
    return ping.store.get("application", kept["application"])


def revoke_all(ping: PingOne) -> None:
    """No token works any more."""
    for key, _ in ping.store.items("token"):
        ping.store.delete("token", key)


def secret_of(ping: PingOne, application_id: str) -> str:
    """The client secret of an application; empty where it has none."""
    return str((ping.store.get("secret", application_id) or {}).get("secret", ""))


def rotate(ping: PingOne, application_id: str) -> str:
    """A new secret in place of the old one, which ends at once (pingone.md 5)."""
    secret = secrets.token_urlsafe(36)
    ping.store.put("secret", application_id, {"secret": secret})
    return secret


def _token(ping: PingOne, environment: Document, application: Document) -> str:
    """It looks like Ping's RS256 token and is opaque all the same (pingone.md 5): no real key."""
    issuer = f"https://auth.pingone.{TLDS[environment['region']]}/{environment['id']}/as"
    claims = {
        "client_id": application["clientId"],
        "iss": issuer,
        "aud": [f"https://api.pingone.{TLDS[environment['region']]}"],
        "iat": int(ping.now().timestamp()),
        "exp": int((ping.now() + LIFE).timestamp()),
        "jti": secrets.token_hex(16),
        "env": environment["id"],
        "org": environment["organization"]["id"],
    }
    header = {"alg": "RS256", "kid": "default"}
    return ".".join(
        (_encoded(json.dumps(header).encode()), _encoded(json.dumps(claims).encode()),
         _encoded(secrets.token_bytes(256)))
    )  # fmt: skip


def _forget_expired(ping: PingOne) -> None:
    for key, kept in ping.store.items("token"):
        if ping.now() >= moment(kept["expires"]):
            ping.store.delete("token", key)


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
