"""Signing on with a key: the check of its assertion (pingone.md 6.2 [D ASR; 3P CM]).

How a device authentication is begun is not in the contract, so the control begins one. The check
itself is the request that Ping documents.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from typing import Any

from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData

from emulators.pingone import devices, wire
from emulators.pingone.binary import base64url, standard
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import PingError, invalid
from emulators.pingone.moments import stamp
from emulators.pingone.origins import below

KIND = "deviceAuthentication"
CHECK = "application/vnd.pingidentity.assertion.check+json"
REQUIRED, COMPLETED = "ASSERTION_REQUIRED", "COMPLETED"
COMPATIBILITY = ("FULL", "SECURITY_KEY_ONLY", "NONE")
LONGEST = 100_000


def begin(ping: PingOne, user: Document, *, rp_id: str = "") -> Document:
    """A sign-on of the user that waits for an assertion.

    Args:
        ping: the organisation.
        user: who signs on.
        rp_id: the relying party ID; the emulator's own when empty.
    """
    authentication: Document = {
        "id": str(uuid.uuid4()),
        "environment": {"id": user["environment"]["id"]},
        "user": {"id": user["id"]},
        "status": REQUIRED,
        "rp": {"id": rp_id or ping.rp_id},
        "challenge": secrets.token_bytes(32).hex(),
        "createdAt": stamp(ping.now()),
    }
    ping.put(KIND, authentication)
    return authentication


def check(ping: PingOne, authentication: Document, given: dict[str, Any]) -> Document:
    """Hold an assertion against the user's active devices; the sign-on is then complete.

    Raises:
        PingError: 400.
    """
    if authentication["status"] != REQUIRED:
        raise invalid("status", "The sign-on is not waiting for an assertion")
    origin = wire.text(given.get("origin"), "origin", longest=2000)
    wire.choice(given.get("compatibility"), "compatibility", COMPATIBILITY)
    credential = _credential(given.get("assertion"))
    device = _device(ping, authentication, base64url(credential.get("id"), "assertion.id"))
    _verify(ping, authentication, device, credential, origin)
    done = {name: value for name, value in authentication.items() if name != "challenge"}
    done |= {"status": COMPLETED, "device": {"id": device["id"]}}
    ping.put(KIND, done)
    return done


def view(authentication: Document) -> Document:
    """A sign-on as the API shows it."""
    return {name: value for name, value in authentication.items() if name != "challenge"}


def _credential(value: Any) -> dict[str, Any]:
    """`assertion`: a JSON string, not an object (pingone.md 6.2 [3P CM])."""
    text = wire.text(value, "assertion", longest=LONGEST)
    try:
        credential = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid("assertion", "assertion is not a JSON string") from error
    if not isinstance(credential, dict) or not isinstance(credential.get("response"), dict):
        raise invalid("assertion", "assertion is not a public-key credential")
    return credential


def _device(ping: PingOne, authentication: Document, credential_id: bytes) -> Document:
    user = {"id": authentication["user"]["id"], "environment": authentication["environment"]}
    for device in devices.of_user(ping, user):
        held = device.get("credential", {})
        if device["status"] == devices.ACTIVE and held.get("id") == credential_id.hex():
            if device["rp"]["id"] == authentication["rp"]["id"]:
                return device
            break  # a key of another relying party (pingone.md 4.2)
    raise invalid("assertion", "The device is not one of the user's")


def _verify(
    ping: PingOne,
    authentication: Document,
    device: Document,
    credential: dict[str, Any],
    origin: str,
) -> None:
    """As WebAuthn Level 3 section 7.2 has it."""
    response = credential["response"]
    client_data = standard(response.get("clientDataJSON"), "assertion.clientDataJSON", either=True)
    raw = standard(response.get("authenticatorData"), "assertion.authenticatorData", either=True)
    signature = standard(response.get("signature"), "assertion.signature", either=True)
    try:
        client = json.loads(client_data)
        data = AuthenticatorData(raw)
        asked = base64url(client["challenge"], "assertion.challenge")
        public_key: Any = cbor.decode(bytes.fromhex(device["credential"]["publicKey"]))
        key = CoseKey.parse(public_key)
    except Exception as error:  # hostile bytes bring about anything
        raise _wrong("The assertion cannot be read") from error
    if client.get("type") != "webauthn.get":
        raise _wrong("clientDataJSON is not of an assertion")
    if not hmac.compare_digest(asked, bytes.fromhex(authentication["challenge"])):
        raise _wrong("The challenge does not match")
    if client.get("origin") != origin or not below(origin, authentication["rp"]["id"]):
        raise _wrong("The origin does not match")
    if data.rp_id_hash != hashlib.sha256(authentication["rp"]["id"].encode()).digest():
        raise _wrong("The relying party ID does not match")
    if not data.is_user_present() or not data.is_user_verified():
        raise _wrong("The user was not verified")
    try:
        key.verify(raw + hashlib.sha256(client_data).digest(), signature)
    except Exception as error:  # a garbage key and a wrong signature come as many exceptions
        raise _wrong("The signature does not verify") from error


def _wrong(message: str) -> PingError:
    return invalid("assertion", message)
