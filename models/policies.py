"""Attestation policies: which models and properties are accepted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Addressed, Base


class AttestationPolicy(Addressed, Base):
    """One policy, the portal's or a group's own.

    The newest row of each without `ended_at` is in force; old rows stay for the record.
    """

    __tablename__ = "attestation_policies"

    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"), index=True)
    """The group whose members it is for; None for everybody who is in no such group."""
    name: Mapped[str] = mapped_column(String(128))
    demand_attestation: Mapped[bool]
    demand_device_bound: Mapped[bool]
    refuse_counter_regress: Mapped[bool]
    allowed_models: Mapped[list[str] | None]
    """AAGUIDs as text; None allows any model."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
