"""What a registration proved: facts, without any opinion of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID


class Trust(StrEnum):
    """What the attestation statement amounts to. Its signature was good in every case."""

    TRUSTED = "trusted"
    """It leads to an anchor that FIDO metadata names for this very model."""
    UNTRUSTED = "untrusted"
    """It names a certificate that does not hold; `TrustReason` says why."""
    SELF = "self"
    """The passkey signed for itself: it says nothing of the model."""
    NONE = "none"
    """There is no statement."""


class TrustReason(StrEnum):
    """Why a certificate does not hold. The members are part of stable refusal codes."""

    CERTIFICATE = "certificate"
    """It breaks the requirements on attestation certificates (WebAuthn L3 section 8.2.1)."""
    AAGUID = "aaguid"
    """It is for another model, or names none where its anchor serves several."""
    PATH = "path"
    """No path from it to an anchor of the model."""
    DATES = "dates"
    """Something on the path is not valid now."""
    NOT_CA = "not_ca"
    """A certificate on the path signed another and may not."""
    NO_ANCHORS = "no_anchors"
    """Metadata has no anchor for the model."""


@dataclass(frozen=True)
class TrustFound:
    """The outcome of looking for trust.

    `path` is DER, leaf first, ending in the anchor; for what is untrusted it is what was sent.
    """

    trust: Trust
    reason: TrustReason | None = None
    path: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """The facts that one registration proved."""

    format: str
    trust: Trust
    trust_reason: TrustReason | None
    trust_path: tuple[bytes, ...]
    aaguid: UUID
    """Only `Trust.TRUSTED` makes it more than the browser's word."""
    user_present: bool
    user_verified: bool
    backup_eligible: bool
    backup_state: bool
    algorithm: int
    """The COSE algorithm of the passkey."""
    metadata_number: int | None = None
    """The `no` of the FIDO metadata that knows the model; None where it does not."""
    extensions: Mapping[str, Any] = field(default_factory=dict)
