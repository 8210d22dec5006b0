"""Creation options as Ping sends them: a JSON *string* (pingone.md 3.1 [C JS; C WID])."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from emulators.pingone import fido_policies
from emulators.pingone.emulator import Document

ALGORITHMS = (-7, -37, -257)
"""pingone.md 3.3 [D samples]: no EdDSA."""


def challenge() -> str:
    """32 new bytes, as hex."""
    return secrets.token_bytes(32).hex()


def signed(value: bytes) -> list[int]:
    """Bytes as Ping writes them: numbers from -128 to 127."""
    return [byte - 256 if byte > 127 else byte for byte in value]


def handle(user: Document) -> bytes:
    """The user handle: 32 bytes, the same for every key of the user."""
    return hashlib.sha256(str(user["id"]).encode()).digest()


def encoded(
    device: Document, user: Document, policy: Document, *, held: list[str], named: bool
) -> str:
    """The string.

    Args:
        device: the device that waits.
        user: its user.
        policy: the FIDO policy.
        held: credential ids of the user's other keys, as hex.
        named: whether the relying party is named.
    """
    rp = device["rp"] if named else {"id": device["rp"]["id"]}
    wanted = policy["discoverableCredentials"]
    selection: dict[str, Any] = {
        "residentKey": wanted.lower(),
        "requireResidentKey": wanted == "REQUIRED",
        "userVerification": policy["userVerification"]["option"].lower(),
    }
    if policy["authenticatorAttachment"] != "BOTH":
        selection["authenticatorAttachment"] = (
            policy["authenticatorAttachment"].lower().replace("_", "-")
        )
    return json.dumps(
        {
            "rp": rp,
            "user": {
                "id": signed(handle(user)),
                "displayName": _display_name(user, policy),
                "name": user["username"],
            },
            "challenge": signed(bytes.fromhex(device["ceremony"]["challenge"])),
            "pubKeyCredParams": [
                {"type": "public-key", "alg": str(number)} for number in ALGORITHMS
            ],
            "timeout": fido_policies.timeout(policy) * 1000,
            "excludeCredentials": [
                {"type": "public-key", "id": signed(bytes.fromhex(one))} for one in held
            ],
            "authenticatorSelection": selection,
            "attestation": policy["attestationRequirements"].lower(),
            "extensions": {"credProps": True, "hmacCreateSecret": True},
        }
    )


def _display_name(user: Document, policy: Document) -> str:
    """The first of userDisplayNameAttributes that the user has (pingone.md 4.1)."""
    for attribute in policy["userDisplayNameAttributes"]["attributes"]:
        value = user.get(attribute["name"])
        if isinstance(value, dict):
            wanted = (part["name"] for part in attribute.get("subAttributes", []))
            value = " ".join(value[part] for part in wanted if value.get(part))
        if isinstance(value, str) and value:
            return value
    return str(user["username"])
