"""Mail that is owed to people or to strangers who sign up, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Addressed, Base, Word
from models.people import EnrolmentLink, LinkPurpose, Person


class MailState(StrEnum):
    """How far a mail is, in the words that pages show."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    STOPPED = "stopped"


class Outgoing(Base):
    """What the worker sends by mail, and how far it is.

    `fence` grows with every claim, and a settlement names the fence it was claimed with.
    """

    __abstract__ = True

    state: Mapped[MailState] = mapped_column(Word(MailState), default=MailState.WAITING)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(1000))
    """Why it waits again or failed, with the mail server's own words."""


class Mail(Addressed, Outgoing):
    """One mail that brings its person an enrolment link.

    No token stands in it: the worker makes the link when it sends, so nothing secret waits here.
    `link` is what the last attempt made; a further attempt revokes it, so that at most one link of
    a mail is alive.
    """

    __tablename__ = "mails"
    __table_args__ = (
        # A second click while one is on its way makes no second mail.
        Index(
            "uq_mails_on_its_way",
            "person_id",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'sending')"),
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
        Index("ix_mails_due", "state", "due_at"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(Word(LinkPurpose))
    lifetime: Mapped[int]
    """How long the link can be opened, in seconds from its making."""
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment_links.id"))
    request_person_id: Mapped[int | None] = mapped_column(
        ForeignKey("request_people.id"), index=True
    )
    """The place in a provisioning request that the link is for."""
    reminder: Mapped[bool] = mapped_column(default=False)
    """Whether they were sent a link for it before."""

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="joined")
    requested_by: Mapped[Person] = relationship(foreign_keys=[requested_by_id], lazy="joined")
    link: Mapped[EnrolmentLink | None] = relationship(lazy="joined")


class SignUpCode(Outgoing):
    """One request to sign up: the mail that is owed for it, and the code that the mail brings.

    The row is written, mailed and counted in the same way whether or not the address has an
    account; only where it has none does a code exist, as an HMAC, from the moment that it is
    sent. A browser's newest row is the one that counts.
    """

    __tablename__ = "sign_up_codes"
    __table_args__ = (
        Index("ix_sign_up_codes_due", "state", "due_at"),
        Index("ix_sign_up_codes_mailbox_hash", "mailbox_hash", "created_at"),
    )

    session_hash: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    """The browser that asked: SHA-256 of the id in its cookie."""
    network_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Where it asked from, to count by; SHA-256."""
    mailbox_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    """The mailbox that the mail goes to, to count by; SHA-256."""
    email: Mapped[str] = mapped_column(String(254))
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    open_until: Mapped[datetime | None]
    """Until when the code can be entered."""
    tries: Mapped[int] = mapped_column(default=0)
    redeemed_at: Mapped[datetime | None]
    """When the right code was entered."""
    link_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment_links.id"))
    """The enrolment that it led to."""

    link: Mapped[EnrolmentLink | None] = relationship(lazy="joined")
