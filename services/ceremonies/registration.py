"""Registering a passkey: options, the facts of the answer, the verdict, and one transaction.

The options are our own, or a directory's (`issued`); the answer is judged alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from models import Challenge, Passkey, Person
from models.passkeys import OWN
from services import passkeys, policies
from services.attestation.evidence import Evidence
from services.attestation.metadata import MetadataSource
from services.attestation.policy import Policy, decide
from services.audit import Tag, record
from services.ceremonies import challenges, handles, issued, options, outcomes
from services.ceremonies.proof import prove, user_handle
from services.ceremonies.purpose import Begun, Binding, Purpose
from services.ceremonies.refusals import CeremonyRefusal
from services.deliveries import outbox
from services.portal import Portal
from services.refusal import Refusal
from services.standing import is_active

Finish = Callable[[Session, Passkey], None]


def begin_registration(
    portal: Portal,
    *,
    purpose: Purpose,
    person_id: int,
    session_hash: bytes,
    subject: str = "",
    directory: int | None = None,
    policy: Policy | None = None,
    exclude: Sequence[bytes] = (),
    actor_id: int | None = None,
) -> Begun:
    """Make the options for a new passkey of the person, or have a directory make them.

    In our own, the handle and the keys to exclude come from the person's passkeys for our own
    relying party; the first passkey takes the handle that the person was given. A directory's are
    kept and handed on as they are.

    Args:
        subject: what it belongs to: the step of an enrolment, a directory, an operator's desk.
        directory: the key of the directory that issues the challenge; None where we do.
        policy: what the key is judged by; None takes the policy in force for the person.
        exclude: ids of more credentials whose keys are to refuse.
        actor_id: who drives it, where that is somebody else than the person.

    Raises:
        CeremonyRefusal: `policy_missing` while nobody has chosen what is allowed;
            `person_suspended`; `directory_not_offered` and `directory_not_linked`.
        DirectoryTrouble: when the directory begins nothing that could lead to a key.
        ValueError: when the purpose is not to register.
    """
    if not purpose.registers:
        raise ValueError(purpose)
    binding = Binding(purpose, session_hash, person_id, subject, actor_id)
    if directory is not None:
        return issued.begin(
            portal, binding=binding, directory=directory, policy=policy, exclude=exclude
        )
    settings = portal.settings
    challenge = challenges.random_challenge()
    with portal.database.write() as session:
        policy = policy or policies.for_person(session, person_id)
        if policy is None:
            raise CeremonyRefusal("policy_missing")
        if not is_active(session, person_id):
            raise CeremonyRefusal("person_suspended")
        person = session.get_one(Person, person_id)
        existing = passkeys.own_of_person(session, person_id, rp_id=settings.rp_id)
        made = options.creation(
            settings=settings,
            person=person,
            user_handle=_user_handle(person, existing),
            existing=existing,
            exclude=exclude,
            policy=policy,
            challenge=challenge,
        )
        row = challenges.make(
            session,
            settings=settings,
            binding=binding,
            challenge=challenge,
            options=made,
            policy=policy,
            now=portal.now(),
        )
        return Begun(row.uuid, made, pages=tuple(settings.origins))


def finish_registration(
    portal: Portal,
    *,
    purpose: Purpose,
    ceremony: str,
    response: str,
    session_hash: bytes,
    person_id: int,
    subject: str = "",
    finish: Finish | None = None,
    actor_id: int | None = None,
) -> Passkey:
    """Verify the browser's answer, judge it, and store the passkey with all it causes.

    A directory that issued the challenge is owed the answer at once; it is never sent one that was
    refused here.

    Args:
        ceremony: the id that `begin_registration` gave, as the form sent it.
        response: the RegistrationResponseJSON, as the form sent it.
        finish: runs in the transaction that stores the passkey, so that an enrolment link dies
            with its last step. A `Refusal` from it undoes everything.

    Raises:
        Refusal: with a code of `CODES`, or what `finish` raised. The same answer sent again in
            the same session gets the same passkey or refusal again.
    """
    binding = Binding(purpose, session_hash, person_id, subject, actor_id)
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
        passkey = _register(portal, taken.challenge, binding, response, finish)
    except Refusal as refusal:
        _record_refusal(portal, binding, refusal, taken.challenge)
        if taken.challenge.discard_at is not None:
            portal.wake()
        raise
    portal.wake()
    return passkey


def cancel(
    portal: Portal,
    *,
    purpose: Purpose,
    ceremony: str,
    session_hash: bytes,
    person_id: int,
    subject: str = "",
) -> None:
    """End a registration that nobody goes on with; an answer that still comes is refused.

    Nothing happens to one that was answered, or cancelled, before.

    Raises:
        CeremonyRefusal: `challenge_unknown` or `challenge_other_…`.
    """
    binding = Binding(purpose, session_hash, person_id, subject)
    if challenges.cancel(portal, binding, ceremony=ceremony):
        portal.wake()


def _register(
    portal: Portal, challenge: Challenge, binding: Binding, response: str, finish: Finish | None
) -> Passkey:
    now = portal.now()
    policy = Policy.from_mapping(challenge.policy or {})
    proven = prove(response, challenge, metadata=portal.metadata, now=now)
    facts = _facts(proven.evidence, portal.metadata)
    verdict = decide(proven.evidence, policy, portal.metadata)
    if not verdict.accepted:
        raise CeremonyRefusal(verdict.code, facts)
    model = portal.metadata.model(proven.evidence.aaguid)
    with portal.database.write() as session:
        if not is_active(session, challenge.person_id or 0):
            raise CeremonyRefusal("person_suspended", facts)
        _demand_same_identity(session, challenge, facts)
        try:
            passkey = passkeys.store(
                session,
                person=session.get_one(Person, challenge.person_id),
                credential=proven.credential,
                evidence=proven.evidence,
                policy=policy,
                verdict=verdict,
                model=model,
                now=now,
                actor=session.get(Person, binding.actor_id) if binding.actor_id else None,
            )
        except passkeys.CredentialKnown:
            raise CeremonyRefusal("credential_known", facts) from None
        if challenge.directory_id is not None:
            outbox.owe_begun(
                session,
                passkey,
                challenge.directory_id,
                begun=(challenge.remote or {})["begun"],
                not_after=challenge.expires_at,
                cause=Tag.PASSKEY_REGISTERED.value,
                now=now,
            )
        if finish is not None:
            finish(session, passkey)
        outcomes.accept(session, challenge, {"passkey": passkey.id})
    return passkey


def _demand_same_identity(session: Session, challenge: Challenge, facts: dict[str, Any]) -> None:
    """Refuse where the directory, or the person's record there, is not what it was at the start,
    or where it names somebody else.

    Raises:
        CeremonyRefusal: `directory_identity_changed`, `directory_handle_taken`.
    """
    if challenge.directory_id is None:
        return
    try:
        _, remote_id = issued.offering(
            session, challenge.directory_id, challenge.person_id or 0, held=True
        )
    except CeremonyRefusal:
        remote_id = ""
    if remote_id != (challenge.remote or {})["identity"]:
        raise CeremonyRefusal("directory_identity_changed", facts)
    if challenge.maker == OWN and handles.taken(
        session,
        user_handle(challenge),
        person_id=challenge.person_id or 0,
        rp_id=challenge.rp_id,
    ):
        raise CeremonyRefusal("directory_handle_taken", facts)


def _user_handle(person: Person, existing: Sequence[Passkey]) -> bytes:
    """The handle of the person's keys so far, so that one key holds one of them; never one that a
    directory gave: those are no text, and some directories keep handles as text.
    """
    handles = (passkey.user_handle for passkey in existing)
    return next((one for one in handles if one.isascii()), person.user_handle)


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
            outcomes.refuse(session, challenge, refusal, now=portal.now())
        person = session.get_one(Person, binding.person_id)
        record(
            session,
            Tag.PASSKEY_REFUSED,
            now=portal.now(),
            actor=session.get(Person, binding.actor_id) if binding.actor_id else person,
            person=person,
            code=refusal.code,
            purpose=binding.purpose.value,
            **facts,
        )
