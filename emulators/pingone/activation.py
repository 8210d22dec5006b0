"""The end of a pairing: what the browser answered, held against what was asked (pingone.md 3.2)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from fido2 import cbor
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from emulators.kit.store import Taken
from emulators.pingone import devices, fido_policies, wire
from emulators.pingone.attestation import check_model, check_statement
from emulators.pingone.binary import base64url, standard
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import PingError, invalid, taken
from emulators.pingone.moments import moment, stamp
from emulators.pingone.options import ALGORITHMS
from emulators.pingone.origins import below

LONGEST = 200_000


@dataclass(frozen=True)
class Answer:
    """The browser's answer, decoded."""

    credential_id: bytes
    client_data: bytes
    attestation_object: bytes


def activate(ping: PingOne, device: Document, given: dict[str, Any]) -> Document:
    """POST …device.activate+json: the device becomes ACTIVE.

    Raises:
        PingError: 400.
    """
    if device["status"] != devices.PENDING:
        raise invalid("status", "The device is not waiting for activation")
    origin = wire.text(given.get("origin"), "origin", longest=2000)
    either = ping.variants["attestation_base64"] == "either"
    answer = read(given.get("attestation"), either=either)
    policy = ping.one(
        device["environment"]["id"], fido_policies.KIND, device["ceremony"]["fidoPolicy"]
    )
    if policy is None:
        raise _wrong(ping, "policy", "The FIDO2 policy is gone")
    _check_client_data(ping, device, answer, origin)
    credential = _check_authenticator(ping, device, answer, policy)
    return _finished(ping, device, credential)


def read(value: Any, *, either: bool) -> Answer:
    """`attestation`: a JSON string, its binary fields standard base64 with padding.

    Raises:
        PingError: 400 INVALID_VALUE; an object instead of a string too ([3P CM]).
    """
    text = wire.text(value, "attestation", longest=LONGEST)
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid("attestation", "attestation is not a JSON string") from error
    response = given.get("response") if isinstance(given, dict) else None
    if not isinstance(response, dict) or given.get("type") != "public-key":
        raise invalid("attestation", "attestation is not a public-key credential")
    raw_id = standard(given.get("rawId"), "attestation.rawId", either=either)
    if base64url(given.get("id"), "attestation.id") != raw_id:
        raise invalid("attestation.id", "id and rawId are not the same")
    return Answer(
        raw_id,
        standard(response.get("clientDataJSON"), "attestation.clientDataJSON", either=either),
        standard(response.get("attestationObject"), "attestation.attestationObject", either=either),
    )


def _check_client_data(ping: PingOne, device: Document, answer: Answer, origin: str) -> None:
    try:
        client: Any = json.loads(answer.client_data)
    except (ValueError, RecursionError) as error:
        raise _wrong(ping, "attestation", "clientDataJSON is not JSON") from error
    if not isinstance(client, dict) or client.get("type") != "webauthn.create":
        raise _wrong(ping, "attestation", "clientDataJSON is not of a creation")
    asked = bytes.fromhex(device["ceremony"]["challenge"])
    if base64url(client.get("challenge"), "attestation.challenge") != asked:
        raise _wrong(ping, "attestation", "The challenge does not match")
    if ping.variants["challenge_life"] == "as the timeout" and ping.now() > moment(
        device["ceremony"]["until"]
    ):
        raise _wrong(ping, "attestation", "The challenge has expired")
    if client.get("origin") != origin:
        raise _wrong(ping, "origin", "The origin does not match")
    if ping.variants["origin_suffix"] == "enforced" and not below(origin, device["rp"]["id"]):
        raise _wrong(ping, "origin", "The origin does not belong to the relying party ID")


def _check_authenticator(
    ping: PingOne, device: Document, answer: Answer, policy: Document
) -> AttestedCredentialData:
    """rpIdHash, flags by the policy, the credential, its statement and its model (3.2 [I])."""
    try:
        attested = AttestationObject(answer.attestation_object)
        data: AuthenticatorData = attested.auth_data
        credential = data.credential_data
    except Exception as error:  # whatever hostile CBOR brings about: it cannot be read
        raise _wrong(ping, "attestation", "attestationObject cannot be read") from error
    if data.rp_id_hash != hashlib.sha256(device["rp"]["id"].encode()).digest():
        raise _wrong(ping, "attestation", "The relying party ID does not match")
    if not data.is_user_present():
        raise _wrong(ping, "attestation", "The user was not present")
    if policy["userVerification"]["option"] == "REQUIRED" and not data.is_user_verified():
        raise _wrong(ping, "attestation", "The user was not verified")
    if not policy["backupEligibility"]["allow"] and data.is_backup_eligible():
        raise _wrong(ping, "attestation", "Passkeys that can be backed up are not allowed")
    if credential is None or credential.credential_id != answer.credential_id:
        raise _wrong(ping, "attestation", "The credential does not match")
    if credential.public_key.get(3) not in ALGORITHMS:
        raise _wrong(ping, "attestation", "The algorithm was not offered")
    problem = check_statement(
        attested,
        hashlib.sha256(answer.client_data).digest(),
        needed=policy["attestationRequirements"] != "NONE"
        and ping.variants["direct_without_statement"] == "refused",
    ) or check_model(ping, attested, policy)
    if problem:
        raise _wrong(ping, "attestation", problem)
    return credential


def _finished(ping: PingOne, device: Document, credential: AttestedCredentialData) -> Document:
    """The same credential cannot be paired twice (pingone.md 3.3 [D])."""
    active = {name: value for name, value in device.items() if name != "ceremony"}
    active |= {
        "status": devices.ACTIVE,
        "updatedAt": stamp(ping.now()),
        "credential": {
            "id": credential.credential_id.hex(),
            "publicKey": cbor.encode(dict(credential.public_key)).hex(),
        },
    }
    try:
        with ping.store.transaction():
            ping.store.claim(device["id"], [("credential", credential.credential_id.hex())])
            ping.put(devices.KIND, active)
    except Taken as error:
        raise taken("attestation", "The authenticator is already paired") from error
    return active


def _wrong(ping: PingOne, target: str, message: str) -> PingError:
    """400; the code for it is not known (pingone.md 3.2, 7 [U])."""
    return invalid(target, message, detail=ping.variants["activation_code"])
