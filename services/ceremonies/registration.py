"""Registering a passkey: options, the facts of the answer, the verdict, and one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from webauthn import verify_registration_response
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import AuthenticatorAttestationResponse, RegistrationCredential

from models import Challenge, Passkey, Person
from services import passkeys, policies
from services.attestation import trust
from services.attestation.evidence import Evidence
from services.attestation.metadata import MetadataSource
from services.attestation.policy import Policy, decide
from services.audit import Tag, record
from services.ceremonies import challenges, options, responses
from services.ceremonies.authenticator_data import AttestedCredential
from services.ceremonies.challenges import Outcome
from services.ceremonies.checks import CREATE, check_authenticator, check_client, check_id
from services.ceremonies.purpose import Binding, Purpose
from services.ceremonies.refusals import CeremonyRefusal, printable
from services.portal import Portal
from services.refusal import Refusal

logger = logging.getLogger(__name__)

MAX_CREDENTIAL_ID = 1023
"""Bytes (section 7.1, step 25)."""

FORMATS = frozenset({"packed", "tpm", "android-key", "fido-u2f", "apple", "none"})
"""The attestation statement formats of section 8 that are verified; android-safetynet is gone."""

ES256, EDDSA, RS256 = options.ALGORITHMS
KEY_SHAPES = {ES256: (2, 1), EDDSA: (1, 6), RS256: (3, None)}
"""COSE algorithm to key type and curve (section 5.8.5); RSA has no curve."""
MIN_RSA_BITS = 2048

Finish = Callable[[Session, Passkey], None]


@dataclass(frozen=True)
class Begun:
    """A ceremony that has begun: its id, and the options for the browser."""

    ceremony: UUID
    options: dict[str, Any]


@dataclass(frozen=True)
class Proven:
    """The facts of a registration."""

    credential: passkeys.NewCredential
    evidence: Evidence


def begin_registration(
    portal: Portal, *, purpose: Purpose, person_id: int, session_hash: bytes
) -> Begun:
    """Make the options for a new passkey of the person.

    The handle and the keys to exclude come from the person's passkeys for our own relying party;
    the first passkey takes the handle that the person was given.

    Raises:
        CeremonyRefusal: `policy_missing` while nobody has chosen what is allowed.
        ValueError: when the purpose is not to register.
    """
    if not purpose.registers:
        raise ValueError(purpose)
    settings = portal.settings
    challenge = challenges.random_challenge()
    with portal.database.write() as session:
        policy = policies.current(session)
        if policy is None:
            raise CeremonyRefusal("policy_missing")
        person = session.get_one(Person, person_id)
        existing = passkeys.own_of_person(session, person_id, rp_id=settings.rp_id)
        made = options.creation(
            settings=settings,
            person=person,
            user_handle=existing[0].user_handle if existing else person.user_handle,
            existing=existing,
            policy=policy,
            challenge=challenge,
        )
        row = challenges.make(
            session,
            settings=settings,
            binding=Binding(purpose, session_hash, person_id),
            challenge=challenge,
            options=made,
            policy=policy,
            now=portal.now(),
        )
        return Begun(row.uuid, made)


def finish_registration(
    portal: Portal,
    *,
    purpose: Purpose,
    ceremony: str,
    response: str,
    session_hash: bytes,
    person_id: int,
    finish: Finish | None = None,
) -> Passkey:
    """Verify the browser's answer, judge it, and store the passkey with all it causes.

    Args:
        ceremony: the id that `begin_registration` gave, as the form sent it.
        response: the RegistrationResponseJSON, as the form sent it.
        finish: runs in the transaction that stores the passkey, so that an enrolment link dies
            with its last step. A `Refusal` from it undoes everything.

    Raises:
        Refusal: with a code of `CODES`, or what `finish` raised. The same answer sent again in
            the same session gets the same passkey or refusal again.
    """
    binding = Binding(purpose, session_hash, person_id)
    try:
        taken = challenges.take(portal, binding, ceremony=ceremony, response=response)
    except CeremonyRefusal as refusal:
        _record_refusal(portal, binding, refusal)
        raise
    if taken.outcome is not None:
        kept = taken.outcome.result()
        with portal.database.read() as session:
            return passkeys.get(session, kept["passkey"])
    try:
        passkey = _register(portal, taken.challenge, person_id, response, finish)
    except Refusal as refusal:
        _record_refusal(portal, binding, refusal, taken.challenge)
        raise
    portal.wake()
    return passkey


def _register(
    portal: Portal, challenge: Challenge, person_id: int, response: str, finish: Finish | None
) -> Passkey:
    now = portal.now()
    policy = Policy.from_mapping(challenge.policy or {})
    proven = prove(response, challenge, metadata=portal.metadata, now=now)
    evidence, credential = proven.evidence, proven.credential
    facts = _facts(evidence, portal.metadata)
    verdict = decide(evidence, policy, portal.metadata)
    if not verdict.accepted:
        raise CeremonyRefusal(verdict.code, facts)
    model = portal.metadata.model(evidence.aaguid)
    with portal.database.write() as session:
        try:
            passkey = passkeys.store(
                session,
                person=session.get_one(Person, person_id),
                credential=credential,
                evidence=evidence,
                policy=policy,
                verdict=verdict,
                model=model,
                now=now,
            )
        except passkeys.CredentialKnown:
            raise CeremonyRefusal("credential_known", facts) from None
        if finish is not None:
            finish(session, passkey)
        challenges.settle(session, challenge, Outcome(accepted={"passkey": passkey.id}))
    return passkey


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
    algorithm = _check_key(credential)
    if answer.format not in FORMATS:
        raise CeremonyRefusal(
            "attestation_format_unknown", {"format": printable(answer.format, 32)}
        )
    _verify_statement(answer, challenge)
    found = trust.establish(
        format=answer.format, x5c=answer.x5c, aaguid=credential.aaguid, metadata=metadata, now=now
    )
    model = metadata.model(credential.aaguid)
    return Proven(
        credential=passkeys.NewCredential(
            credential_id=credential.credential_id,
            rp_id=challenge.rp_id,
            origin=answer.client.origin,
            user_handle=_user_handle(challenge),
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


def _check_key(credential: AttestedCredential) -> int:
    """The algorithm, which must be one that was asked for, with a key that fits it.

    py_webauthn does not load the key of a passkey without attestation, so a bad one would only
    be found at sign-in.
    """
    algorithm, cose = credential.algorithm, credential.cose
    if algorithm not in KEY_SHAPES:
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


def _user_handle(challenge: Challenge) -> bytes:
    handle: str = challenge.options["user"]["id"]
    return responses.decoded(handle)


def _facts(evidence: Evidence, metadata: MetadataSource) -> dict[str, Any]:
    model = metadata.model(evidence.aaguid)
    return {
        "format": evidence.format,
        "trust": evidence.trust.value,
        "trust_reason": None if evidence.trust_reason is None else evidence.trust_reason.value,
        "aaguid": str(evidence.aaguid),
        "model": None if model is None else model.name,
    }


def _record_refusal(
    portal: Portal, binding: Binding, refusal: Refusal, challenge: Challenge | None = None
) -> None:
    facts = refusal.facts if isinstance(refusal, CeremonyRefusal) else {}
    with portal.database.write() as session:
        if challenge is not None:
            challenges.settle(session, challenge, Outcome.of(refusal))
        person = session.get_one(Person, binding.person_id)
        record(
            session,
            Tag.PASSKEY_REFUSED,
            now=portal.now(),
            actor=person,
            person=person,
            code=refusal.code,
            purpose=binding.purpose.value,
            **facts,
        )
