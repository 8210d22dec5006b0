"""Whose policy a page is about: the portal's, or a group's own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import abort, url_for
from sqlalchemy.orm import Session

from blueprints.context import portal
from models import AttestationPolicy, Group
from services import groups, policies, policy_changes
from services.attestation.policy import Policy
from services.groups import policies as group_policies
from services.policy_changes import Change


@dataclass(frozen=True)
class Scope:
    """The people whom a policy is for, and what is in force for them."""

    group: Group | None
    row: AttestationPolicy | None
    """The portal's policy, or the group's own; None while there is none."""
    policy: Policy | None
    """What is in force: for a group without a policy of its own, the portal's."""

    @property
    def base(self) -> str:
        """The policy that a change replaces, as the form carries it."""
        return str(self.row.uuid) if self.row else ""

    @property
    def edit_address(self) -> str:
        """Where it is edited."""
        if self.group is None:
            return url_for("policies.edit")
        return url_for("policies.edit_group", group=self.group.uuid)

    @property
    def save_address(self) -> str:
        """Where a confirmed change goes."""
        if self.group is None:
            return url_for("policies.save")
        return url_for("policies.save_group", group=self.group.uuid)

    def is_own(self, after: Policy) -> bool:
        """Whether this very policy is in force already, and not only by way of the portal's."""
        return self.row is not None and after == self.policy

    def subject(self, base: uuid.UUID | None) -> str:
        """What the fresh ceremony of a change is about."""
        return policy_changes.subject(base, self.group)

    def compare(self, after: Policy) -> Change:
        """What another policy would change for these people."""
        with portal().database.read() as session:
            whose = group_policies.judged_by(self.group, policy_changes.WHOSE)
            return policy_changes.compare(
                session, self.policy, after, portal().metadata, whose=whose
            )


def scope(address: uuid.UUID | None) -> Scope:
    """Whose policy an address is about.

    Raises:
        NotFound: for a group that is not there.
    """
    with portal().database.read() as session:
        group = None if address is None else group_of(session, address)
        row = policies.current_row(session, group)
        policy = policies.of_row(row) if row else policies.current(session)
        return Scope(group, row, policy)


def group_of(session: Session, address: uuid.UUID) -> Group:
    """The group of an address.

    Raises:
        NotFound: when there is none, or it has ended.
    """
    found = groups.get(session, address)
    if found is None:
        abort(404)
    return found
