"""Connected directories, people's identities in them, and where each passkey is placed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Addressed, Base, Word
from models.passkeys import Passkey
from models.people import Person


class DirectoryType(StrEnum):
    """The kinds of directory."""

    ORY = "ory"
    ENTRA = "entra"
    PINGONE = "pingone"


class Serves(StrEnum):
    """Whom a directory serves."""

    EVERYONE = "everyone"
    CHOSEN = "chosen"


class Directory(Addressed, Base):
    """A configured connection.

    A row without `added_at` is one that an administrator has begun to connect and can go on with.
    Until `verified_at` is set, by a test that passed, it serves nobody.
    """

    __tablename__ = "directories"
    __table_args__ = (
        Index(
            "uq_directories_name",
            "name",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    type: Mapped[DirectoryType] = mapped_column(Word(DirectoryType))
    name: Mapped[str] = mapped_column(String(128))
    settings: Mapped[dict[str, Any]]
    """What is not secret, in the connector's own shape: endpoints, schema, mapping."""
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret_set_at: Mapped[datetime | None]
    sealed_client_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of an OAuth2 client that stands beside the key, where the type has one."""
    client_secret_set_at: Mapped[datetime | None]
    serves: Mapped[Serves] = mapped_column(Word(Serves), default=Serves.EVERYONE)
    created_at: Mapped[datetime]
    added_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    tested_at: Mapped[datetime | None]
    test_report: Mapped[dict[str, Any] | None]
    ended_at: Mapped[datetime | None]


class DirectoryPerson(Base):
    """One of the chosen people whom a directory serves."""

    __tablename__ = "directory_people"
    __table_args__ = (UniqueConstraint("directory_id", "person_id"),)

    directory_id: Mapped[int] = mapped_column(ForeignKey("directories.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)


class Identity(Base):
    """A person's record inside a directory, named by the directory's own id for it."""

    __tablename__ = "identities"
    __table_args__ = (
        UniqueConstraint("directory_id", "person_id"),
        UniqueConstraint("directory_id", "remote_id"),
    )

    directory_id: Mapped[int] = mapped_column(ForeignKey("directories.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    remote_id: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    """When we had it disabled there, because the person was suspended: only what we disabled is
    ever enabled again."""

    directory: Mapped[Directory] = relationship(lazy="joined")
    person: Mapped[Person] = relationship(lazy="joined")


class PlacementState(StrEnum):
    """Whether a passkey is in a directory: what is wanted, and what was read back."""

    PRESENT = "present"
    ABSENT = "absent"


class Placement(Base):
    """A passkey in a directory. `actual` is only ever what the directory itself confirmed."""

    __tablename__ = "placements"
    __table_args__ = (UniqueConstraint("passkey_id", "directory_id"),)

    passkey_id: Mapped[int] = mapped_column(ForeignKey("passkeys.id"))
    directory_id: Mapped[int] = mapped_column(ForeignKey("directories.id"), index=True)
    wanted: Mapped[PlacementState] = mapped_column(Word(PlacementState))
    actual: Mapped[PlacementState] = mapped_column(
        Word(PlacementState), default=PlacementState.ABSENT
    )
    remote_id: Mapped[str | None] = mapped_column(String(1500))
    begun: Mapped[dict[str, Any] | None]
    """What the directory needs to finish the registration that it began; None where it began none,
    and once that is finished or taken back."""
    not_after: Mapped[datetime | None]
    """Until when that registration can be finished."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """When `actual` was last read back from the directory."""

    passkey: Mapped[Passkey] = relationship(lazy="joined")
    directory: Mapped[Directory] = relationship(lazy="joined")
