"""The facts of a registration (WebAuthn L3 section 7.1), established without judging them."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from webauthn import verify_registration_response
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import AuthenticatorAttestationResponse, RegistrationCredential

from models import Challenge
from services.attestation import trust
from services.attestation.evidence import Evidence
from services.attestation.metadata import MetadataSource
from services.ceremonies import offers, options, responses
from services.ceremonies.authenticator_data import AttestedCredential
from services.ceremonies.checks import CREATE, check_authenticator, check_client, check_id
from services.ceremonies.refusals import CeremonyRefusal, printable
from services.passkeys import NewCredential

logger = logging.getLogger(__name__)

MAX_CREDENTIAL_ID = 1023
"""Bytes (section 7.1, step 25)."""

FORMATS = frozenset({"packed", "tpm", "android-key", "fido-u2f", "apple", "none"})
"""The attestation statement formats of section 8 that are verified; android-safetynet is gone."""

ES256, EDDSA, RS256 = options.ALGORITHMS
KEY_SHAPES = {ES256: (2, 1), EDDSA: (1, 6), RS256: (3, None)}
"""COSE algorithm to key type and curve (section 5.8.5); RSA has no curve."""
MIN_RSA_BITS = 2048


@dataclass(frozen=True)
class Proven:
    """The facts of a registration."""

    credential: NewCredential
    evidence: Evidence


def prove(
    response: str, challenge: Challenge, *, metadata: MetadataSource, now: datetime
) -> Proven:
    """Establish the facts of a registration (section 7.1), without judging them.

    Raises:
        CeremonyRefusal: only for what is malformed, wrongly signed or against the protocol.
    """
    try:
        answer = responses.registration(response)
    except responses.Malformed as error:
        logger.info("A registration was malformed: %s", error)
        raise CeremonyRefusal("malformed") from error
    check_client(answer.client, challenge, kind=CREATE)
    check_authenticator(answer.authenticator, rp_id=challenge.rp_id)
    credential = answer.authenticator.credential
    if credential is None:
        raise CeremonyRefusal("malformed")
    if len(credential.credential_id) > MAX_CREDENTIAL_ID:
        raise CeremonyRefusal("credential_id_too_long")
    check_id(answer.id, answer.raw_id)
    if answer.raw_id != credential.credential_id:
        raise CeremonyRefusal("credential_id_mismatch")
    algorithm = _check_key(credential, asked=offers.algorithms(challenge.options))
    if answer.format not in FORMATS:
        raise CeremonyRefusal(
            "attestation_format_unknown", {"format": printable(answer.format, 32)}
        )
    _check_taken(answer.format, challenge)
    _verify_statement(answer, challenge)
    found = trust.establish(
        format=answer.format, x5c=answer.x5c, aaguid=credential.aaguid, metadata=metadata, now=now
    )
    model = metadata.model(credential.aaguid)
    return Proven(
        credential=NewCredential(
            credential_id=credential.credential_id,
            rp_id=challenge.rp_id,
            origin=answer.client.origin,
            user_handle=user_handle(challenge),
            maker=challenge.maker,
            public_key=credential.public_key,
            sign_count=answer.authenticator.sign_count,
            transports=answer.transports,
            attestation_object=answer.attestation_object,
            client_data_json=answer.client.raw,
        ),
        evidence=Evidence(
            format=answer.format,
            trust=found.trust,
            trust_reason=found.reason,
            trust_path=found.path,
            aaguid=credential.aaguid,
            user_present=answer.authenticator.user_present,
            user_verified=answer.authenticator.user_verified,
            backup_eligible=answer.authenticator.backup_eligible,
            backup_state=answer.authenticator.backup_state,
            algorithm=algorithm,
            metadata_number=None if model is None or model.from_file else metadata.number,
            extensions=answer.extensions,
        ),
    )


def _check_key(credential: AttestedCredential, *, asked: Collection[int]) -> int:
    """The algorithm, which must be one that was asked for, with a key that fits it.

    py_webauthn does not load the key of a passkey without attestation, so a bad one would only
    be found at sign-in.
    """
    algorithm, cose = credential.algorithm, credential.cose
    if algorithm is None or algorithm not in asked:
        raise CeremonyRefusal("algorithm_wrong", {"algorithm": algorithm})
    kind, curve = KEY_SHAPES[algorithm]
    if cose.get(1) != kind or (curve is not None and cose.get(-1) != curve):
        raise CeremonyRefusal("malformed")
    try:
        key = decoded_public_key_to_cryptography(
            decode_credential_public_key(credential.public_key)
        )
    except Exception as error:  # whatever its parsers make of hostile bytes
        raise CeremonyRefusal("malformed") from error
    if algorithm == RS256 and getattr(key, "key_size", 0) < MIN_RSA_BITS:
        raise CeremonyRefusal("algorithm_wrong", {"algorithm": algorithm})
    return algorithm


def _check_taken(form: str, challenge: Challenge) -> None:
    """Refuse a form of attestation that the directory which began this takes from nobody."""
    taken = (challenge.remote or {}).get("formats")
    if taken and form not in taken:
        raise CeremonyRefusal("attestation_format_not_taken", {"format": form})


def _verify_statement(answer: responses.Registration, challenge: Challenge) -> None:
    """Have py_webauthn verify the whole answer, the statement's signature above all.

    It is given no roots on purpose: it would build no partial chain (see `trust`).
    """
    try:
        verify_registration_response(
            credential=RegistrationCredential(
                id=answer.id,
                raw_id=answer.raw_id,
                response=AuthenticatorAttestationResponse(
                    client_data_json=answer.client.raw,
                    attestation_object=answer.attestation_object,
                ),
            ),
            expected_challenge=challenge.challenge,
            expected_rp_id=challenge.rp_id,
            expected_origin=list(challenge.origins),
            require_user_presence=True,
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(alg) for alg in options.ALGORITHMS],
        )
    except Exception as error:  # beside its own errors come those of every parser beneath it
        logger.info("An attestation was not verified: %s", type(error).__name__)
        raise CeremonyRefusal(
            "attestation_invalid", {"format": printable(answer.format, 32)}
        ) from error


def user_handle(challenge: Challenge) -> bytes:
    """The handle that the options of a registration gave the key."""
    handle: str = challenge.options["user"]["id"]
    return responses.decoded(handle)
