"""Deliveries owed to directories, and the named locks that workers hold."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Addressed, Base, Word
from models.directories import Directory
from models.passkeys import Passkey
from models.people import Person


class DeliveryState(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    HELD = "held"
    """Only a human can help; `reason` says why."""
    NEEDS_TOUCH = "needs_touch"
    """A ceremony that the directory issued ran out; the person is asked for a new touch."""
    DROPPED = "dropped"
    """Nothing is owed any more: the directory was deleted, or something newer replaced it."""


class Delivery(Addressed, Base):
    """One change owed to one directory.

    It has no payload: it means "make this directory agree with this person and passkey", and the
    worker reads what is true when it runs. Without a passkey it is about the person's account
    there alone: whether it can be used. `fence` grows with every claim, and a settlement names
    the fence it was claimed with, so a worker that lost its lease cannot settle anything.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        # One running delivery for one person in one directory.
        Index(
            "uq_deliveries_running",
            "directory_id",
            "person_id",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        # A change that is still waiting already covers the same change asked for again.
        Index(
            "uq_deliveries_waiting",
            "directory_id",
            "passkey_id",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "uq_deliveries_waiting_account",
            "directory_id",
            "person_id",
            unique=True,
            sqlite_where=text("state = 'waiting' AND passkey_id IS NULL"),
            postgresql_where=text("state = 'waiting' AND passkey_id IS NULL"),
        ),
        Index("ix_deliveries_due", "state", "due_at"),
    )

    directory_id: Mapped[int] = mapped_column(ForeignKey("directories.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    passkey_id: Mapped[int | None] = mapped_column(ForeignKey("passkeys.id"), index=True)
    state: Mapped[DeliveryState] = mapped_column(Word(DeliveryState), default=DeliveryState.WAITING)
    cause: Mapped[str] = mapped_column(String(64))
    """What it was written for, as an audit tag."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    not_after: Mapped[datetime | None]
    """Set on what a directory's ceremony owes: past it, only a new touch helps."""
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(String(64))
    """A stable code for why it is held, waits again or was dropped."""
    reason: Mapped[str | None] = mapped_column(String(1000))
    """The sentence for the operator."""
    said: Mapped[str | None] = mapped_column(String(4000))
    """The directory's own words."""
    request_id: Mapped[str | None] = mapped_column(String(255))
    """The directory's own id of the request, for its support."""

    directory: Mapped[Directory] = relationship(lazy="joined")
    person: Mapped[Person] = relationship(lazy="joined")
    passkey: Mapped[Passkey | None] = relationship(lazy="joined")


class Lock(Base):
    """A named lock with a lease: who holds `name`, until when (creates are one at a time)."""

    __tablename__ = "locks"

    name: Mapped[str] = mapped_column(String(255), unique=True)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime]
