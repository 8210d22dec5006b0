"""A directory's own rules for FIDO keys, in words that every directory shares.

Connectors read them (`Connector.rules`); they are compared with our attestation policy elsewhere.
Whatever a directory does not tell is None: it cannot be compared, and is never guessed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Demand(StrEnum):
    """How strongly something is asked for (WebAuthn L3 section 5.8.6)."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    DISCOURAGED = "discouraged"


class Attestation(StrEnum):
    """What a directory does with attestation."""

    NONE = "none"
    ASKED = "asked"
    """It asks for it, and takes keys that give none."""
    ENFORCED = "enforced"
    """It takes only keys whose attestation it can verify."""


@dataclass(frozen=True)
class Admission:
    """Which models are admitted."""

    only: frozenset[uuid.UUID] | None = None
    """The AAGUIDs of the models admitted; None admits every model that is not blocked."""
    blocked: frozenset[uuid.UUID] = frozenset()
    unmapped: tuple[str, ...] = ()
    """Ids in the directory's list that name no model by its AAGUID: nothing is known of them."""

    def admits(self, aaguid: uuid.UUID) -> bool:
        """Whether the model is admitted."""
        return aaguid not in self.blocked and (self.only is None or aaguid in self.only)


@dataclass(frozen=True)
class Profile:
    """One set of rules there, and whom it is for. Somebody under several is bound by any one."""

    name: str
    applies_to: str
    """As an operator would say it: "everyone", or the groups by name."""
    admission: Admission
    device_bound: bool
    """Whether keys that stay on their device are taken: security keys are such."""
    synced: bool | None
    """Whether passkeys that are copied between devices are taken."""
    attestation: Attestation | None


@dataclass(frozen=True)
class DirectoryRules:
    """A directory's own rules for FIDO keys."""

    source: str
    """What holds them there, by name."""
    enabled: bool | None
    """Whether FIDO keys are switched on at all."""
    profiles: tuple[Profile, ...]
    self_service: bool | None = None
    """Whether people may add keys by themselves, where that matters to adding them for people."""
    rp_id: str | None = None
    discoverable: Demand | None = None
    user_verification: Demand | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    """Where each rule is changed there, as a place without a full stop ("Entra admin center, …"),
    by name: enabled, self_service, attestation, synced, rp_id, discoverable, user_verification,
    and profiles for the models."""
