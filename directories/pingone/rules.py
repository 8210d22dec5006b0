"""PingOne's own FIDO rules, in words that every directory shares (PingOne contract section 4)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress

from directories.base import Misconfigured, Refused
from directories.pingone import documents, policies
from directories.pingone.api import PingOneApi
from directories.pingone.links import Item
from directories.pingone.policies import FidoPolicy, MfaPolicy
from directories.pingone.settings import PingOneSettings
from directories.rules import Admission, Attestation, Demand, DirectoryRules, Profile

_MFA = "Authentication > MFA, in the MFA policy {mfa}, FIDO2"
_FIDO = "Authentication > FIDO, in the FIDO policy {fido}, {field}"
_FIELDS = {
    "rp_id": "Relying Party ID",
    "discoverable": "Discoverable Credentials",
    "user_verification": "User Verification",
    "synced": "Backup Eligibility",
    "attestation": "Attestation Request",
    "profiles": "Attestation Request",
}

_LISTED = ("SPECIFIC", "GLOBAL")
"""Which requirements go by PingOne's table of authenticators."""
_UNLISTED = {
    "GLOBAL": "every authenticator in PingOne's table",
    "CERTIFIED": "every FIDO-certified authenticator",
}
_DEMANDS = {demand.name: demand for demand in Demand}


def read(api: PingOneApi, settings: PingOneSettings) -> DirectoryRules:
    """The rules under which keys are enrolled: those of the FIDO policy behind the MFA policy.

    Raises:
        Refused: when there is no such policy.
    """
    found = policies.read(api)
    mfa = policies.chosen(found, settings.mfa_policy_id) if settings.mfa_policy_id else None
    if mfa is None:
        raise Refused(
            "The MFA policy of this connection is not there: choose one.",
            code="pingone.no_mfa_policy",
        )
    if mfa.fido_policy is None:
        raise Misconfigured(
            "The FIDO policy behind the MFA policy cannot be read with this worker.",
            code="pingone.no_fido_policy",
        )
    table: list[Item] = []
    if mfa.fido_policy.authenticators in _LISTED:
        with suppress(Misconfigured):  # then nothing of the list is mapped
            table = api.authenticators()
    return translate(mfa, mfa.fido_policy, table)


def translate(mfa: MfaPolicy, fido: FidoPolicy, table: Iterable[Item]) -> DirectoryRules:
    """A FIDO policy in shared words.

    Args:
        mfa: the MFA policy that leads to it.
        fido: the FIDO policy.
        table: PingOne's table of authenticators.
    """
    return DirectoryRules(
        source=f"MFA policy {mfa.name}, FIDO policy {fido.name}",
        enabled=mfa.fido2_enabled,
        profiles=(
            Profile(
                name=fido.name,
                applies_to="everyone",
                admission=_admission(fido, table),
                device_bound=fido.attachment != "PLATFORM",
                synced=fido.backup_allowed,
                attestation=_attestation(fido),
            ),
        ),
        self_service=not mfa.pairing_disabled,
        rp_id=fido.relying_party_id or None,
        discoverable=_DEMANDS.get(fido.discoverable),
        user_verification=_DEMANDS.get(fido.user_verification),
        where={name: _FIDO.format(fido=fido.name, field=field) for name, field in _FIELDS.items()}
        | {name: _MFA.format(mfa=mfa.name) for name in ("enabled", "self_service")},
    )


def models(table: Iterable[Item]) -> dict[str, uuid.UUID]:
    """Which AAGUID each entry of PingOne's table stands for.

    Policies name an entry by its `mdsIdentifier`; entries of ours, added by hand, may be named by
    `id` (section 4.4: which one is unknown, so both lead to it).
    """
    found: dict[str, uuid.UUID] = {}
    for entry in table:
        places = (("aaguid",), ("metadataStatement", "aaguid"))
        named = (documents.aaguid(documents.inner(entry, *path)) for path in places)
        aaguid = next((one for one in named if one is not None), None)
        if aaguid is None:
            continue  # U2F and UAF authenticators have none
        for name in ("mdsIdentifier", "id"):
            if key := documents.text(entry, name):
                found.setdefault(key.lower(), aaguid)
    return found


def _admission(fido: FidoPolicy, table: Iterable[Item]) -> Admission:
    """Which models pass (section 4.1). CERTIFIED goes by FIDO's certificates, which no list has."""
    if fido.authenticators in ("NONE", "AUDIT_ONLY"):
        return Admission()
    known = models(table)
    if fido.authenticators == "GLOBAL" and known:
        return Admission(only=frozenset(known.values()))
    if fido.authenticators != "SPECIFIC":
        return Admission(
            only=frozenset(), unmapped=(_UNLISTED.get(fido.authenticators, "not told"),)
        )
    mapped = {one: known.get(one.lower()) for one in fido.allowed}
    return Admission(
        only=frozenset(aaguid for aaguid in mapped.values() if aaguid is not None),
        unmapped=tuple(one for one, aaguid in mapped.items() if aaguid is None),
    )


def _attestation(fido: FidoPolicy) -> Attestation | None:
    """GLOBAL, CERTIFIED and SPECIFIC hold keys to their attestation; AUDIT_ONLY only records it."""
    if fido.attestation == "NONE":
        return Attestation.NONE
    if fido.attestation not in ("DIRECT", "ENTERPRISE"):
        return None
    if fido.authenticators in ("GLOBAL", "CERTIFIED", "SPECIFIC"):
        return Attestation.ENFORCED
    return Attestation.ASKED
