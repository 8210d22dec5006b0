"""What a key attests at registration (entra.md 2.3, 2.5, 2.7)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from fido2.attestation.base import AttestationType, NoneAttestation
from fido2.attestation.packed import PackedAttestation
from fido2.webauthn import AttestationObject, AuthenticatorData

FORMATS = ("packed", "none")
FLAG = AuthenticatorData.FLAG


class Unacceptable(Exception):
    """The attestation is malformed or does not verify; the message says what of it."""


@dataclass(frozen=True)
class Attested:
    """What was read and verified."""

    credential_id: bytes
    aaguid: str
    algorithm: int
    synced: bool
    by_model: bool
    """Whether a certificate of the model speaks for it, not only the credential itself."""
    thumbprints: tuple[str, ...]


def verify(attestation_object: bytes, client_data: bytes, rp_id: str) -> Attested:
    """Hold an attestation object against the RP ID, the flags and its own signature.

    Args:
        attestation_object: CBOR.
        client_data: clientDataJSON as it came.
        rp_id: whose hash must be in the authenticator data.

    Raises:
        Unacceptable: with the check that failed.
    """
    try:
        parsed = AttestationObject(attestation_object)
        data = parsed.auth_data
        credential = data.credential_data
    except Exception as error:  # the library raises anything for hostile bytes
        raise Unacceptable("the attestation object is malformed") from error
    if data.rp_id_hash != hashlib.sha256(rp_id.encode()).digest():
        raise Unacceptable("the RP ID hash is another's")
    if not data.flags & FLAG.UP or not data.flags & FLAG.UV:
        raise Unacceptable("the user was not verified")
    if credential is None:
        raise Unacceptable("there is no credential")
    if parsed.fmt not in FORMATS:
        # entra.md 2.3 [D S3b]: "only attestation formats of packed or None are supported".
        raise Unacceptable(f"the attestation format {parsed.fmt} is not supported")
    kind = PackedAttestation if parsed.fmt == "packed" else NoneAttestation
    try:
        result = kind().verify(parsed.att_stmt, data, hashlib.sha256(client_data).digest())
    except Exception as error:  # as above
        raise Unacceptable("the attestation statement does not verify") from error
    return Attested(
        credential_id=credential.credential_id,
        aaguid=str(credential.aaguid),
        algorithm=int(credential.public_key.get(3, 0)),
        synced=bool(data.flags & FLAG.BE),
        by_model=result.attestation_type == AttestationType.BASIC,
        thumbprints=tuple(
            hashlib.sha1(certificate, usedforsecurity=False).hexdigest().upper()
            for certificate in result.trust_path
        ),
    )
