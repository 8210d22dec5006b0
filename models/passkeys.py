"""Passkeys, the evidence each was accepted on, and the challenges of the ceremonies."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from models.base import Addressed, Base
from models.people import Person

OWN = "latchkey"
"""The `maker` of a passkey made for our own relying party; otherwise a directory's UUID."""


class Passkey(Addressed, Base):
    """One WebAuthn credential. It is ended, never deleted.

    The row owns `rp_id`, `origin` and `user_handle`: whoever needs them for this passkey reads
    them here, never from the person or the settings, which may change or be somebody else's.
    """

    __tablename__ = "passkeys"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    rp_id: Mapped[str] = mapped_column(String(253))
    origin: Mapped[str] = mapped_column(String(300))
    user_handle: Mapped[bytes] = mapped_column(LargeBinary(64), index=True)
    maker: Mapped[str] = mapped_column(String(36), default=OWN)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    algorithm: Mapped[int]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[str]]
    backup_eligible: Mapped[bool]
    backup_state: Mapped[bool]
    aaguid: Mapped[uuid.UUID] = mapped_column(index=True)
    nickname: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    counter_refused_at: Mapped[datetime | None]
    """When a sign-in was last refused because the signature counter did not grow."""
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(String(64))

    person: Mapped[Person] = relationship(lazy="joined")
    evidence: Mapped[Evidence] = relationship(back_populates="passkey")

    @property
    def own(self) -> bool:
        """Whether it was made for our own relying party, so that it can sign in here."""
        return self.maker == OWN


class Evidence(Base):
    """The facts that the registration proved, as they were then, and the raw attestation."""

    __tablename__ = "evidence"

    passkey_id: Mapped[int] = mapped_column(ForeignKey("passkeys.id"), unique=True)
    format: Mapped[str] = mapped_column(String(32))
    trust: Mapped[str] = mapped_column(String(16))
    trust_reason: Mapped[str | None] = mapped_column(String(64))
    trust_path: Mapped[list[str]]
    """Certificates as base64 DER, leaf first, ending in the metadata's anchor; empty if none."""
    aaguid: Mapped[uuid.UUID]
    user_present: Mapped[bool]
    user_verified: Mapped[bool]
    backup_eligible: Mapped[bool]
    backup_state: Mapped[bool]
    algorithm: Mapped[int]
    extensions: Mapped[dict[str, Any]]
    metadata_number: Mapped[int | None]
    """The `no` of the FIDO metadata that trust was judged with; None where it has no entry."""
    policy: Mapped[dict[str, Any]]
    """The policy as it was, so that the verdict can be read again."""
    verdict: Mapped[str] = mapped_column(String(64))
    attestation_object: Mapped[bytes] = mapped_column(LargeBinary)
    client_data_json: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    passkey: Mapped[Passkey] = relationship(back_populates="evidence")


class Challenge(Addressed, Base):
    """One ceremony, from its options on. Taken once, before anything is verified.

    `uuid` is the ceremony's id: the page carries it, so that two tabs do not disturb each other.
    """

    __tablename__ = "challenges"

    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of `challenge`, so that none is used twice: those of directories have up to several
    kilobytes, which no index takes."""
    purpose: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(100), default="")
    """What a confirming ceremony is about, as `remove:` and the UUID of the passkey."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    session_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    """SHA-256 of the browser session (or enrolment session) that asked for the options."""
    rp_id: Mapped[str] = mapped_column(String(253))
    origins: Mapped[list[str]]
    """The origins an answer may come from; for a foreign ceremony, that relying party's."""
    maker: Mapped[str] = mapped_column(String(36), default=OWN)
    directory_id: Mapped[int | None] = mapped_column(ForeignKey("directories.id"))
    """The directory that issued the challenge; None for our own."""
    options: Mapped[dict[str, Any]]
    policy: Mapped[dict[str, Any] | None]
    remote: Mapped[dict[str, Any] | None]
    """What a directory needs to finish a ceremony that it began, as its own id for the device. Of
    a registration it is `begun`, beside the `identity` there that it was begun for, what is left of
    it there until it is finished, and the attestation formats that are taken."""
    discard_at: Mapped[datetime | None] = mapped_column(index=True)
    """When to take back what the directory began; None where nothing of it is left there, or once
    the answer was accepted and a delivery sees to it."""
    discard_attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    taken_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]
    """What became of it, so that a double click gets the same answer."""

    @validates("challenge")
    def _with_its_digest(self, _name: str, value: bytes) -> bytes:
        self.digest = hashlib.sha256(value).digest()
        return value
