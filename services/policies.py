"""Which attestation policy is in force, and choosing another.

The portal has one, and a group may have one of its own (`services.groups.policies`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AttestationPolicy, Group, GroupMember, Person
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


def current(session: Session, group: Group | None = None) -> Policy | None:
    """The portal's policy in force, or a group's own; None until somebody has chosen one."""
    row = current_row(session, group)
    return None if row is None else of_row(row)


def for_person(session: Session, person_id: int) -> Policy | None:
    """The policy that the person's new passkeys are judged by.

    It is the one of their group that comes first, where a group of theirs has one, else the
    portal's; None until somebody has chosen that.
    """
    row = session.scalar(
        select(AttestationPolicy)
        .join(Group, AttestationPolicy.group_id == Group.id)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(
            GroupMember.person_id == person_id,
            AttestationPolicy.ended_at.is_(None),
            Group.ended_at.is_(None),
        )
        .order_by(Group.rank, Group.id)
        .limit(1)
    )
    return current(session) if row is None else of_row(row)


def for_anybody(session: Session) -> Policy | None:
    """What a sign-in goes by that nobody is named in: the portal's policy, or one that takes more
    than security keys where a group has such a one.
    """
    rows = session.scalars(
        select(AttestationPolicy).where(
            AttestationPolicy.group_id.is_not(None), AttestationPolicy.ended_at.is_(None)
        )
    )
    wider = (policy for row in rows if not (policy := of_row(row)).demands_hardware)
    return next(wider, None) or current(session)


def history(session: Session) -> list[AttestationPolicy]:
    """Every policy that was ever the portal's, newest first."""
    return list(
        session.scalars(
            select(AttestationPolicy)
            .where(AttestationPolicy.group_id.is_(None))
            .order_by(AttestationPolicy.id.desc())
        )
    )


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
    session: Session,
    policy: Policy,
    *,
    group: Group | None = None,
    actor: Person | None,
    now: datetime,
) -> AttestationPolicy:
    """Put this policy in force from now on, and end the one before it."""
    before = current_row(session, group)
    if before is not None:
        before.ended_at = now
    values = policy.to_mapping()
    about: dict[str, Any] = {"group": str(group.uuid), "name": group.name} if group else {}
    row = AttestationPolicy(**values, group_id=group.id if group else None, created_at=now)
    session.add(row)
    session.flush()
    record(
        session,
        Tag.POLICY_CHOSEN,
        now=now,
        actor=actor,
        before=None if before is None else of_row(before).to_mapping(),
        after=values,
        **about,
    )
    return row


def current_row(session: Session, group: Group | None = None) -> AttestationPolicy | None:
    """The row of the policy in force."""
    return session.scalar(
        select(AttestationPolicy)
        .where(
            AttestationPolicy.ended_at.is_(None),
            AttestationPolicy.group_id.is_(None)
            if group is None
            else AttestationPolicy.group_id == group.id,
        )
        .order_by(AttestationPolicy.id.desc())
        .limit(1)
    )


def of_row(row: AttestationPolicy) -> Policy:
    """The policy that a row holds."""
    return Policy.from_mapping({name: getattr(row, name) for name in Policy.__dataclass_fields__})
