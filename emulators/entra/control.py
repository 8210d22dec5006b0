"""What tests and people may do to the emulated tenant beside using it."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from typing import Any

from emulators.entra.emulator import Entra
from emulators.kit.control import Control as Base


class Control(Base):
    """The Python side of the control API."""

    def __init__(self, entra: Entra) -> None:
        super().__init__(entra)
        self._entra = entra

    def state(self) -> dict[str, Any]:
        """Tenant, consent, policy and switches; no secrets."""
        application = self._entra.application
        return {
            "tenant_id": self._entra.tenant_id,
            "client_id": application.client_id,
            "roles": application.roles,
            "enabled": application.enabled,
            "secret_expires": application.secret_expires.isoformat(),
            "policy": self._entra.policy.all(),
            **super().state(),
        }

    def clear_faults(self) -> None:
        """Forget faults and limits."""
        super().clear_faults()
        self._entra.limits.clear()

    def limit(self, left: int, *, seconds: int = 60, path: str = "") -> None:
        """Answer `left` more requests to Graph, then 429 until nobody asked for `seconds`.

        Args:
            left: how many.
            seconds: what Retry-After says.
            path: a regular expression, searched in the path; all of Graph when empty.
        """
        self._entra.limits.set(left, seconds=seconds, path=path)

    # The application.

    def consent(self, *roles: str) -> None:
        """Grant exactly these application permissions; tokens issued before keep theirs."""
        self._entra.application.change(roles=list(roles))

    def grant(self, *roles: str) -> None:
        """Grant more application permissions."""
        self.consent(*dict.fromkeys([*self._entra.application.roles, *roles]))

    def revoke(self, *roles: str) -> None:
        """Take application permissions away."""
        self.consent(*[role for role in self._entra.application.roles if role not in roles])

    def enable_application(self, enabled: bool = True) -> None:
        """Let the enterprise application sign in, or not."""
        self._entra.application.change(enabled=enabled)

    def expire_secret(self, *, in_days: float = 0) -> None:
        """Let every secret expire now, or in some days."""
        expires = (self._entra.now() + timedelta(days=in_days)).isoformat()
        kept = self._entra.application.all()["secrets"]
        changed = [secret | {"expires": expires} for secret in kept]
        self._entra.application.change(secrets=changed)

    def rotate_secret(self, *, keep: bool = False) -> str:
        """Make a new secret and remove the ones before, unless they are kept; its Value."""
        if not keep:
            self._entra.application.change(secrets=[])
        return self._entra.application.new_secret(now=self._entra.now())

    def register_certificate(self, pem: str) -> None:
        """Register a certificate (PEM) whose key may sign assertions.

        Raises:
            ValueError: when it is none.
        """
        self._entra.application.register_certificate(pem)

    def expire_tokens(self) -> None:
        """Let every access token that was issued be an expired one."""
        self._entra.tokens.expire_all(now=self._entra.now())

    def token_life(self, seconds: int) -> None:
        """How long access tokens live that are issued from now on."""
        self._entra.tokens.life = seconds

    # The policy.

    def policy(self, **fields: Any) -> None:
        """Write fields of the fido2 policy by Graph's names, as `state="disabled"`.

        Raises:
            ValueError: for a field that the policy has not.
        """
        self._entra.policy.change(**fields)

    def restrict(self, kind: str, *aaguids: str) -> None:
        """Enforce key restrictions of the default profile, and the deprecated ones with it.

        Args:
            kind: "allow" or "block".
            aaguids: which.
        """
        restrictions = {"isEnforced": True, "enforcementType": kind, "aaGuids": list(aaguids)}
        profiles = self._entra.policy.all()["passkeyProfiles"]
        first = profiles[0] | {"keyRestrictions": restrictions}
        self.policy(keyRestrictions=restrictions, passkeyProfiles=[first, *profiles[1:]])

    def enforce_attestation(self, enforced: bool = True) -> None:
        """Enforce attestation in the default profile, and the deprecated setting with it."""
        profiles = self._entra.policy.all()["passkeyProfiles"]
        word = "registrationOnly" if enforced else "disabled"
        first = profiles[0] | {"attestationEnforcement": word}
        self.policy(isAttestationEnforced=enforced, passkeyProfiles=[first, *profiles[1:]])

    def allow_passes(self, allowed: bool = True) -> None:
        """Switch Temporary Access Passes on or off."""
        self._entra.policy.allow_passes(allowed)

    # People, groups and keys.

    def users(self) -> list[dict[str, Any]]:
        """Every user, all properties."""
        return self._entra.directory.users()

    def user(self, key: str) -> dict[str, Any]:
        """A user by object id, user principal name or display name.

        Raises:
            GraphError: 404 when there is none.
        """
        for user in self.users():
            if user["displayName"] == key:
                return user
        return self._entra.directory.user(key)

    def add_user(self, **properties: Any) -> dict[str, Any]:
        """Add a user; what is not given is made up."""
        number = secrets.token_hex(4)
        usual: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "displayName": f"User {number}",
            "givenName": "User",
            "surname": number,
            "userPrincipalName": f"user.{number}@{self._entra.tenant_names[1]}",
            "mail": None,
            "accountEnabled": True,
            "userType": "Member",
            "businessPhones": [],
            "createdDateTime": f"{self._entra.now():%Y-%m-%dT%H:%M:%SZ}",
        }
        self._entra.directory.write_user(usual | properties)
        return usual | properties

    def change_user(self, key: str, **properties: Any) -> None:
        """Write properties of a user anew."""
        self._entra.directory.write_user(self.user(key) | properties)

    def remove_user(self, key: str) -> None:
        """Delete a user."""
        self._entra.directory.remove_user(self.user(key)["id"])

    def groups(self) -> list[dict[str, Any]]:
        """Every group, with `members` (type and id)."""
        return self._entra.directory.groups()

    def group(self, name: str) -> dict[str, Any]:
        """A group by its display name.

        Raises:
            KeyError: when there is none.
        """
        return {group["displayName"]: group for group in self.groups()}[name]

    def passkeys(self, user_id: str) -> list[dict[str, Any]]:
        """The FIDO2 methods of a user as kept, also those that are not listed yet."""
        return self._entra.passkeys.of(user_id)

    def add_passkey(self, user_id: str, *, credential_id: bytes, **more: Any) -> dict[str, Any]:
        """Give a user a FIDO2 method from before.

        Args:
            user_id: whose.
            credential_id: raw.
            more: `aaguid`, `name`, `synced`, `attested`, `certificates`, `method_id`.
        """
        usual: dict[str, Any] = {
            "aaguid": str(uuid.UUID(int=0)),
            "name": "Key",
            "now": self._entra.now(),
        }
        return self._entra.passkeys.add(user_id, credential_id=credential_id, **(usual | more))

    def validated_models(self, *aaguids: str) -> None:
        """Let only these models count as attested where attestation is enforced."""
        self._entra.validated = frozenset(aaguid.lower() for aaguid in aaguids)

    def lag(self, seconds: float) -> None:
        """How long a new method stays unlisted (with `replication` at "lags")."""
        self._entra.passkeys.lag = timedelta(seconds=seconds)
