"""What an account of a directory has beside passkeys, and what can be done with it.

Words of `directories.base.Connector`, and to be had from there: kept apart for their length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
