"""The requirements on attestation certificates that are about the certificate itself.

Source: WebAuthn Level 3, section 8.2.1 (packed); the AAGUID extension also section 8.3.1 (TPM).
"""

from __future__ import annotations

from uuid import UUID

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

AAGUID_EXTENSION = ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
"""id-fido-gen-ce-aaguid."""

ATTESTATION_UNIT = "Authenticator Attestation"
OCTET_STRING_OF_16 = b"\x04\x10"


def load(der: bytes) -> x509.Certificate | None:
    """Parse a certificate with its extensions; None for what is not one."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.extensions  # noqa: B018 - parsed at first use, and may fail there
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None
    return certificate


def meets_packed_rules(certificate: x509.Certificate) -> bool:
    """Whether version, subject and basic constraints are as section 8.2.1 requires."""
    return (
        certificate.version is x509.Version.v3
        and _has_attestation_subject(certificate)
        and is_ca(certificate) is False
    )


def is_ca(certificate: x509.Certificate) -> bool | None:
    """What the basic constraints say; None where there are none."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return None
    return constraints.value.ca


def names_aaguid(certificate: x509.Certificate, aaguid: UUID) -> bool | None:
    """Whether the AAGUID extension holds `aaguid` and is not critical; None where it is absent."""
    try:
        extension = certificate.extensions.get_extension_for_oid(AAGUID_EXTENSION)
    except x509.ExtensionNotFound:
        return None
    value = extension.value
    return (
        not extension.critical
        and isinstance(value, x509.UnrecognizedExtension)
        and value.value == OCTET_STRING_OF_16 + aaguid.bytes
    )


def _has_attestation_subject(certificate: x509.Certificate) -> bool:
    def only(oid: ObjectIdentifier) -> str:
        values = [attribute.value for attribute in certificate.subject.get_attributes_for_oid(oid)]
        return values[0] if len(values) == 1 and isinstance(values[0], str) else ""

    country = only(NameOID.COUNTRY_NAME)
    return bool(
        len(country) == 2
        and country.isalpha()
        and only(NameOID.ORGANIZATION_NAME)
        and only(NameOID.ORGANIZATIONAL_UNIT_NAME) == ATTESTATION_UNIT
        and only(NameOID.COMMON_NAME)
    )
