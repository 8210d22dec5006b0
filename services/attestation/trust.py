"""Whether an attestation leads to its manufacturer, by the metadata's anchors for that very model.

py_webauthn keeps roots for each format rather than for each model, builds no partial chain (HID's
anchors are intermediates, and HID keys send only their leaf), and checks neither the certificate's
own rules nor its AAGUID. So the path is built here, with OpenSSL.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from OpenSSL import crypto

from services.attestation import certificates
from services.attestation.evidence import Trust, TrustFound, TrustReason
from services.attestation.metadata import MetadataSource

PACKED = "packed"
NONE = "none"

# X509_V_ERR_*, openssl/x509_vfy.h (OpenSSL 3)
NOT_YET_VALID, EXPIRED = 9, 10
KEY_MAY_NOT_SIGN, NOT_A_CA = 32, 79

REASONS = {
    NOT_YET_VALID: TrustReason.DATES,
    EXPIRED: TrustReason.DATES,
    KEY_MAY_NOT_SIGN: TrustReason.NOT_CA,
    NOT_A_CA: TrustReason.NOT_CA,
}


def establish(
    *,
    format: str,
    x5c: Sequence[bytes],
    aaguid: UUID,
    metadata: MetadataSource,
    now: datetime,
) -> TrustFound:
    """Look for trust in a statement whose signature has been verified.

    Args:
        format: the attestation statement format, as "packed".
        x5c: the certificates that came with it (DER), the attestation certificate first.
        aaguid: the model that the authenticator data names.
        now: the moment at which every certificate on the path must be valid.
    """
    if format == NONE:
        return TrustFound(Trust.NONE)
    if not x5c:
        return TrustFound(Trust.SELF)
    found = _examine(format, x5c, aaguid, metadata, now)
    if isinstance(found, TrustReason):
        return TrustFound(Trust.UNTRUSTED, found, tuple(x5c))
    return TrustFound(Trust.TRUSTED, path=found)


def _examine(
    format: str, x5c: Sequence[bytes], aaguid: UUID, metadata: MetadataSource, now: datetime
) -> TrustReason | tuple[bytes, ...]:
    """The path to the anchor, or why there is none."""
    model = metadata.model(aaguid)
    anchors = model.anchors if model is not None else ()
    leaf = certificates.load(x5c[0])
    if leaf is None:
        return TrustReason.CERTIFICATE
    # Metadata vouches for the very certificate when it lists it, whatever its form.
    listed = x5c[0] in anchors
    if format == PACKED and not listed and not certificates.meets_packed_rules(leaf):
        return TrustReason.CERTIFICATE
    named = certificates.names_aaguid(leaf, aaguid)
    if named is False:
        return TrustReason.AAGUID
    if not anchors:
        return TrustReason.NO_ANCHORS
    path = _path(x5c[:1] if listed else x5c, anchors, now)
    if isinstance(path, TrustReason):
        return path
    # Section 8.2.1: where one anchor serves several models, the certificate must name its own.
    if format == PACKED and named is None and metadata.serves_several(path[-1]):
        return TrustReason.AAGUID
    return path


def _path(
    x5c: Sequence[bytes], anchors: Sequence[bytes], now: datetime
) -> TrustReason | tuple[bytes, ...]:
    store = crypto.X509Store()
    store.set_time(now.astimezone(UTC))
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)  # an anchor need not be self-signed
    for anchor in anchors:
        store.add_cert(crypto.load_certificate(crypto.FILETYPE_ASN1, anchor))
    try:
        sent = [crypto.load_certificate(crypto.FILETYPE_ASN1, der) for der in x5c]
    except crypto.Error:
        return TrustReason.CERTIFICATE
    try:
        chain = crypto.X509StoreContext(store, sent[0], sent[1:]).get_verified_chain()
    except crypto.X509StoreContextError as error:
        return REASONS.get(error.errors[0], TrustReason.PATH)
    path = tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, link) for link in chain)
    return path if all(_may_sign(der) for der in path[1:-1]) else TrustReason.NOT_CA


def _may_sign(der: bytes) -> bool:
    """Whether an intermediate that the key sent is a CA by its own basic constraints.

    OpenSSL takes an old certificate without any for one (`X509_check_ca`).
    """
    certificate = certificates.load(der)
    return certificate is not None and certificates.is_ca(certificate) is True
