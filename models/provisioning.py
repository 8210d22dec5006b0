"""Provisioning requests: orders to enrol keys for named people, and how far each of them is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Addressed, Base, Word
from models.directories import Directory
from models.groups import Group
from models.passkeys import Passkey
from models.people import Person


class RequestState(StrEnum):
    """How far a request is, or one of its people, in the words that pages show."""

    DRAFT = "draft"
    """A request that somebody still puts together; its people have no such state."""
    PENDING = "pending"
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    """Only a human can help; `reason` says why."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Driver(StrEnum):
    """Who carries a request out."""

    LINK = "link"
    """Its people themselves, each by a link."""
    DESK = "desk"
    """An operator, with one person after another."""


class SourceKind(StrEnum):
    """What the people of a request are taken from."""

    PERSON = "person"
    GROUP = "group"
    RECORD = "record"
    """One record of a directory."""
    DIRECTORY_GROUP = "directory_group"
    FILE = "file"


class ProvisioningRequest(Addressed, Base):
    """An operator's order to enrol keys for named people. It is ended, never deleted.

    The worker gathers its people, mails their links, reminds them, and settles what becomes of
    them, some at a time: `due_at` is when it looks next, and `fence` grows with every claim.
    """

    __tablename__ = "provisioning_requests"
    __table_args__ = (Index("ix_provisioning_requests_due_at", "due_at"),)

    name: Mapped[str] = mapped_column(String(128))
    driver: Mapped[Driver] = mapped_column(Word(Driver), default=Driver.LINK)
    state: Mapped[RequestState] = mapped_column(Word(RequestState), default=RequestState.DRAFT)
    policy: Mapped[dict[str, Any] | None]
    """The policy that its people's keys are judged by, as it was chosen; None for each one's own.
    """
    policy_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """Who chose that policy: it counts while they may still choose one."""
    only_missing: Mapped[bool] = mapped_column(default=True)
    """Whether whoever has a passkey in every place already is left alone."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    """With whose right people are taken in."""
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """When it stopped being a draft."""
    ends_at: Mapped[datetime | None]
    """When it expires: the end of its last day, in UTC."""
    gathered_at: Mapped[datetime | None]
    """When the worker had taken in everybody."""
    provisioned_at: Mapped[datetime | None]
    """When somebody said that its people are to get their links."""
    provisioned_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """With whose right the links are made."""
    remind_at: Mapped[datetime | None]
    """When somebody last said that everybody who is not done be reminded; None once they are."""
    reminded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    """When it reached the state that it is in, where nobody of it is open any more."""
    ended_at: Mapped[datetime | None]
    """When it was deleted."""
    people_count: Mapped[int] = mapped_column(default=0)
    """How many people were taken in so far, those refused included."""
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(String(64))
    """Why the worker could not go on, the last time that it could not."""
    reason: Mapped[str | None] = mapped_column(String(1000))
    said: Mapped[str | None] = mapped_column(String(1000))
    request_id: Mapped[str | None] = mapped_column(String(255))

    created_by: Mapped[Person] = relationship(foreign_keys=[created_by_id], lazy="joined")
    directories: Mapped[list[RequestDirectory]] = relationship(
        lazy="selectin", order_by="RequestDirectory.id", cascade="all, delete-orphan"
    )

    @property
    def last_day(self) -> date | None:
        """The last day on which its people can enrol."""
        return None if self.ends_at is None else (self.ends_at - timedelta(days=1)).date()


class RequestDirectory(Base):
    """One of the directories that a request enrols for."""

    __tablename__ = "request_directories"
    __table_args__ = (UniqueConstraint("request_id", "directory_id"),)

    request_id: Mapped[int] = mapped_column(ForeignKey("provisioning_requests.id"))
    directory_id: Mapped[int] = mapped_column(ForeignKey("directories.id"), index=True)

    directory: Mapped[Directory] = relationship(lazy="joined")


class RequestSource(Addressed, Base):
    """One thing that a request takes people from, and how far the worker is with it.

    `cursor` is where it goes on: the directory's own for a group there, else how many were read.
    """

    __tablename__ = "request_sources"
    __table_args__ = (Index("ix_request_sources_request_id", "request_id"),)

    request_id: Mapped[int] = mapped_column(ForeignKey("provisioning_requests.id"))
    kind: Mapped[SourceKind] = mapped_column(Word(SourceKind))
    name: Mapped[str] = mapped_column(String(256))
    """What pages call it, as it was called when it was picked."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    directory_id: Mapped[int | None] = mapped_column(ForeignKey("directories.id"))
    remote_id: Mapped[str | None] = mapped_column(String(255))
    """The directory's own id of the record or the group."""
    content: Mapped[str | None] = mapped_column(Text)
    """The text of a file."""
    cursor: Mapped[str | None] = mapped_column(Text)
    seen: Mapped[int] = mapped_column(default=0)
    """How many people it named so far."""
    done_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship(lazy="joined")
    group: Mapped[Group | None] = relationship(lazy="joined")
    directory: Mapped[Directory | None] = relationship(lazy="joined")


class RequestPerson(Addressed, Base):
    """One person of a request, and how far their enrolment is.

    Somebody who could not be taken in has a row too, failed with the reason; `person_id` is None
    where nobody here is meant for certain, and `name` and `email` are what the source said.
    """

    __tablename__ = "request_people"
    __table_args__ = (
        UniqueConstraint("request_id", "position"),
        UniqueConstraint("request_id", "person_id"),
        UniqueConstraint("request_id", "directory_id", "remote_id"),
        Index("ix_request_people_request_id_state", "request_id", "state"),
    )

    request_id: Mapped[int] = mapped_column(ForeignKey("provisioning_requests.id"))
    position: Mapped[int]
    """From 1 on, in the order in which they were taken in; a desk goes by it."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    directory_id: Mapped[int | None] = mapped_column(ForeignKey("directories.id"))
    remote_id: Mapped[str | None] = mapped_column(String(255))
    """The record that they were taken from, where they were."""
    name: Mapped[str] = mapped_column(String(256), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    state: Mapped[RequestState] = mapped_column(Word(RequestState), default=RequestState.PENDING)
    code: Mapped[str | None] = mapped_column(String(64))
    """A stable code for why it failed, or what it waits for."""
    reason: Mapped[str | None] = mapped_column(String(1000))
    """The sentence for the operator."""
    added_at: Mapped[datetime]
    invited_at: Mapped[datetime | None]
    """When a link was last made for them, or owed by mail."""
    reminded_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    check_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the worker looks whether everything is placed; None where nothing is to be seen."""
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """The operator who has them at a desk, as long as `claim_until` is ahead."""
    claim_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    """Grows with every claim of a desk."""

    request: Mapped[ProvisioningRequest] = relationship(lazy="joined")
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id], lazy="joined")
    directory: Mapped[Directory | None] = relationship(lazy="joined")
    claimed_by: Mapped[Person | None] = relationship(foreign_keys=[claimed_by_id], lazy="joined")


class RequestPasskey(Base):
    """A passkey that somebody registered for a request."""

    __tablename__ = "request_passkeys"
    __table_args__ = (UniqueConstraint("request_person_id", "passkey_id"),)

    request_person_id: Mapped[int] = mapped_column(ForeignKey("request_people.id"))
    passkey_id: Mapped[int] = mapped_column(ForeignKey("passkeys.id"), index=True)
    registered_at: Mapped[datetime]

    passkey: Mapped[Passkey] = relationship(lazy="joined")
