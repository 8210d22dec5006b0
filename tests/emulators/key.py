"""A software key, just enough to make a passkey and sign in with it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256

UP, UV, BE, BS = 0x01, 0x04, 0x08, 0x10


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def b64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Key:
    """One discoverable credential."""

    def __init__(self, *, rp_id: str = "localhost", handle: bytes | None = None) -> None:
        self.rp_id = rp_id
        self.handle = handle if handle is not None else secrets.token_urlsafe(32).encode()
        self.credential_id = secrets.token_bytes(32)
        self.counter = 0
        self._private = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> bytes:
        return cbor.encode(dict(ES256.from_cryptography_key(self._private.public_key())))

    def entry(self, **changes) -> dict:
        """The credential as it is imported (ory.md 3.2)."""
        entry = {
            "id": b64(self.credential_id),
            "public_key": b64(self.public_key),
            "attestation_type": "none",
            "display_name": "Key",
            "added_at": "2026-01-02T03:04:05Z",
            "is_passwordless": True,
            "authenticator": {"aaguid": b64(bytes(16)), "sign_count": 0, "clone_warning": False},
            "flags": {
                "user_present": True,
                "user_verified": True,
                "backup_eligible": False,
                "backup_state": False,
            },
            "transport": ["usb"],
        }
        entry.update(changes)
        return {name: value for name, value in entry.items() if value is not None}

    def passkey(self, **changes) -> dict:
        """`credentials.passkey` of an import."""
        return {"config": {"user_handle": b64(self.handle), "credentials": [self.entry(**changes)]}}

    def sign(
        self,
        challenge: str,
        *,
        origin: str = "http://localhost:5000",
        flags: int = UP | UV,
        kind: str = "webauthn.get",
        **response,
    ) -> dict:
        """An AuthenticationResponseJSON; `response` replaces fields of it."""
        client_data = json.dumps(
            {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
        ).encode()
        data = hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(
            ">BI", flags, self.counter
        )
        signature = self._private.sign(
            data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256())
        )
        return {
            "id": b64url(self.credential_id),
            "rawId": b64url(self.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64url(client_data),
                "authenticatorData": b64url(data),
                "signature": b64url(signature),
                "userHandle": b64url(self.handle),
                **response,
            },
        }
