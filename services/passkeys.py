"""Passkeys: storing a new one with all it causes, finding them, naming them."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from models import Evidence as EvidenceRow
from models import Passkey, Person
from services.attestation.evidence import Evidence
from services.attestation.metadata import Model
from services.attestation.policy import Policy, Verdict
from services.audit import Tag, record
from services.deliveries import outbox
from services.refusal import Refusal

MAX_NICKNAME = 64
DEFAULT_NICKNAME = "Passkey"


class CredentialKnown(Exception):
    """The credential id is registered already, to anyone."""


@dataclass(frozen=True)
class NewCredential:
    """A credential as its registration made it; `Evidence` says what that proved."""

    credential_id: bytes
    rp_id: str
    origin: str
    user_handle: bytes
    maker: str
    public_key: bytes
    """The COSE_Key exactly as the authenticator sent it."""
    sign_count: int
    transports: tuple[str, ...]
    attestation_object: bytes
    client_data_json: bytes


def store(
    session: Session,
    *,
    person: Person,
    credential: NewCredential,
    evidence: Evidence,
    policy: Policy,
    verdict: Verdict,
    model: Model | None,
    now: datetime,
    actor: Person | None = None,
) -> Passkey:
    """Store a passkey, its evidence, the audit event, and what is owed to directories.

    Everything goes into the caller's transaction. Wake the workers after it.

    Args:
        model: what metadata knows of the key, for its first name.
        actor: who had it registered, where that is somebody else than the person.

    Raises:
        CredentialKnown: when the credential id is taken; the transaction is of no use then.
    """
    passkey = Passkey(
        uuid=uuid.uuid4(),
        person=person,
        credential_id=credential.credential_id,
        rp_id=credential.rp_id,
        origin=credential.origin,
        user_handle=credential.user_handle,
        maker=credential.maker,
        public_key=credential.public_key,
        algorithm=evidence.algorithm,
        sign_count=credential.sign_count,
        transports=list(credential.transports),
        backup_eligible=evidence.backup_eligible,
        backup_state=evidence.backup_state,
        aaguid=evidence.aaguid,
        nickname=_first_nickname(session, person, model),
        created_at=now,
        evidence=_evidence_row(credential, evidence, policy, verdict, now),
    )
    if _taken(session, credential.credential_id):
        raise CredentialKnown
    session.add(passkey)
    try:
        session.flush()
    except IntegrityError as error:  # somebody else stored it in this very moment
        raise CredentialKnown from error
    record(
        session,
        Tag.PASSKEY_REGISTERED,
        now=now,
        actor=actor or person,
        person=person,
        passkey=passkey,
        nickname=passkey.nickname,
        aaguid=str(evidence.aaguid),
        trust=evidence.trust.value,
        policy=policy.name,
    )
    outbox.owe(session, passkey, cause=Tag.PASSKEY_REGISTERED.value, now=now)
    return passkey


def get(session: Session, passkey_id: int) -> Passkey:
    """The passkey with that key, its evidence with it.

    Raises:
        NoResultFound: when there is none.
    """
    return session.get_one(Passkey, passkey_id, options=[joinedload(Passkey.evidence)])


def by_uuid(session: Session, address: uuid.UUID) -> Passkey | None:
    """The passkey at that address, ended or not, its evidence with it."""
    return session.scalar(
        select(Passkey).where(Passkey.uuid == address).options(joinedload(Passkey.evidence))
    )


def of_person(session: Session, person_id: int, *, ended: bool = False) -> tuple[Passkey, ...]:
    """The person's passkeys, newest first, their evidence with them.

    Args:
        ended: whether to list those that have ended too.
    """
    query = (
        select(Passkey)
        .where(Passkey.person_id == person_id)
        .options(joinedload(Passkey.evidence))
        .order_by(Passkey.id.desc())
    )
    if not ended:
        query = query.where(Passkey.ended_at.is_(None))
    return tuple(session.scalars(query))


def own_of_person(session: Session, person_id: int, *, rp_id: str) -> tuple[Passkey, ...]:
    """The person's live passkeys for our own relying party, newest first."""
    return tuple(
        passkey
        for passkey in of_person(session, person_id)
        if passkey.own and passkey.rp_id == rp_id
    )


def rename(
    session: Session, passkey: Passkey, nickname: str, *, actor: Person, now: datetime
) -> None:
    """Give a passkey another nickname, in the directories too. Wake the workers after it.

    Raises:
        Refusal: `nickname_empty` or `nickname_too_long`.
    """
    name = " ".join("".join(char if char.isprintable() else " " for char in nickname).split())
    if not name:
        raise Refusal("nickname_empty", "Enter a name for this passkey.")
    if len(name) > MAX_NICKNAME:
        raise Refusal("nickname_too_long", f"Choose a name of at most {MAX_NICKNAME} characters.")
    before, passkey.nickname = passkey.nickname, name
    if before != name:
        record(
            session,
            Tag.PASSKEY_RENAMED,
            now=now,
            actor=actor,
            person=passkey.person,
            passkey=passkey,
            before=before,
            after=name,
        )
        if passkey.ended_at is None:
            outbox.owe_renamed(session, passkey, now=now, actor=actor)


def _taken(session: Session, credential_id: bytes) -> bool:
    with session.no_autoflush:
        found = session.scalar(select(Passkey.id).where(Passkey.credential_id == credential_id))
    return found is not None


def _first_nickname(session: Session, person: Person, model: Model | None) -> str:
    """The model's name, numbered where the person has one of that name already."""
    name = (model.name if model is not None else DEFAULT_NICKNAME)[: MAX_NICKNAME - 4]
    with session.no_autoflush:
        used = set(
            session.scalars(
                select(Passkey.nickname).where(
                    Passkey.person_id == person.id, Passkey.ended_at.is_(None)
                )
            )
        )
    if name not in used:
        return name
    return next(
        numbered
        for number in range(2, len(used) + 3)
        if (numbered := f"{name} {number}") not in used
    )


def _evidence_row(
    credential: NewCredential,
    evidence: Evidence,
    policy: Policy,
    verdict: Verdict,
    now: datetime,
) -> EvidenceRow:
    return EvidenceRow(
        format=evidence.format,
        trust=evidence.trust.value,
        trust_reason=None if evidence.trust_reason is None else evidence.trust_reason.value,
        trust_path=[base64.b64encode(der).decode() for der in evidence.trust_path],
        aaguid=evidence.aaguid,
        user_present=evidence.user_present,
        user_verified=evidence.user_verified,
        backup_eligible=evidence.backup_eligible,
        backup_state=evidence.backup_state,
        algorithm=evidence.algorithm,
        extensions=dict(evidence.extensions),
        metadata_number=evidence.metadata_number,
        policy=policy.to_mapping(),
        verdict=verdict.code,
        attestation_object=credential.attestation_object,
        client_data_json=credential.client_data_json,
        created_at=now,
    )
