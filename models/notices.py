"""Mail that tells somebody of what happened, or is about to, and asks nothing of them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.directories import Directory
from models.mail import Outgoing
from models.people import Person


class ExpiryNotice(Outgoing):
    """One warning to one person that the secret of a directory is about to expire.

    It is there at most once for each day and distance: whoever was warned is not warned again,
    and a secret that was replaced has another day.
    """

    __tablename__ = "expiry_notices"
    __table_args__ = (
        UniqueConstraint("directory_id", "person_id", "expires_on", "days_ahead"),
        Index("ix_expiry_notices_due", "state", "due_at"),
    )

    directory_id: Mapped[int] = mapped_column(ForeignKey("directories.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    expires_on: Mapped[date]
    days_ahead: Mapped[int]
    """30, 7 or 1."""

    directory: Mapped[Directory] = relationship(lazy="joined")
    person: Mapped[Person] = relationship(lazy="joined")


class AddressNotice(Outgoing):
    """One mail to the address that somebody had until it was changed."""

    __tablename__ = "address_notices"
    __table_args__ = (Index("ix_address_notices_due", "state", "due_at"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    """The address that they had."""

    person: Mapped[Person] = relationship(lazy="joined")
