"""Registering a passkey: options, the facts of the answer, the verdict, and one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from models import Challenge, Passkey, Person
from services import passkeys, policies
from services.attestation.evidence import Evidence
from services.attestation.metadata import MetadataSource
from services.attestation.policy import Policy, decide
from services.audit import Tag, record
from services.ceremonies import challenges, options
from services.ceremonies.challenges import Outcome
from services.ceremonies.proof import prove
from services.ceremonies.purpose import Binding, Purpose
from services.ceremonies.refusals import CeremonyRefusal
from services.portal import Portal
from services.refusal import Refusal
from services.standing import is_active

Finish = Callable[[Session, Passkey], None]


@dataclass(frozen=True)
class Begun:
    """A ceremony that has begun: its id, and the options for the browser."""

    ceremony: UUID
    options: dict[str, Any]


def begin_registration(
    portal: Portal, *, purpose: Purpose, person_id: int, session_hash: bytes
) -> Begun:
    """Make the options for a new passkey of the person.

    The handle and the keys to exclude come from the person's passkeys for our own relying party;
    the first passkey takes the handle that the person was given.

    Raises:
        CeremonyRefusal: `policy_missing` while nobody has chosen what is allowed;
            `person_suspended`.
        ValueError: when the purpose is not to register.
    """
    if not purpose.registers:
        raise ValueError(purpose)
    settings = portal.settings
    challenge = challenges.random_challenge()
    with portal.database.write() as session:
        policy = policies.for_person(session, person_id)
        if policy is None:
            raise CeremonyRefusal("policy_missing")
        if not is_active(session, person_id):
            raise CeremonyRefusal("person_suspended")
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
        if not is_active(session, person_id):
            raise CeremonyRefusal("person_suspended", facts)
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
