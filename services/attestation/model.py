"""An authenticator model, and reading one from an entry of FIDO metadata (MDS3)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from OpenSSL import crypto

from services.attestation.hid import HID_CRESCENDO, HID_NAME

COMPROMISED = frozenset(
    {
        "USER_VERIFICATION_BYPASS",
        "ATTESTATION_KEY_COMPROMISE",
        "USER_KEY_REMOTE_COMPROMISE",
        "USER_KEY_PHYSICAL_COMPROMISE",
    }
)
"""The statuses that say security is broken (FIDO Metadata Service v3.1, section 3.1.4)."""


@dataclass(frozen=True)
class StatusReport:
    """What FIDO says of a model: certified, revoked, compromised."""

    status: str
    effective_date: date | None
    version: int | None
    """The authenticator version it speaks of; None for all."""
    certificate_number: str
    certificate: bytes | None
    """DER of the attestation certificate it is limited to; None where it means every one."""


@dataclass(frozen=True)
class Model:
    """An authenticator model, as FIDO metadata describes it."""

    aaguid: UUID
    name: str
    version: int
    reports: tuple[StatusReport, ...]
    anchors: tuple[bytes, ...]
    """Trust anchors, DER. They may be roots, intermediates, or the leaf itself."""
    icon: bytes | None
    icon_type: str
    transports: tuple[str, ...]
    from_file: bool
    """Whether any of it came from the extra file rather than from FIDO."""
    manages_credentials: bool = False
    """Whether single entries can be deleted from the key (CTAP's credential management, or its
    preview); otherwise only a reset takes them off."""

    @property
    def is_hid(self) -> bool:
        """Whether it is one of HID's, by our list or by its description."""
        return self.aaguid in HID_CRESCENDO or self.name.startswith(HID_NAME)

    @property
    def certified(self) -> bool:
        """Whether FIDO certified it, at any level, and has not revoked that."""
        return not self.revoked and any(
            report.status.startswith("FIDO_CERTIFIED") for report in self.reports
        )

    @property
    def level(self) -> str:
        """The newest certification level, as "L1"; empty where metadata names none."""
        levels = [
            (report.effective_date or date.min, report.status.removeprefix("FIDO_CERTIFIED_"))
            for report in self.reports
            if report.status.startswith("FIDO_CERTIFIED_L")
        ]
        return max(levels)[1] if levels else ""

    @property
    def revoked(self) -> bool:
        """Whether a report says REVOKED, whatever came after it."""
        return any(report.status == "REVOKED" for report in self.reports)

    @property
    def compromises(self) -> tuple[StatusReport, ...]:
        """The reports that say its security is broken, for all its keys or for one certificate."""
        return tuple(report for report in self.reports if report.status in COMPROMISED)


def read_model(entry: Mapping[str, Any], *, from_file: bool) -> Model:
    """Read one entry of the metadata's `entries`.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: where it is not in that shape.
    """
    statement = entry["metadataStatement"]
    icon, icon_type = _icon(statement.get("icon"))
    return Model(
        aaguid=UUID(entry["aaguid"]),
        name=str(statement["description"]),
        version=int(statement["authenticatorVersion"]),
        reports=tuple(_report(report) for report in entry.get("statusReports", ())),
        anchors=tuple(_anchors(statement.get("attestationRootCertificates", ()))),
        icon=icon,
        icon_type=icon_type,
        transports=_transports(statement),
        from_file=from_file,
        manages_credentials=_manages_credentials(statement),
    )


def _report(report: Mapping[str, Any]) -> StatusReport:
    effective, version = report.get("effectiveDate"), report.get("authenticatorVersion")
    certificate = report.get("certificate") or report.get("batchCertificate")
    return StatusReport(
        status=str(report["status"]),
        effective_date=date.fromisoformat(effective) if effective else None,
        version=int(version) if version is not None else None,
        certificate_number=str(report.get("certificateNumber") or ""),
        certificate=base64.b64decode(certificate) if certificate else None,
    )


def _anchors(listed: Iterable[str]) -> Iterable[bytes]:
    """The certificates that parse; a few in the official metadata do not."""
    for text in listed:
        try:
            der = base64.b64decode(text)
            crypto.load_certificate(crypto.FILETYPE_ASN1, der)
        except (binascii.Error, crypto.Error):
            continue
        yield der


def _icon(text: str | None) -> tuple[bytes | None, str]:
    """The picture of a `data:` URL and its media type."""
    head, _, body = (text or "").partition(";base64,")
    if not head.startswith("data:image/") or not body:
        return None, ""
    try:
        # Some leave out the padding; too much of it does no harm.
        return base64.b64decode(body + "=="), head.removeprefix("data:")
    except binascii.Error:
        return None, ""


def _transports(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """How it talks, in WebAuthn's words; from getInfo, or else from the attachment hints."""
    info = statement.get("authenticatorGetInfo") or {}
    told = info.get("transports")
    if not told:
        hints = {"wired": "usb", "nfc": "nfc", "bluetooth": "ble", "internal": "internal"}
        told = [hints[hint] for hint in statement.get("attachmentHint", ()) if hint in hints]
    return tuple(str(transport) for transport in told)


def _manages_credentials(statement: Mapping[str, Any]) -> bool:
    """By the options of authenticatorGetInfo (CTAP 2.2, section 6.4)."""
    options = (statement.get("authenticatorGetInfo") or {}).get("options") or {}
    return any(options.get(name) is True for name in ("credMgmt", "credentialMgmtPreview"))
