"""The steps of an enrolment, and the tickets by which a desk agent takes one over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Addressed, Base
from models.directories import Directory
from models.passkeys import Passkey
from models.people import EnrolmentLink, Person


class EnrolmentStep(Addressed, Base):
    """One touch of a link's enrolment. A link dies when its last step is finished or skipped."""

    __tablename__ = "enrolment_steps"
    __table_args__ = (
        UniqueConstraint("link_id", "position"),
        UniqueConstraint("link_id", "directory_id"),
    )

    link_id: Mapped[int] = mapped_column(ForeignKey("enrolment_links.id"))
    position: Mapped[int]
    """From 1 on, in the order in which they are taken."""
    directory_id: Mapped[int | None] = mapped_column(ForeignKey("directories.id"))
    """The directory that issues the challenge; None where we do."""
    passkey_id: Mapped[int | None] = mapped_column(ForeignKey("passkeys.id"))
    finished_at: Mapped[datetime | None]
    skipped_at: Mapped[datetime | None]

    link: Mapped[EnrolmentLink] = relationship(lazy="joined")
    directory: Mapped[Directory | None] = relationship(lazy="joined")
    passkey: Mapped[Passkey | None] = relationship(lazy="joined")


class AgentTicket(Addressed, Base):
    """One registration handed to a desk agent. Only hashes of its two secrets are kept.

    A page makes the ticket for what it is itself allowed to register; the agent trades the token
    once for a secret of its own, which its ceremony is bound to.
    """

    __tablename__ = "agent_tickets"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    purpose: Mapped[str] = mapped_column(String(32))
    """The purpose of the ceremony, as the page's own would have."""
    subject: Mapped[str] = mapped_column(String(100), default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    directory_id: Mapped[int | None] = mapped_column(ForeignKey("directories.id"))
    """The directory that issues the challenge; None where we do."""
    link_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment_links.id"))
    """The enrolment it belongs to, where it belongs to one."""
    session_id: Mapped[int | None] = mapped_column(ForeignKey("sessions.id"))
    """The signed-in browser that made it, where one did; it ends with that session."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    exchanged_at: Mapped[datetime | None]
    agent_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of what the agent was given for the token."""
    finished_at: Mapped[datetime | None]
    passkey_id: Mapped[int | None] = mapped_column(ForeignKey("passkeys.id"))
    outcome: Mapped[dict[str, Any] | None]
    """How it ended, for the page that waits: a code and a sentence where it was refused."""

    person: Mapped[Person] = relationship(lazy="joined")
    directory: Mapped[Directory | None] = relationship(lazy="joined")
    link: Mapped[EnrolmentLink | None] = relationship(lazy="joined")
    passkey: Mapped[Passkey | None] = relationship(lazy="joined")
