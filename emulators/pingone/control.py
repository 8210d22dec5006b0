"""What tests and people may do to the emulator beside using it."""

from __future__ import annotations

import uuid
from typing import Any

from fido2.utils import websafe_encode as websafe

from emulators.kit.control import Control
from emulators.pingone import fido_policies, settings, sign_on, tokens, users
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.known import (
    ADMINISTRATORS,
    ENVIRONMENT,
    PORTAL_MFA_ID,
    WORKER_ID,
    known_id,
)
from emulators.pingone.moments import stamp
from emulators.pingone.roles import BUILT_IN
from emulators.pingone.seed import add_worker, assign


class PingControl(Control):
    """The Python side of the control API.

    Args:
        ping: what is controlled.
    """

    def __init__(self, ping: PingOne) -> None:
        super().__init__(ping)
        self._ping = ping

    def state(self) -> dict[str, Any]:
        """What `GET /_emulator/` shows; no secrets."""
        return super().state() | {
            "environment_id": ENVIRONMENT,
            "client_id": WORKER_ID,
            "mfa_policy_id": PORTAL_MFA_ID,
            "relying_party_id": self._ping.rp_id,
        }

    def clear_faults(self) -> None:
        """Forget faults and limits."""
        super().clear_faults()
        self._ping.limits.clear()

    def limit(self, left: int, *, seconds: int = 60) -> None:
        """Answer `left` more requests to the API, then 429 for a time."""
        self._ping.limits.set(left, seconds=seconds, now=self._ping.now())

    def roles(self, *names: str, scope: str = "ENVIRONMENT", scope_id: str = "") -> None:
        """Make these the worker's only roles.

        Args:
            names: as the API has them ("Identity Data Admin").
            scope: ENVIRONMENT, ORGANIZATION or POPULATION.
            scope_id: of what; the environment when empty. A population's name will do.

        Raises:
            ValueError: for an unknown role.
        """
        self._drop_roles(WORKER_ID)
        for name in names:
            self.add_role(name, scope=scope, scope_id=scope_id)

    def add_role(
        self, name: str, *, client_id: str = "", scope: str = "ENVIRONMENT", scope_id: str = ""
    ) -> None:
        """Give a worker one more role."""
        if name not in BUILT_IN:
            raise ValueError(f"unknown role {name!r}; there are {sorted(BUILT_IN)}")
        if scope == "POPULATION" and "-" not in scope_id:
            scope_id = known_id(f"population/{scope_id}")
        assign(self._ping, client_id or WORKER_ID, name, scope, scope_id or ENVIRONMENT)

    def auth_method(self, method: str) -> None:
        """The worker's tokenEndpointAuthMethod, as "CLIENT_SECRET_BASIC"."""
        if method not in tokens.METHODS:
            raise ValueError(f"the method is one of {tokens.METHODS}")
        self.application(tokenEndpointAuthMethod=method)

    def application(self, application_id: str = "", **fields: Any) -> None:
        """Change fields of an application; of the worker when none is named."""
        self._change("application", application_id or WORKER_ID, fields)

    def add_worker(
        self,
        *names: str,
        method: str = "CLIENT_SECRET_POST",
        administrators: bool = False,
    ) -> tuple[str, str]:
        """Another worker with roles in the environment of the people.

        Args:
            names: its roles.
            method: its tokenEndpointAuthMethod.
            administrators: whether it lives in the administrators' environment.

        Returns:
            Its client id and secret.
        """
        client_id = str(uuid.uuid4())
        home = ADMINISTRATORS if administrators else ENVIRONMENT
        add_worker(self._ping, client_id, "Worker", environment=home, method=method)
        for name in names:
            self.add_role(name, client_id=client_id)
        return client_id, tokens.secret_of(self._ping, client_id)

    def rotate_secret(self) -> str:
        """A new secret for the worker; the old one ends."""
        return tokens.rotate(self._ping, WORKER_ID)

    def revoke_tokens(self) -> None:
        """End every token."""
        tokens.revoke_all(self._ping)

    def mfa_policy(self, policy_id: str = "", **fido2: Any) -> None:
        """Change the `fido2` part of an MFA policy; of the portal's when none is named."""
        kind, key = "deviceAuthenticationPolicy", policy_id or PORTAL_MFA_ID
        policy = self._ping.store.get(kind, key) or {}
        self._change(kind, key, {"fido2": {**policy.get("fido2", {}), **fido2}})

    def fido_policy(self, policy_id: str = "", **fields: Any) -> None:
        """Change fields of a FIDO policy, unchecked; of the portal's when none is named."""
        self._change(fido_policies.KIND, policy_id or known_id("fido-policy/portal"), fields)

    def mfa_settings(self, *, devices: int = 5, users_mfa_enabled: bool = False) -> None:
        """The device cap, and whether new users have MFA."""
        pairing = {"maxAllowedDevices": devices, "pairingKeyFormat": "NUMERIC"}
        body = {"pairing": pairing, "users": {"mfaEnabled": users_mfa_enabled}}
        settings.write(self._ping, ENVIRONMENT, body)

    def begin_sign_on(self, username: str, *, rp_id: str = "") -> dict[str, Any]:
        """Begin a sign-on of a user with a key.

        Args:
            username: who.
            rp_id: the relying party ID; the emulator's own when empty.

        Returns:
            `id` for the check of the assertion, and `publicKeyCredentialRequestOptions` as JSON
            of the browser's (binary values base64url).
        """
        begun = sign_on.begin(self._ping, self.user(username), rp_id=rp_id)
        options = {
            "challenge": websafe(bytes.fromhex(begun["challenge"])),
            "rpId": begun["rp"]["id"],
            "allowCredentials": [],
            "userVerification": "required",
        }
        return {"id": begun["id"], "publicKeyCredentialRequestOptions": options}

    def sign_on(self, *, assigned: bool = True, mfa_policy_id: str = "") -> None:
        """Whether the policy with the MFA step is the intranet's, and which MFA policy it uses."""
        key = known_id("sign-on-assignment")
        if not assigned:
            self._ping.store.delete("signOnPolicyAssignment", key)
        if mfa_policy_id:
            step = {"deviceAuthenticationPolicy": {"id": mfa_policy_id}}
            self._change("action", known_id("action/keys/2"), step)

    def new_environment(self) -> None:
        """As if the environment had been made just now (pingone.md 6.8)."""
        self._change("environment", ENVIRONMENT, {"createdAt": stamp(self._ping.now())})

    def user(self, username: str) -> Document:
        """A user as stored.

        Raises:
            ValueError: when there is none.
        """
        for user in self._ping.of(ENVIRONMENT, "user"):
            if user["username"] == username:
                return user
        raise ValueError(f"no user {username!r}")

    def change_user(self, username: str, **fields: Any) -> None:
        """Change fields of a user, unchecked."""
        users.write(self._ping, self.user(username) | fields)

    def devices(self, user_id: str) -> list[Document]:
        """A user's devices as stored, in the order of their making."""
        held = [one for one in self._ping.of(ENVIRONMENT, "device") if one["user"]["id"] == user_id]
        return sorted(held, key=lambda one: str(one["createdAt"]))

    def add_device(self, user_id: str, type: str, **fields: Any) -> str:
        """Give a user a device of any type and status; returns its id."""
        now = stamp(self._ping.now())
        device: Document = {
            "id": str(uuid.uuid4()),
            "environment": {"id": ENVIRONMENT},
            "user": {"id": user_id},
            "type": type,
            "status": "ACTIVE",
            "block": {"status": "UNBLOCKED"},
            "lock": {"status": "UNLOCKED"},
            "createdAt": now,
            "updatedAt": now,
            "order": 0,
            **fields,
        }
        self._ping.put("device", device)
        return str(device["id"])

    def _drop_roles(self, application_id: str) -> None:
        for one in list(self._ping.store.all("roleAssignment")):
            if one["owner"] == application_id:
                self._ping.store.delete("roleAssignment", one["id"])

    def _change(self, kind: str, key: str, fields: dict[str, Any]) -> None:
        found = self._ping.store.get(kind, key)
        if found is None:
            raise ValueError(f"no {kind} {key!r}")
        self._ping.put(kind, found | fields)
