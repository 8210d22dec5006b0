"""OAuth2 clients and client credentials, the little of Hydra that is here (ory.md 5 [H])."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from emulators.kit.store import Store
from emulators.ory.errors import OryError, bad_request, not_found
from emulators.ory.identities import stamp

TOKEN_LIFE = 3600
SCOPES = "offline_access offline openid"
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")


class OAuthError(Exception):
    """An RFC 6749 error answer."""

    def __init__(self, code: int, error: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.body = {"error": error, "error_description": description}


class Clients:
    """The OAuth2 clients of the project."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, body: Any, *, now: datetime) -> dict[str, Any]:
        """POST /admin/clients; the secret is told once.

        Raises:
            OryError: 400, 409.
        """
        if not isinstance(body, dict):
            raise bad_request("The body is not a JSON object.")
        method = body.get("token_endpoint_auth_method") or "client_secret_basic"
        if method not in METHODS:
            raise bad_request(f"Unknown token_endpoint_auth_method {method}.")
        client_id = body.get("client_id") or str(uuid.uuid4())
        secret = body.get("client_secret") or secrets.token_urlsafe(24)
        time = stamp(now)
        client = {
            **{name: value for name, value in body.items() if name != "client_secret"},
            "client_id": client_id,
            "client_name": body.get("client_name", ""),
            "scope": body.get("scope", SCOPES),
            "grant_types": body.get("grant_types") or ["authorization_code"],
            "response_types": body.get("response_types") or ["code"],
            "token_endpoint_auth_method": method,
            "client_secret_expires_at": 0,
            "created_at": time,
            "updated_at": time,
        }
        with self._store.transaction():
            if self._store.get("client", client_id):
                raise OryError(
                    409,
                    "Unable to insert or update resource because a resource with that value "
                    "exists already",
                )
            self._store.put("client", client_id, {"client": client, "secret": _hashed(secret)})
        return {**client, "client_secret": secret}

    def all(self) -> list[dict[str, Any]]:
        """Every client, without secrets."""
        return [kept["client"] for kept in self._store.all("client")]

    def get(self, client_id: str) -> dict[str, Any]:
        """One client, without its secret.

        Raises:
            OryError: 404.
        """
        kept = self._store.get("client", client_id)
        if kept is None:
            raise not_found()
        return kept["client"]

    def delete(self, client_id: str) -> None:
        """Remove a client.

        Raises:
            OryError: 404.
        """
        self.get(client_id)
        self._store.delete("client", client_id)

    def token(
        self, *, client_id: str, secret: str, method: str, scope: str, now: datetime
    ) -> dict[str, Any]:
        """A machine token by client credentials.

        Args:
            client_id: of the client.
            secret: as sent.
            method: how it was sent; another than registered is refused (ory.md 5).
            scope: space separated.
            now: the emulator's time.

        Raises:
            OAuthError: 401 invalid_client, 400 for grants and scopes it may not have.
        """
        kept = self._store.get("client", client_id)
        known = kept and hmac.compare_digest(kept["secret"], _hashed(secret))
        if not kept or not known or kept["client"]["token_endpoint_auth_method"] != method:
            raise OAuthError(
                401,
                "invalid_client",
                "Client authentication failed (e.g., unknown client, no client authentication "
                "included, or unsupported authentication method).",
            )
        client = kept["client"]
        if "client_credentials" not in client["grant_types"]:
            raise OAuthError(
                400,
                "unauthorized_client",
                "The client is not authorized to request a token using this method.",
            )
        if not set(scope.split()) <= set(client["scope"].split()):
            raise OAuthError(
                400, "invalid_scope", "The requested scope is invalid, unknown, or malformed."
            )
        token = f"ory_at_{secrets.token_urlsafe(32)}"
        ends = now + timedelta(seconds=TOKEN_LIFE)
        kept = {"client_id": client_id, "scope": scope, "expires_at": ends.timestamp()}
        self._store.put("token", _hashed(token), kept)
        return {
            "access_token": token,
            "expires_in": TOKEN_LIFE,
            "scope": scope,
            "token_type": "bearer",
        }

    def live(self, token: str, *, now: datetime) -> frozenset[str] | None:
        """The scopes of an access token; None when it is unknown, over, or its client is gone."""
        kept = self._store.get("token", _hashed(token))
        if kept is None or now.timestamp() >= kept["expires_at"]:
            return None
        if self._store.get("client", kept["client_id"]) is None:
            return None
        return frozenset(kept["scope"].split())

    def revoke_tokens(self) -> None:
        """End every access token before its time."""
        for name, _ in self._store.items("token"):
            self._store.delete("token", name)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
