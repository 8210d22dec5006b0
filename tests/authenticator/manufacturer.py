"""A manufacturer's certificates, as HID's are built.

A root that is in no metadata, an intermediate (CA:TRUE, pathLen 0) that is the metadata's anchor,
and a leaf for each model that the key sends alone.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

AAGUID_EXTENSION = ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
UNIT = "Authenticator Attestation"
SUBJECT = {"C": "US", "O": "Example Keys", "OU": UNIT, "CN": "Example Key"}
NAMES = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}


@dataclass(frozen=True)
class Certified:
    """A certificate and the key it is for."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


class Manufacturer:
    """Issues attestation certificates.

    Args:
        path_length: of the intermediate.
        intermediate_ca: what its basic constraints say; None leaves them out.
        intermediate_days: from when to when it is valid, in days from now.
    """

    def __init__(
        self,
        name: str = "Example Keys",
        *,
        path_length: int | None = 0,
        intermediate_ca: bool | None = True,
        intermediate_days: tuple[int, int] = (-365, 3650),
    ) -> None:
        self.name = name
        self.root = issue({"CN": f"{name} Root"}, ca=True)
        self.intermediate = issue(
            {"C": "US", "O": name, "OU": UNIT, "CN": f"{name} Attestation CA"},
            issuer=self.root,
            ca=intermediate_ca,
            path_length=path_length if intermediate_ca else None,
            days=intermediate_days,
        )

    def leaf(
        self,
        aaguid: UUID,
        *,
        subject: dict[str, str] | None = None,
        ca: bool | None = False,
        named: UUID | None = None,
        names_aaguid: bool = True,
        critical: bool = False,
        days: tuple[int, int] = (-30, 3650),
        version_1: bool = False,
    ) -> Certified:
        """An attestation certificate.

        Args:
            named: the AAGUID in the extension, where it shall not be the model's own.
            version_1: a version 1 certificate, which has no extensions.
        """
        extension = x509.UnrecognizedExtension(
            AAGUID_EXTENSION, b"\x04\x10" + (named or aaguid).bytes
        )
        leaf = issue(
            SUBJECT if subject is None else subject,
            issuer=self.intermediate,
            ca=ca,
            days=days,
            extension=(extension, critical) if names_aaguid else None,
        )
        return _version_1(leaf, self.intermediate) if version_1 else leaf

    def metadata_entry(
        self, aaguid: UUID, description: str, *, anchors: list[bytes] | None = None
    ) -> dict:
        """An entry in the shape of FIDO metadata, with the intermediate as its anchor."""
        listed = [self.intermediate.der] if anchors is None else anchors
        return {
            "aaguid": str(aaguid),
            "metadataStatement": {
                "aaguid": str(aaguid),
                "description": description,
                "authenticatorVersion": 1,
                "protocolFamily": "fido2",
                "schema": 3,
                "upv": [{"major": 1, "minor": 1}],
                "attestationTypes": ["basic_full"],
                "userVerificationDetails": [[{"userVerificationMethod": "passcode_external"}]],
                "keyProtection": ["hardware"],
                "matcherProtection": ["on_chip"],
                "attachmentHint": ["external", "wired"],
                "tcDisplay": [],
                "attestationRootCertificates": [base64.b64encode(der).decode() for der in listed],
                "authenticatorGetInfo": {"versions": ["FIDO_2_1"], "transports": ["usb"]},
            },
            "statusReports": [
                {"status": "FIDO_CERTIFIED_L1", "effectiveDate": "2025-01-01"},
                {"status": "FIDO_CERTIFIED", "effectiveDate": "2025-01-01"},
            ],
            "timeOfLastStatusChange": "2025-01-01",
        }


def issue(
    subject: dict[str, str],
    *,
    issuer: Certified | None = None,
    ca: bool | None,
    path_length: int | None = None,
    days: tuple[int, int] = (-365, 3650),
    extension: tuple[x509.ExtensionType, bool] | None = None,
) -> Certified:
    """A P-256 certificate, signed by `issuer` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NAMES[part], value) for part, value in subject.items()])
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, path_length), critical=True)
    if extension is not None:
        builder = builder.add_extension(extension[0], critical=extension[1])
    return Certified(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _version_1(leaf: Certified, issuer: Certified) -> Certified:
    """The same certificate as version 1, signed anew: no builder makes those any more."""
    old = asn1.Certificate.load(leaf.der)["tbs_certificate"]
    kept = ("serial_number", "signature", "issuer", "validity", "subject")
    body = asn1.TbsCertificate(
        {
            "version": "v1",
            **{field: old[field] for field in kept},
            "subject_public_key_info": old["subject_public_key_info"],
        }
    )
    certificate = asn1.Certificate(
        {
            "tbs_certificate": body,
            "signature_algorithm": old["signature"],
            "signature_value": issuer.key.sign(body.dump(), ec.ECDSA(hashes.SHA256())),
        }
    )
    return Certified(x509.load_der_x509_certificate(certificate.dump()), leaf.key)
