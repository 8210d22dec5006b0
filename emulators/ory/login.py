"""Signing in by API with a passkey: the login flows (ory.md 8b)."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emulators.kit.store import Store
from emulators.kit.variants import Variants
from emulators.ory import assertion as webauthn_assertion
from emulators.ory import nodes
from emulators.ory.credentials import base64_of, text_of
from emulators.ory.editions import Edition
from emulators.ory.errors import OryError, bad_request
from emulators.ory.identities import Identities, stamp
from emulators.ory.sessions import Sessions

FLOW_LIFE = timedelta(minutes=10)
# ory.md 8b: 400 when these are sent; the words are not in the contract.
CLOUDFLARE_COOKIES = ("__cf", "_cf", "cf_")
BROWSER_SIGN = (
    'The HTTP Request Header included the "{name}" key, indicating that this request was made by a '
    "Browser. The flow however was initiated as an API request. To prevent potential misuse and "
    "mitigate several attack vectors including CSRF, the request has been blocked."
)


@dataclass(frozen=True)
class RelyingParty:
    """`selfservice.methods.passkey.config.rp` (ory.md 4.1)."""

    id: str
    origins: tuple[str, ...]


class FlowRefused(Exception):
    """A 400 that carries the flow itself, with messages (ory.md 8b step 3)."""

    def __init__(self, flow: dict[str, Any], number: int, text: str, *, why: str) -> None:
        super().__init__(why)
        self.flow = flow
        self.flow["ui"]["messages"] = [nodes.error_message(number, text)]


class Logins:
    """The login flows of the project."""

    def __init__(
        self,
        store: Store,
        identities: Identities,
        edition: Edition,
        variants: Variants,
        sessions: Sessions,
        party: RelyingParty,
    ) -> None:
        self._store = store
        self._identities = identities
        self._edition = edition
        self._variants = variants
        self._sessions = sessions
        self.party = party

    def begin(self, *, request_url: str, public_url: str, now: datetime) -> dict[str, Any]:
        """A new API flow, with the passkey nodes where version and operator have them."""
        flow_id = str(uuid.uuid4())
        time = stamp(now)
        shown = nodes.default_nodes()
        challenge = ""
        if self._edition.api_passkey_nodes and self._variants["passkey_method"] == "enabled":
            challenge = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
            options = nodes.challenge_options(
                challenge,
                rp_id=self.party.id,
                user_verification=self._variants["user_verification"],
            )
            shown += nodes.passkey_nodes(options)
        flow = {
            "id": flow_id,
            "type": "api",
            "expires_at": stamp(now + FLOW_LIFE),
            "issued_at": time,
            "request_url": request_url,
            "ui": {
                "action": f"{public_url}/self-service/login?flow={flow_id}",
                "method": "POST",
                "nodes": shown,
            },
            "created_at": time,
            "updated_at": time,
            "refresh": False,
            "requested_aal": "aal1",
            "state": "choose_method",
        }
        with self._store.transaction():
            for old in list(self._store.all("flow")):
                if old["flow"]["expires_at"] < stamp(now - FLOW_LIFE):
                    self._store.delete("flow", old["flow"]["id"])
            self._store.put("flow", flow_id, {"flow": flow, "challenge": challenge})
        return flow

    def flow(self, flow_id: str) -> dict[str, Any]:
        """A flow with its challenge.

        Raises:
            OryError: 404.
        """
        kept = self._store.get("flow", flow_id)
        if kept is None:
            raise OryError(404, "Unable to locate the resource")
        return kept

    def expire_flows(self, now: datetime) -> None:
        """Make every flow an expired one."""
        with self._store.transaction():
            for kept in list(self._store.all("flow")):
                kept["flow"]["expires_at"] = stamp(now - timedelta(seconds=1))
                self._store.put("flow", kept["flow"]["id"], kept)

    def submit(
        self,
        flow_id: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
        now: datetime,
    ) -> dict[str, Any]:
        """Sign in with a passkey: `{"session_token", "session", "continue_with"}`.

        Raises:
            FlowRefused: 400 with the flow.
            OryError: 404 no such flow, 410 expired, 401 identity disabled, 500 flow used.
        """
        try:
            with self._store.transaction():
                return self._submit(flow_id, body, headers=headers, cookies=cookies, now=now)
        except FlowRefused:
            if self._variants["failed_try"] == "spends the challenge":
                self._store.put("flow", flow_id, {**self.flow(flow_id), "challenge": ""})
            raise

    def _submit(
        self,
        flow_id: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
        now: datetime,
    ) -> dict[str, Any]:
        kept = self.flow(flow_id)
        flow = kept["flow"]
        if flow["expires_at"] < stamp(now):
            raise _expired(flow, now)
        _refuse_browsers(flow, headers, cookies)
        offered = self._edition.api_passkey_nodes and self._variants["passkey_method"] == "enabled"
        if body.get("method") != "passkey" or not offered:
            raise FlowRefused(flow, *nodes.NO_STRATEGY, why="no strategy")
        if not isinstance(body.get("passkey_login"), str):
            raise FlowRefused(flow, nodes.GENERIC, "passkey_login is missing", why="no answer")
        if not kept["challenge"]:
            if self._variants["used_flow"] == "is refused":
                raise FlowRefused(flow, *nodes.WRONG_ASSERTION, why="the flow was used")
            # Kratos takes its session data out of the flow once it was used, and then fails to
            # find it.
            raise OryError(
                500,
                "An internal server error occurred, please contact the system administrator",
                "Expected WebAuthN in internal context to be an object but got: "
                "unexpected end of JSON input",
            )
        identity = self._authenticate(kept, body["passkey_login"])
        if identity["state"] != "active":
            raise OryError(401, "identity is disabled", "This account was disabled.")
        flow["active"] = "passkey"
        flow["updated_at"] = stamp(now)
        self._store.put("flow", flow_id, {"flow": flow, "challenge": ""})
        return self._sessions.open(identity["id"], now)

    def _authenticate(self, kept: dict[str, Any], response: str) -> dict[str, Any]:
        flow = kept["flow"]
        try:
            given = webauthn_assertion.parse(response)
        except webauthn_assertion.Unparsable as error:
            raise FlowRefused(
                flow, nodes.GENERIC, "Unable to parse WebAuthn response.", why=str(error)
            ) from error
        found = self._find(given.user_handle)
        if found is None:
            raise FlowRefused(flow, *nodes.NO_SUCH_KEY, why="no identity has this user handle")
        identity, kind = found
        if identity["organization_id"] and self._variants["organization_passkeys"] == "refused":
            raise FlowRefused(flow, *nodes.NO_STRATEGY, why="organization members use SSO")
        entry = webauthn_assertion.usable(
            identity["credentials"][kind]["config"], given.credential_id
        )
        if entry is None:
            raise FlowRefused(flow, *nodes.WRONG_ASSERTION, why="no passwordless credential")
        try:
            verified = webauthn_assertion.verify(
                given,
                entry,
                challenge=kept["challenge"],
                rp_id=self.party.id,
                origins=self.party.origins,
                require_user_verification=self._variants["user_verification"] == "required",
            )
        except webauthn_assertion.Rejected as error:
            raise FlowRefused(flow, *nodes.WRONG_ASSERTION, why=str(error)) from error
        self._identities.remember_sign_in(
            identity["id"],
            kind,
            entry["id"],
            counter=verified.counter,
            warned=verified.clone_warning,
        )
        return identity

    def _find(self, handle: bytes) -> tuple[dict[str, Any], str] | None:
        """By user handle in type passkey, else by the base64 text in webauthn's config.

        ory.md 3.2 rules 4 and 5 [K].
        """
        if not handle:
            return None
        identity = self._identities.by_claim("passkey", text_of(handle))
        if identity is not None:
            return identity, "passkey"
        wanted = base64_of(handle)
        for candidate in self._identities.all():
            config = candidate["credentials"].get("webauthn", {}).get("config", {})
            if config.get("user_handle") == wanted:
                return candidate, "webauthn"
        return None


def _refuse_browsers(
    flow: dict[str, Any], headers: Mapping[str, str], cookies: Mapping[str, str]
) -> None:
    """An API flow takes no Origin and no cookies but Cloudflare's (ory.md 8b)."""
    if headers.get("Origin"):
        text = BROWSER_SIGN.format(name="Origin")
        raise FlowRefused(flow, nodes.GENERIC, text, why="Origin header")
    if any(not name.startswith(CLOUDFLARE_COOKIES) for name in cookies):
        text = BROWSER_SIGN.format(name="Cookie")
        raise FlowRefused(flow, nodes.GENERIC, text, why="cookies")


def _expired(flow: dict[str, Any], now: datetime) -> OryError:
    ended = datetime.fromisoformat(flow["expires_at"])
    minutes = (now - ended).total_seconds() / 60
    return OryError(
        410,
        "self-service flow expired",
        f"The self-service flow expired {minutes:.2f} minutes ago, initialize a new one.",
        error_id="self_service_flow_expired",
        extra={"expired_at": flow["expires_at"]},
    )


def missing_flow() -> OryError:
    """A submit without a usable `flow`."""
    return bad_request("The flow query parameter is missing or malformed.")
