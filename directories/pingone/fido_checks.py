"""What a FIDO policy means for keys enrolled here (PingOne contract sections 4 and 6b)."""

from __future__ import annotations

from collections.abc import Iterable

from directories.base import Check
from directories.outcomes import failed, passed, unknown
from directories.pingone.findings import UNREADABLE
from directories.pingone.policies import FidoPolicy
from directories.pingone.relying_party import enrols_here
from directories.pingone.settings import Region


def pinned(fido: FidoPolicy | None, wanted: str) -> Check:
    """Whether the policy still has the relying party ID that an operator has pinned."""
    if fido is None:
        return unknown(UNREADABLE)
    if fido.relying_party_id == wanted:
        return passed(wanted)
    return failed(
        f"The FIDO policy says {fido.relying_party_id}, and this connection {wanted}.",
        "Keys made under one are useless under the other. Put the policy back (Authentication, "
        f"FIDO, {fido.name}, Relying Party ID), or make a new connection.",
    )


def discoverable(fido: FidoPolicy) -> Check:
    """Whether keys keep the passkey, so that nobody need type a name: HID prescribes it."""
    if fido.discoverable in ("REQUIRED", "PREFERRED"):
        return passed(fido.discoverable.title())
    if not fido.discoverable:
        return unknown("The FIDO policy does not tell.")
    return failed(
        f"Discoverable Credentials is {fido.discoverable.title()}.",
        f"Set it to Required: Authentication, FIDO, {fido.name}.",
    )


def attachment(fido: FidoPolicy) -> Check:
    """Whether security keys are taken at all."""
    if fido.attachment == "PLATFORM":
        return failed(
            "Only authenticators that are built into a device are taken.",
            "Set Authenticator Attachment to Both or Cross-Platform: Authentication, FIDO, "
            f"{fido.name}.",
        )
    if not fido.attachment:
        return unknown("The FIDO policy does not tell.")
    return passed(fido.attachment.replace("_", "-").title())


def enrolment(theirs: str, region: Region, origins: Iterable[str]) -> Check:
    """The verdict of section 4.2.

    Args:
        theirs: the relying party ID that keys are enrolled for; empty where it is not known.
        region: of the environment.
        origins: ours.
    """
    if not theirs:
        return unknown("The relying party ID is not known.")
    here, sentence = enrols_here(theirs, origins)
    if here:
        return passed(sentence)
    prescribed = " This is the value that HID prescribes." if theirs == region.domain else ""
    return failed(
        sentence + prescribed,
        "Set Relying Party ID to Other, with a domain that covers these pages and your custom "
        "domain: Authentication, FIDO. Until then no browser makes keys for it on these pages.",
    )
