"""Groups of people: for whom a directory serves, and for policies of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
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
    walk: Mapped[int | None]
    """The walk through a directory's group that last saw them; None where they were added here."""


class DirectoryGroup(Base):
    """One of the chosen groups whose members a directory serves."""

    __tablename__ = "directory_groups"
    __table_args__ = (UniqueConstraint("directory_id", "group_id"),)

    directory_id: Mapped[int] = mapped_column(ForeignKey("directories.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), index=True)


class GroupSource(Base):
    """Where the members of one group are taken from, and how far the worker's walk is.

    `cursor` is where the walk goes on; without one, the next walk begins at the first page.
    """

    __tablename__ = "group_sources"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), unique=True)
    directory_id: Mapped[int] = mapped_column(ForeignKey("directories.id"), index=True)
    remote_id: Mapped[str] = mapped_column(String(255))
    remote_name: Mapped[str] = mapped_column(String(256))
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    taken_at: Mapped[datetime]
    walk: Mapped[int] = mapped_column(default=0)
    """Counts the walks; members carry the number of the last one that saw them."""
    cursor: Mapped[str | None] = mapped_column(Text)
    seen: Mapped[int] = mapped_column(default=0)
    """Records that the walk found in the directory's group so far."""
    unlinked: Mapped[int] = mapped_column(default=0)
    """Those of them that are linked to nobody here."""
    left_alone: Mapped[int] = mapped_column(default=0)
    """Those whose people may do more than whoever took the group."""
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    in_step_at: Mapped[datetime | None]
    """When a walk last ended well."""
    code: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(1000))
    """Why the last one did not."""
    said: Mapped[str | None] = mapped_column(String(1000))
    request_id: Mapped[str | None] = mapped_column(String(255))
