"""The registration of a passkey on behalf of a user (entra.md 2.3, 2.5, 2.7)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from emulators.entra import attestation
from emulators.entra.bodies import only
from emulators.entra.creation import ALGORITHMS
from emulators.entra.emulator import Entra
from emulators.entra.errors import GraphError, bad_request
from emulators.entra.jwt import decode64
from emulators.entra.policy import Key

LONGEST_NAME = 30
MOST = 10
USUAL_NAME = "Passkey"


@dataclass(frozen=True)
class Given:
    """A body whose form is right."""

    name: str
    credential_id: bytes
    client_data: bytes
    attestation_object: bytes


def read(entra: Entra, body: dict[str, Any]) -> Given:
    """The whitelist of members, all binary ones base64url without padding (entra.md 2.3 [D]).

    Raises:
        GraphError: 400.
    """
    method = only(body, ("displayName", "publicKeyCredential"), "fido2AuthenticationMethod")
    credential = only(
        method.get("publicKeyCredential"),
        ("id", "response", "clientExtensionResults"),
        "webauthnPublicKeyCredential",
    )
    response = only(
        credential.get("response"),
        ("clientDataJSON", "attestationObject"),
        "webauthnAuthenticatorAttestationResponse",
    )
    results = credential.get("clientExtensionResults")
    if results is not None and not isinstance(results, dict):
        raise bad_request("clientExtensionResults is no object.", code="BadRequest")
    return Given(
        name=_name(entra, method),
        credential_id=_binary(credential, "id"),
        client_data=_binary(response, "clientDataJSON"),
        attestation_object=_binary(response, "attestationObject"),
    )


def register(entra: Entra, user: dict[str, Any], given: Given) -> dict[str, Any]:
    """Hold a new credential against its challenge, its attestation and the policy, and keep it.

    Raises:
        GraphError: status and code are not known (entra.md 8 [U]) and go by switches.
    """
    with entra.store.transaction():
        challenge = _check_client_data(entra, user["id"], given.client_data)
        try:
            rp_id = entra.variants["rp_id"]
            key = attestation.verify(given.attestation_object, given.client_data, rp_id)
        except attestation.Unacceptable as error:
            raise _refused(entra, str(error)) from error
        if key.credential_id != given.credential_id:
            raise _refused(entra, "the id is not the credential's")
        if key.algorithm not in ALGORITHMS:
            raise _refused(entra, "the algorithm was not asked for")
        _check_policy(entra, user["id"], key)
        _check_number(entra, user["id"], key.credential_id)
        entra.challenges.use(challenge)
        return entra.passkeys.add(
            user["id"],
            credential_id=key.credential_id,
            aaguid=key.aaguid,
            name=given.name,
            now=entra.now(),
            certificates=key.thumbprints,
            attested=key.by_model,
            synced=key.synced,
            lag=entra.passkeys.lag_of_new_ones(),
        )


def _name(entra: Entra, method: dict[str, Any]) -> str:
    name = method.get("displayName")
    if name is None:
        return USUAL_NAME  # entra.md 2.3 [D S2]: optional
    if not isinstance(name, str) or not name:
        raise bad_request("displayName is no text.", code="BadRequest")
    if len(name) > LONGEST_NAME and entra.variants["long_display_name"] == "refused":
        raise bad_request(
            f"displayName is longer than {LONGEST_NAME} characters.", code="BadRequest"
        )
    return name


def _binary(holder: dict[str, Any], name: str) -> bytes:
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise bad_request(f"'{name}' is missing.", code="BadRequest")
    try:
        return decode64(value)
    except ValueError as error:
        raise bad_request(
            f"'{name}' is not base64url without padding.", code="BadRequest"
        ) from error


def _check_client_data(entra: Entra, user_id: str, client_data: bytes) -> str:
    """Type, challenge and origin (entra.md 2.3 [I], 2.5 [C]); the challenge."""
    try:
        fields = json.loads(client_data)
    except (ValueError, RecursionError) as error:
        raise _refused(entra, "clientDataJSON is no JSON") from error
    if not isinstance(fields, dict) or fields.get("type") != "webauthn.create":
        raise _refused(entra, "the type is not webauthn.create")
    origin = f"https://{entra.variants['rp_id']}"
    if fields.get("origin") != origin or fields.get("crossOrigin", False) is not False:
        raise _refused(entra, f"the origin is not {origin}")
    text = str(fields.get("challenge"))
    challenge = entra.challenges.find(text)
    if challenge is None or challenge.user_id != user_id:
        raise _refused(entra, "the challenge was not given out for this user")
    if challenge.expires <= entra.now():
        raise _refused(entra, "the challenge has expired")
    if challenge.used and entra.variants["challenge_replay"] == "refused":
        raise _refused(entra, "the challenge was answered before")
    return text


def _check_policy(entra: Entra, user_id: str, key: attestation.Attested) -> None:
    """Passkey types, AAGUIDs and attestation (entra.md 4 steps 4 to 7 [I], 2.7 [D S24])."""
    validated = entra.validated is None or key.aaguid in entra.validated
    judged = Key(key.aaguid, synced=key.synced, attested=key.by_model and validated)
    reason = entra.policy.refusal(user_id, judged)
    if reason:
        raise _refused(entra, reason)


def _check_number(entra: Entra, user_id: str, credential_id: bytes) -> None:
    held = [method["credential"] for method in entra.passkeys.of(user_id)]
    if credential_id.hex() in held:
        raise _refused(entra, "the credential is registered already")
    if len(held) >= MOST and entra.variants["most_passkeys"] == "ten":
        raise _refused(entra, "the user has ten passkeys")


def _refused(entra: Entra, reason: str) -> GraphError:
    status, _, code = entra.variants["registration_error"].partition(" ")
    vague = entra.variants["registration_message"] == "vague"
    message = "The request is invalid." if vague else f"Registration failed: {reason}"
    return GraphError(int(status), code, message)
