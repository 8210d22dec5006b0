"""Changing the attestation policy: what another one would let in, and putting it in force.

"Every HID model" is kept as the list of models that were approved. Whatever newer metadata adds is
therefore not accepted until somebody approves it: it waits.
"""

from __future__ import annotations

import base64
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import AttestationPolicy, Group, Passkey, Person
from models import Evidence as Kept
from services import policies
from services.attestation.evidence import Evidence, Trust, TrustReason
from services.attestation.hid import HID_CRESCENDO
from services.attestation.metadata import MetadataSource, Model
from services.attestation.policy import Policy, decide
from services.policies import NAMES, Kind
from services.refusal import Refusal

WHOSE = Passkey.person_id
"""What a condition on whose passkeys are judged speaks of."""
BATCH = 1000
"""Passkeys read at once while they are judged anew."""


@dataclass(frozen=True)
class Change:
    """What would be different under another policy."""

    coming: tuple[UUID, ...]
    """Models that are accepted from then on; empty where any model is, before or after."""
    going: tuple[UUID, ...]
    any_before: bool
    any_after: bool
    refused: tuple[tuple[str, int], ...]
    """Why existing passkeys would not be accepted today, each sentence with their number."""

    @property
    def refused_count(self) -> int:
        """How many existing passkeys would not be accepted today."""
        return sum(count for _, count in self.refused)


def policy_of(
    kind: Kind, models: Iterable[UUID], *, demand_device_bound: bool, refuse_counter_regress: bool
) -> Policy:
    """The policy of a kind.

    Args:
        models: those that were approved or chosen; a kind that needs none leaves them out.

    Raises:
        Refusal: `policy_empty` when nothing at all would be accepted.
    """
    allowed: frozenset[UUID] | None
    match kind:
        case Kind.ANY:
            allowed = None
        case Kind.HID_CRESCENDO:
            allowed = frozenset(HID_CRESCENDO)
        case Kind.HID | Kind.CHOSEN:
            allowed = frozenset(models)
            if not allowed:
                raise Refusal(
                    "policy_empty", "Choose at least one model: otherwise no key is accepted."
                )
    return Policy(
        name=NAMES[kind],
        demand_attestation=kind is not Kind.ANY,
        demand_device_bound=demand_device_bound,
        refuse_counter_regress=refuse_counter_regress,
        allowed_models=allowed,
    )


def hid_models(metadata: MetadataSource) -> frozenset[UUID]:
    """Every model that counts as HID's today: our list, and what metadata describes as HID's."""
    described = {model.aaguid for model in metadata.models() if model.is_hid}
    return frozenset(HID_CRESCENDO) | described


def approved(policy: Policy | None, metadata: MetadataSource) -> frozenset[UUID]:
    """The HID models that need no more approval: those in force, or all where none were asked."""
    if policy is not None and policies.kind_of(policy) is Kind.HID:
        return policy.allowed_models or frozenset()
    return hid_models(metadata)


def waiting(policy: Policy | None, metadata: MetadataSource) -> tuple[Model, ...]:
    """The HID models that "every HID model" does not accept yet, by name; else none."""
    missing = hid_models(metadata) - approved(policy, metadata)
    return tuple(model for model in metadata.models() if model.aaguid in missing)


def subject(base: uuid.UUID | None, group: Group | None = None) -> str:
    """What the fresh ceremony of a change is about: the policy that it replaces, or the group that
    has none yet.
    """
    return f"policy:{base or (group.uuid if group else uuid.UUID(int=0))}"


def compare(
    session: Session,
    before: Policy | None,
    after: Policy,
    metadata: MetadataSource,
    whose: ColumnElement[bool] | None = None,
) -> Change:
    """Say what would be different, and judge the existing passkeys by the other policy.

    Nothing is changed: what was accepted stays accepted.

    Args:
        whose: a condition on `Passkey.person_id`: only passkeys of these people are judged.
    """
    old = before.allowed_models if before is not None else frozenset()
    new = after.allowed_models
    listed = old is not None and new is not None
    sentences: Counter[str] = Counter()
    for evidence in _evidence(session, whose):
        verdict = decide(evidence, after, metadata)
        if not verdict.accepted:
            sentences[verdict.sentence] += 1
    return Change(
        coming=tuple(sorted((new or frozenset()) - (old or frozenset()))) if listed else (),
        going=tuple(sorted((old or frozenset()) - (new or frozenset()))) if listed else (),
        any_before=old is None,
        any_after=new is None,
        refused=tuple(sentences.most_common()),
    )


def change(
    session: Session,
    after: Policy,
    *,
    base: uuid.UUID | None,
    actor: Person,
    now: datetime,
) -> bool:
    """Put the policy in force.

    Args:
        base: the policy that was in force when the change was confirmed.

    Raises:
        Refusal: `policy_changed` when another one was put in force meanwhile.

    Returns:
        False where it is in force already, as after a double click.
    """
    row = policies.current_row(session)
    if row is not None and policies.of_row(row) == after:
        return False
    if row is not None:
        # Two who change it at once: the second waits here, and then finds it ended.
        session.refresh(row, with_for_update={"of": AttestationPolicy})
    if (row and row.uuid) != base or (row is not None and row.ended_at is not None):
        raise changed_meanwhile()
    policies.put(session, after, actor=actor, now=now)
    return True


def changed_meanwhile() -> Refusal:
    """Why a change that was confirmed is not made."""
    return Refusal(
        "policy_changed",
        "Somebody else changed the policy meanwhile. Look at it again before you change it.",
        status=409,
    )


def _evidence(session: Session, whose: ColumnElement[bool] | None) -> Iterable[Evidence]:
    """The evidence of every passkey of these people that has not ended."""
    rows = session.execute(
        select(
            Kept.format,
            Kept.trust,
            Kept.trust_reason,
            Kept.trust_path,
            Kept.aaguid,
            Kept.user_present,
            Kept.user_verified,
            Kept.backup_eligible,
            Kept.backup_state,
            Kept.algorithm,
        )
        .join(Passkey, Kept.passkey_id == Passkey.id)
        .where(Passkey.ended_at.is_(None), *([] if whose is None else [whose]))
        .execution_options(yield_per=BATCH)
    )
    for row in rows:
        yield Evidence(
            format=row.format,
            trust=Trust(row.trust),
            trust_reason=TrustReason(row.trust_reason) if row.trust_reason else None,
            trust_path=tuple(base64.b64decode(text) for text in row.trust_path),
            aaguid=row.aaguid,
            user_present=row.user_present,
            user_verified=row.user_verified,
            backup_eligible=row.backup_eligible,
            backup_state=row.backup_state,
            algorithm=row.algorithm,
        )
