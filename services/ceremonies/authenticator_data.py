"""Authenticator data, read to the last byte (WebAuthn L3 section 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.ceremonies import cbor

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP = 1 << 0, 1 << 2, 1 << 3, 1 << 4
ATTESTED, EXTENDED = 1 << 6, 1 << 7
HEAD = 37
"""RP ID hash, flags, counter."""


class AuthenticatorDataError(ValueError):
    """The bytes are not authenticator data."""


@dataclass(frozen=True)
class AttestedCredential:
    """The new credential, in the authenticator data of a registration."""

    aaguid: UUID
    credential_id: bytes
    public_key: bytes
    """The COSE_Key exactly as the authenticator sent it."""
    cose: Mapping[Any, Any]

    @property
    def algorithm(self) -> int | None:
        """The COSE algorithm that the key names; None where it names none."""
        value = self.cose.get(3)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True)
class AuthenticatorData:
    """What the authenticator signed."""

    rp_id_hash: bytes
    user_present: bool
    user_verified: bool
    backup_eligible: bool
    backup_state: bool
    sign_count: int
    credential: AttestedCredential | None
    extensions: Mapping[Any, Any]


def read(data: bytes) -> AuthenticatorData:
    """Read authenticator data.

    Raises:
        AuthenticatorDataError: when it is anything else, or longer than it says.
    """
    if len(data) < HEAD:
        raise AuthenticatorDataError("too short")
    flags, at = data[32], HEAD
    credential: AttestedCredential | None = None
    extensions: Mapping[Any, Any] = {}
    try:
        if flags & ATTESTED:
            credential, at = _credential(data, at)
        if flags & EXTENDED:
            extensions, at = _map(data, at)
    except cbor.CborError as error:
        raise AuthenticatorDataError(str(error)) from error
    if at != len(data):
        raise AuthenticatorDataError("bytes after the end")
    return AuthenticatorData(
        rp_id_hash=data[:32],
        user_present=bool(flags & PRESENT),
        user_verified=bool(flags & VERIFIED),
        backup_eligible=bool(flags & ELIGIBLE),
        backup_state=bool(flags & BACKED_UP),
        sign_count=int.from_bytes(data[33:HEAD], "big"),
        credential=credential,
        extensions=extensions,
    )


def _credential(data: bytes, at: int) -> tuple[AttestedCredential, int]:
    aaguid, at = data[at : at + 16], at + 16
    length, at = int.from_bytes(data[at : at + 2], "big"), at + 2
    credential_id, at = data[at : at + length], at + length
    if at > len(data) or not credential_id:
        raise AuthenticatorDataError("no credential id")
    cose, end = _map(data, at)
    return AttestedCredential(UUID(bytes=aaguid), credential_id, data[at:end], cose), end


def _map(data: bytes, at: int) -> tuple[Mapping[Any, Any], int]:
    value, end = cbor.read_at(data, at)
    if not isinstance(value, dict):
        raise AuthenticatorDataError("not a map")
    return value, end
