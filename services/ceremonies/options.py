"""The options that a ceremony begins with, as the JSON that browsers parse.

`PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` (WebAuthn L3
sections 5.1.8 and 5.1.9): binary values are base64url.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from config import Settings
from models import Passkey, Person
from services.attestation.policy import Policy
from services.ceremonies.responses import encoded

ALGORITHMS = (-7, -8, -257)
"""COSE algorithms, most wanted first: ES256 (what HID keys make), EdDSA, RS256 (TPMs)."""

TIMEOUT_MS = 300_000
"""How long the browser waits: long enough to find a key and to set its PIN."""


def creation(
    *,
    settings: Settings,
    person: Person,
    user_handle: bytes,
    existing: Iterable[Passkey],
    exclude: Collection[bytes] = (),
    policy: Policy,
    challenge: bytes,
) -> dict[str, Any]:
    """Options for `navigator.credentials.create()`.

    Args:
        existing: passkeys of the person for the same relying party; their keys refuse at once.
        exclude: ids of other credentials whose keys are to refuse.
    """
    selection = {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    options: dict[str, Any] = {
        "rp": {"id": settings.rp_id, "name": settings.rp_name},
        "user": {
            "id": encoded(user_handle),
            "name": person.email,
            "displayName": person.display_name,
        },
        "challenge": encoded(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
        "timeout": TIMEOUT_MS,
        "excludeCredentials": [_descriptor(passkey) for passkey in existing]
        + [{"type": "public-key", "id": encoded(one)} for one in exclude],
        "authenticatorSelection": selection,
        "attestation": "direct" if policy.demand_attestation else "none",
        "extensions": {"credProps": True},
    }
    if policy.demands_hardware:
        # Otherwise people make passkeys on their phone, which we then have to refuse.
        selection["authenticatorAttachment"] = "cross-platform"
        options["hints"] = ["security-key"]
    return options


def request(
    *, rp_id: str, allowed: Iterable[Passkey], policy: Policy | None, challenge: bytes
) -> dict[str, Any]:
    """Options for `navigator.credentials.get()`.

    Args:
        allowed: the passkeys to ask for; empty lets the person choose any they have.
    """
    options: dict[str, Any] = {
        "challenge": encoded(challenge),
        "timeout": TIMEOUT_MS,
        "rpId": rp_id,
        "allowCredentials": [_descriptor(passkey) for passkey in allowed],
        "userVerification": "required",
    }
    if policy is not None and policy.demands_hardware:
        options["hints"] = ["security-key"]
    return options


def _descriptor(passkey: Passkey) -> dict[str, Any]:
    descriptor: dict[str, Any] = {"type": "public-key", "id": encoded(passkey.credential_id)}
    if passkey.transports:
        descriptor["transports"] = list(passkey.transports)
    return descriptor
