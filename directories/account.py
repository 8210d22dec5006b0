"""What an account of a directory has beside passkeys, what can be done with it, and what a
registration for it would meet.

Words of `directories.base.Connector`, and to be had from there: kept apart for their length.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class CheckState(StrEnum):
    """How one check of a connection test ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It could not be told, and `evidence` says why. Never blocks."""


@dataclass(frozen=True)
class Intended:
    """What keys are to be made for somebody there, as far as a directory's rules care."""

    models: Mapping[uuid.UUID, str] | None = None
    """The models that our attestation policy accepts, by AAGUID, with their names; None where it
    accepts any."""
    attested: frozenset[uuid.UUID] = frozenset()
    """Those whose attestation can be verified by FIDO metadata."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at before a key is made for somebody there."""

    code: str
    """Stable, for tests and support, as `entra.targeted`."""
    state: CheckState
    """Unknown never keeps anybody from trying."""
    sentence: str
    """What was found, as an operator would say it."""
    remedy: str = ""
    """What to do about it; empty where nothing is to be done."""
    blocks: bool = False
    """Whether a registration that the directory begins all the same is known to fail for it, after
    the touch."""
    person: str = ""
    """What it means, as the person it keeps from a key is told; empty where it is not theirs to
    know, and wherever nothing is in the way."""


@dataclass(frozen=True)
class RemoteMethod:
    """Something with which a person signs in there that is no passkey: a password, a phone."""

    kind: str
    """What it is, as an operator would say it: "Password"."""
    remote_id: str = ""
    """The directory's own id for it; empty where it has none."""
    name: str = ""
    """How the person or the directory calls it; empty where it has no name."""
    created_at: datetime | None = None
    state: str = ""
    """What the directory says of its use, such as "blocked"; empty where it says nothing."""


@dataclass(frozen=True)
class TemporaryPass:
    """A passcode with which a person signs in there for a while. It is shown once, and kept
    nowhere.
    """

    value: str = field(repr=False)
    minutes: int
    """For how long it is good."""
    begins_at: datetime | None
    """When that time begins; None where the directory does not tell."""
    once: bool
    """Whether it opens one sign-in only."""
    page: str
    """The address at which the person uses it."""


@dataclass(frozen=True)
class ProofOptions:
    """A sign-in that the directory began."""

    flow: str
    options: Mapping[str, Any]
    """WebAuthn request options as JSON."""


@dataclass(frozen=True)
class Proof:
    """What the directory said of a sign-in."""

    remote_id: str
    label: str
    assurance: str
    """The directory's own word, as `aal1`."""
    methods: tuple[str, ...]
    signed_out: bool
