"""Access tokens: issued by the token endpoint, known again by Graph (entra.md 1, 6)."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emulators.entra import jwt
from emulators.entra.errors import unauthenticated
from emulators.kit.store import Store
from emulators.kit.variants import Variants

GRAPH = "00000003-0000-0000-c000-000000000000"
"""Graph's application id, the same in every tenant (entra.md 6 step 2)."""
LIFE = 3599
"""Seconds (entra.md 1 [D S7])."""


@dataclass(frozen=True)
class Bearer:
    """Who calls Graph."""

    client_id: str
    roles: frozenset[str]


class Tokens:
    """The tokens that were issued; only their hashes are kept."""

    def __init__(self, store: Store, variants: Variants) -> None:
        self._store = store
        self._variants = variants
        self._key = secrets.token_bytes(32)
        self.life = LIFE

    def issue(
        self,
        *,
        tenant_id: str,
        client_id: str,
        resource: str,
        roles: tuple[str, ...],
        now: datetime,
    ) -> str:
        """A token whose roles stay as they are now (entra.md 6 [I])."""
        text = self._text(tenant_id, client_id, resource, roles, now)
        expires = now + timedelta(seconds=self.life)
        self._store.put(
            "token",
            _hashed(text),
            {"client_id": client_id, "roles": list(roles), "expires": expires.isoformat()},
        )
        return text

    def _text(
        self,
        tenant_id: str,
        client_id: str,
        resource: str,
        roles: tuple[str, ...],
        now: datetime,
    ) -> str:
        kind = self._variants["access_token"]
        if kind == "opaque":
            return secrets.token_urlsafe(900)
        claims: dict[str, Any] = {"uti": secrets.token_urlsafe(16)}
        audience = self._variants["audience"]
        if kind == "jwt":
            begins = int(now.timestamp())
            claims |= {
                "aud": resource if audience == "resource" else audience,
                "iss": f"https://sts.windows.net/{tenant_id}/",
                "iat": begins,
                "nbf": begins,
                "exp": begins + self.life,
                "appid": client_id,
                "app_displayname": "Latchkey",
                "idtyp": "app",
                "oid": str(uuid.uuid5(uuid.NAMESPACE_URL, client_id)),
                "tid": tenant_id,
                "ver": "1.0",
            }
            if roles:
                # entra.md 6 [D S7] [O]: nothing consented, no `roles` at all.
                claims["roles"] = list(roles)
        header = {"typ": "JWT", "alg": "HS256", "nonce": secrets.token_urlsafe(32), "kid": "e1"}
        return jwt.write(header, claims, key=self._key)

    def bearer(self, authorization: str, *, now: datetime) -> Bearer:
        """Who an Authorization header speaks for.

        Raises:
            GraphError: 401.
        """
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise unauthenticated("Access token is empty.")
        kept = self._store.get("token", _hashed(text.strip()))
        if kept is None:
            raise unauthenticated("Access token validation failure.")
        if datetime.fromisoformat(kept["expires"]) <= now:
            raise unauthenticated("Lifetime validation failed, the token is expired.")
        return Bearer(kept["client_id"], frozenset(kept["roles"]))

    def expire_all(self, *, now: datetime) -> None:
        """Let every token that was issued be an expired one."""
        for digest, kept in self._store.items("token"):
            self._store.put("token", digest, kept | {"expires": now.isoformat()})


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
