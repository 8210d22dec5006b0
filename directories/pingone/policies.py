"""MFA policies, and the FIDO policy behind each (PingOne contract sections 4.1 and 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from directories.base import Misconfigured
from directories.pingone.api import PingOneApi
from directories.pingone.documents import flag, inner, text
from directories.pingone.links import Item

MOST_ALLOWED = 2000


@dataclass(frozen=True)
class FidoPolicy:
    """What a FIDO policy asks of keys. Values are PingOne's own words; empty where not told."""

    id: str
    name: str
    default: bool
    relying_party_id: str
    discoverable: str = ""
    """REQUIRED, PREFERRED or DISCOURAGED."""
    attachment: str = ""
    """PLATFORM, CROSS_PLATFORM or BOTH."""
    user_verification: str = ""
    """REQUIRED, PREFERRED or DISCOURAGED."""
    backup_allowed: bool | None = None
    """Whether passkeys that are copied between devices are taken."""
    attestation: str = ""
    """NONE, DIRECT or ENTERPRISE."""
    authenticators: str = ""
    """NONE, AUDIT_ONLY, GLOBAL, CERTIFIED or SPECIFIC."""
    allowed: tuple[str, ...] = ()
    """Ids in PingOne's table of authenticators, where `authenticators` is SPECIFIC."""

    def values(self) -> str:
        """Everything it says, in one line."""
        said = {
            "relying party ID": self.relying_party_id,
            "discoverable": self.discoverable,
            "attachment": self.attachment,
            "user verification": self.user_verification,
            "backup": {True: "allowed", False: "not allowed", None: ""}[self.backup_allowed],
            "attestation": self.attestation,
            "authenticators": self.authenticators,
        }
        return ", ".join(f"{name} {value}" for name, value in said.items() if value)


@dataclass(frozen=True)
class MfaPolicy:
    """An MFA policy, which PingOne's API calls device authentication policy."""

    id: str
    name: str
    default: bool
    fido2_enabled: bool
    pairing_disabled: bool
    """Whether new FIDO2 devices are refused."""
    fido_policy: FidoPolicy | None = None
    """None where FIDO policies cannot be read, or none is behind it."""

    @property
    def pairs(self) -> bool:
        """Whether FIDO2 devices can be paired under it."""
        return self.fido2_enabled and not self.pairing_disabled


def read(api: PingOneApi) -> tuple[MfaPolicy, ...]:
    """Every MFA policy, the default one first, each with its FIDO policy where that is readable."""
    policies = api.mfa_policies()
    try:
        fido = fido_policies(api)
    except Misconfigured:
        fido = ()
    found = [_mfa(one, fido) for one in policies if text(one, "id")]
    return tuple(sorted(found, key=lambda one: (not one.default, one.name.casefold(), one.id)))


def fido_policies(api: PingOneApi) -> tuple[FidoPolicy, ...]:
    """Every FIDO policy."""
    return tuple(_fido(one) for one in api.fido_policies() if text(one, "id"))


def chosen(policies: tuple[MfaPolicy, ...], policy_id: str) -> MfaPolicy | None:
    """The policy with an id."""
    return next((one for one in policies if one.id.lower() == policy_id.lower()), None)


def behind(fido: tuple[FidoPolicy, ...], policy_id: str) -> FidoPolicy | None:
    """The FIDO policy with an id; without an id the environment's default one (section 4.3)."""
    if policy_id:
        return next((one for one in fido if one.id == policy_id), None)
    return next((one for one in fido if one.default), None)


def _mfa(item: Item, fido: tuple[FidoPolicy, ...]) -> MfaPolicy:
    return MfaPolicy(
        id=text(item, "id"),
        name=text(item, "name") or text(item, "id"),
        default=flag(item, "default") is True,
        fido2_enabled=flag(item, "fido2", "enabled") is True,
        pairing_disabled=flag(item, "fido2", "pairingDisabled") is True,
        fido_policy=behind(fido, text(item, "fido2", "fido2PolicyId")),
    )


def _fido(item: Item) -> FidoPolicy:
    entries = inner(item, "mdsAuthenticatorsRequirements", "allowedAuthenticators")
    listed = entries[:MOST_ALLOWED] if isinstance(entries, list) else []
    allowed = (text(one, "id") for one in listed if isinstance(one, Mapping))
    return FidoPolicy(
        id=text(item, "id"),
        name=text(item, "name") or text(item, "id"),
        default=flag(item, "default") is True,
        relying_party_id=text(item, "relyingPartyId").lower(),
        discoverable=text(item, "discoverableCredentials"),
        attachment=text(item, "authenticatorAttachment"),
        user_verification=text(item, "userVerification", "option"),
        backup_allowed=flag(item, "backupEligibility", "allow"),
        attestation=text(item, "attestationRequirements"),
        authenticators=text(item, "mdsAuthenticatorsRequirements", "option"),
        allowed=tuple(one for one in allowed if one),
    )
