"""Groups of people: for whom a directory serves, and for policies of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Addressed, Base


class Group(Addressed, Base):
    """A group of people. It is ended, never deleted; nobody is a member of it from then on."""

    __tablename__ = "groups"
    __table_args__ = (
        Index(
            "uq_groups_name",
            "name",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    name: Mapped[str] = mapped_column(String(128))
    description: Mapped[str] = mapped_column(String(256), default="")
    rank: Mapped[int | None]
    """Where its own policy stands among those of other groups, the least first; None while it has
    no policy of its own."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class GroupMember(Base):
    """One person in one group."""

    __tablename__ = "group_members"
    __table_args__ = (UniqueConstraint("group_id", "person_id"),)

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    added_at: Mapped[datetime]


class DirectoryGroup(Base):
    """One of the chosen groups whose members a directory serves."""

    __tablename__ = "directory_groups"
    __table_args__ = (UniqueConstraint("directory_id", "group_id"),)

    directory_id: Mapped[int] = mapped_column(ForeignKey("directories.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), index=True)
