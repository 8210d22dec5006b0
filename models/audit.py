"""The audit trail: what happened, by whom, to whom. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Addressed, Base
from models.people import Person


class AuditEvent(Addressed, Base):
    """One event. `tag` is a member of `services.audit.Tag`; `detail` never holds a secret."""

    __tablename__ = "audit_events"

    at: Mapped[datetime]
    tag: Mapped[str] = mapped_column(String(64), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """Who did it; None for the system and for somebody who is not signed in."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """Whom it concerns."""
    passkey_id: Mapped[int | None] = mapped_column(ForeignKey("passkeys.id"), index=True)
    directory_id: Mapped[int | None] = mapped_column(ForeignKey("directories.id"), index=True)
    detail: Mapped[dict[str, Any]]

    actor: Mapped[Person | None] = relationship(foreign_keys=[actor_id])
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
