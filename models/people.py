"""People, their roles, the sessions they have open, and the links that let them enrol."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Addressed, Base, Word


class Person(Addressed, Base):
    """Someone with a record here.

    `user_handle` is the WebAuthn `user.id` for passkeys of our own relying party: text from
    `secrets.token_urlsafe(32)`, because Ory stores it as text. It is only where a new passkey
    gets its handle from: an existing passkey's own row owns the one it was made with.
    """

    __tablename__ = "people"
    email: Mapped[str] = mapped_column(String(254), unique=True)
    given_name: Mapped[str] = mapped_column(String(128), default="")
    middle_name: Mapped[str] = mapped_column(String(128), default="")
    family_name: Mapped[str] = mapped_column(String(128), default="")
    display_name: Mapped[str] = mapped_column(String(256))
    user_handle: Mapped[bytes] = mapped_column(LargeBinary(64), unique=True)
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When they left. The record stays, and they can be brought back."""

    roles: Mapped[list[RoleGrant]] = relationship(back_populates="person", lazy="selectin")

    @property
    def active(self) -> bool:
        """Whether they may sign in and act at all."""
        return self.suspended_at is None and self.ended_at is None


class Role(Addressed, Base):
    """A role that was made here: a name for a set of privileges. It is ended, never deleted."""

    __tablename__ = "roles"
    __table_args__ = (
        Index(
            "uq_roles_name",
            "name",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    name: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(256), default="")
    privileges: Mapped[list[str]]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RoleGrant(Base):
    """One role that one person holds. Privileges of several roles add up."""

    __tablename__ = "role_grants"
    __table_args__ = (UniqueConstraint("person_id", "role"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(String(64))
    """The name of a built-in role, or the UUID of one that was made here."""
    role_id: Mapped[int | None] = mapped_column(ForeignKey("roles.id"), index=True)
    granted_at: Mapped[datetime]

    person: Mapped[Person] = relationship(back_populates="roles")
    custom: Mapped[Role | None] = relationship(lazy="joined")


class Session(Addressed, Base):
    """A signed-in browser. The cookie holds a random id; only its SHA-256 is kept here."""

    __tablename__ = "sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    passkey_id: Mapped[int] = mapped_column(ForeignKey("passkeys.id"), index=True)
    user_agent: Mapped[str] = mapped_column(String(256), default="")
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined")


class LinkPurpose(StrEnum):
    """What an enrolment link lets its owner do."""

    SETUP = "setup"
    ENROL = "enrol"
    RECOVER = "recover"
    SIGN_UP = "sign-up"
    """Made for a browser that entered the right mailed code, and never handed out."""


class EnrolmentLink(Addressed, Base):
    """A one-time, expiring link. Only the SHA-256 of its token is kept.

    `session_hash` is the enrolment session that exchanged it (SHA-256 of that session's token):
    from then on the link works in that browser only, until `finished_at`.
    """

    __tablename__ = "enrolment_links"
    __table_args__ = (
        # Set-up happens once: two set-up links can never both be finished.
        Index(
            "uq_enrolment_links_one_setup",
            "purpose",
            unique=True,
            sqlite_where=text("purpose = 'setup' AND finished_at IS NOT NULL"),
            postgresql_where=text("purpose = 'setup' AND finished_at IS NOT NULL"),
        ),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    purpose: Mapped[LinkPurpose] = mapped_column(Word(LinkPurpose))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    session_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    exchanged_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    passkey_id: Mapped[int | None] = mapped_column(ForeignKey("passkeys.id"))
    """The passkey that finished it."""
    revoked_at: Mapped[datetime | None]
    request_person_id: Mapped[int | None] = mapped_column(
        ForeignKey("request_people.id"), index=True
    )
    """The place in a provisioning request that it was made for."""

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id], lazy="joined")
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id], lazy="joined")
