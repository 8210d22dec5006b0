"""Creation options for a user (entra.md 2.1)."""

from __future__ import annotations

import hashlib
from typing import Any

from emulators.entra import ids
from emulators.entra.emulator import Entra
from emulators.entra.errors import GraphError, not_allowed
from emulators.entra.jwt import encode64

ALGORITHMS = (-7, -257)

User = dict[str, Any]


def options(entra: Entra, user: User, *, minutes: int) -> dict[str, Any]:
    """`webauthnCredentialCreationOptions` with the values of a real answer [O S12 S15]."""
    challenge, expires = entra.challenges.make(user["id"], minutes=minutes, now=entra.now())
    encoding = entra.variants["credential_ids"]
    methods = entra.passkeys.of(user["id"])
    found = {
        "challengeTimeoutDateTime": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
        "publicKey": {
            "challenge": challenge,
            "timeout": int(entra.variants["client_timeout"]),
            "attestation": "direct",
            "rp": {"id": entra.variants["rp_id"], "name": "Microsoft"},
            "user": {
                "id": handle(user["id"]),
                "displayName": user["displayName"],
                "name": user["userPrincipalName"],
            },
            "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
            "excludeCredentials": [
                {
                    "id": ids.encode(bytes.fromhex(method["credential"]), encoding),
                    "type": "public-key",
                    "transports": [],
                }
                for method in methods
            ],
            "authenticatorSelection": {
                "authenticatorAttachment": "cross-platform",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "extensions": {
                "hmacCreateSecret": True,
                "enforceCredentialProtectionPolicy": True,
                "credentialProtectionPolicy": "userVerificationOptional",
            },
        },
    }
    return _annotated(found) if entra.variants["annotations"] == "present" else found


def _annotated(found: dict[str, Any]) -> dict[str, Any]:
    """With the types of some objects, as Graph may write them."""
    asked = found["publicKey"]
    for holder, kind in (
        (asked["rp"], "webauthnPublicKeyCredentialRpEntity"),
        (asked["extensions"], "webauthnAuthenticationExtensionsClientInputs"),
        (asked, "webauthnPublicKeyCredentialCreationOptions"),
    ):
        holder["@odata.type"] = f"#microsoft.graph.{kind}"
    return found


def handle(user_id: str) -> str:
    """`user.id`: base64url of "OF:" and 48 bytes (entra.md 2.1 [M])."""
    return encode64(b"OF:" + hashlib.sha384(user_id.encode()).digest())


def check_allowed(entra: Entra, user: User, *, registering: bool) -> None:
    """Refuse where no passkey can be provisioned for the user at all.

    Args:
        entra: the emulator.
        user: whom it is for.
        registering: whether this is the registration, not the options.

    Raises:
        GraphError: 400, 403 or 405, as the switches say.
    """
    if entra.variants["cloud"] != "global":
        raise not_allowed()  # entra.md 0, 1 [D S4]
    if not registering and entra.variants["creation_options"] == "not allowed":
        raise not_allowed()
    if not entra.policy.enabled:
        # entra.md 2.7 [C S17]: 400 when FIDO2 is disabled in the tenant.
        raise GraphError(400, "badRequest", "FIDO2 security keys are disabled in the tenant.")
    if not entra.policy.self_service:
        if entra.variants["self_service_off"] == "405":
            raise not_allowed()
        raise _by_switch(
            entra.variants["self_service_off"], "Self-service registration is not allowed."
        )
    if user["userType"] == "Guest":
        raise _by_switch(
            entra.variants["guest"],
            "Registration isn't supported for B2B collaboration users in the resource tenant.",
        )
    here = "at registration" if registering else "at options"
    if entra.variants["not_targeted"] == here and not entra.policy.targets(user["id"]):
        raise GraphError(400, "badRequest", "The user is not in scope of the policy.")


def _by_switch(status: str, message: str) -> GraphError:
    return GraphError(int(status), "badRequest" if status == "400" else "accessDenied", message)
