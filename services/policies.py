"""Which attestation policy is in force, and choosing another."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AttestationPolicy, Person
from services.attestation.hid import HID_CRESCENDO
from services.attestation.policy import Policy
from services.audit import Tag, record


class Kind(StrEnum):
    """The policies that can be chosen. A policy's name says which it is."""

    HID_CRESCENDO = "hid_crescendo"
    HID = "hid"
    CHOSEN = "chosen"
    ANY = "any"

    @property
    def label(self) -> str:
        """What pages call it."""
        return NAMES[self]

    @property
    def meaning(self) -> str:
        """What it lets in, in a sentence for the administrator who chooses."""
        return MEANINGS[self]


NAMES: dict[Kind, str] = {
    Kind.HID_CRESCENDO: "HID Crescendo only",
    Kind.HID: "Every HID model",
    Kind.CHOSEN: "Chosen models",
    Kind.ANY: "Any FIDO2 authenticator (evaluation)",
}

POLICIES: dict[Kind, Policy] = {
    Kind.HID_CRESCENDO: Policy(
        name=NAMES[Kind.HID_CRESCENDO],
        demand_attestation=True,
        demand_device_bound=True,
        refuse_counter_regress=True,
        allowed_models=frozenset(HID_CRESCENDO),
    ),
    Kind.ANY: Policy(
        name=NAMES[Kind.ANY],
        demand_attestation=False,
        demand_device_bound=False,
        refuse_counter_regress=True,
        allowed_models=None,
    ),
}
"""The policies that need no further word, which set-up offers."""

MEANINGS: dict[Kind, str] = {
    Kind.HID_CRESCENDO: (
        "Only HID Crescendo keys that prove their model by the manufacturer's certificate."
    ),
    Kind.HID: (
        "Every HID model that FIDO metadata knows and that was approved here. "
        "A model that newer metadata adds waits until you approve it."
    ),
    Kind.CHOSEN: "Only the models that you choose, from any manufacturer.",
    Kind.ANY: (
        "Any passkey, on a security key, a phone or a computer. Nothing is attested: "
        "for an evaluation, not for production."
    ),
}


def current(session: Session) -> Policy | None:
    """The policy in force; None until somebody has chosen one."""
    row = current_row(session)
    return None if row is None else of_row(row)


def history(session: Session) -> list[AttestationPolicy]:
    """Every policy that was ever in force, newest first."""
    return list(session.scalars(select(AttestationPolicy).order_by(AttestationPolicy.id.desc())))


def kind_of(policy: Policy) -> Kind | None:
    """Which of the choices it is; None for one that was made otherwise."""
    return next((kind for kind, name in NAMES.items() if name == policy.name), None)


def choose(
    session: Session, kind: Kind | str, *, actor: Person | None, now: datetime
) -> AttestationPolicy:
    """Put a policy in force from now on; what was accepted before stays accepted.

    Raises:
        ValueError: when there is no such kind.
        KeyError: for a kind that needs models (`services.policy_changes`).
    """
    return put(session, POLICIES[Kind(kind)], actor=actor, now=now)


def put(
    session: Session, policy: Policy, *, actor: Person | None, now: datetime
) -> AttestationPolicy:
    """Put this policy in force from now on, and end the one before it."""
    before = current_row(session)
    if before is not None:
        before.ended_at = now
    values = policy.to_mapping()
    row = AttestationPolicy(**values, created_at=now)
    session.add(row)
    session.flush()
    record(
        session,
        Tag.POLICY_CHOSEN,
        now=now,
        actor=actor,
        before=None if before is None else of_row(before).to_mapping(),
        after=values,
    )
    return row


def current_row(session: Session) -> AttestationPolicy | None:
    """The row of the policy in force."""
    return session.scalar(
        select(AttestationPolicy)
        .where(AttestationPolicy.ended_at.is_(None))
        .order_by(AttestationPolicy.id.desc())
        .limit(1)
    )


def of_row(row: AttestationPolicy) -> Policy:
    """The policy that a row holds."""
    return Policy.from_mapping({name: getattr(row, name) for name in Policy.__dataclass_fields__})
