"""The security key, and the browser in front of it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor

from tests.authenticator.manufacturer import Certified, Manufacturer

ES256, EDDSA, RS256 = -7, -8, -257
EXAMPLE = UUID("6a4c4d1e-0f5b-4c59-9c3c-3a1f7d2e9b10")
ZERO = UUID(int=0)


class BrowserError(Exception):
    """What `navigator.credentials` rejects with: `name` is the DOMException's."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


@dataclass(frozen=True)
class Twists:
    """Everything that can go wrong, one field each. The defaults are right."""

    # What the browser says
    client_type: str | None = None
    challenge: bytes | None = None
    client_origin: str | None = None
    cross_origin: bool = False
    top_origin: str | None = None
    # What the authenticator says
    rp_id: str | None = None
    user_present: bool = True
    user_verified: bool = True
    backup_eligible: bool | None = None
    backup_state: bool = False
    sign_count: int | None = None
    credential_id: bytes | None = None
    aaguid: UUID | None = None
    extensions: dict[str, Any] = field(default_factory=dict)
    algorithm: int | None = None
    # The statement
    attestation: str | None = None
    """"packed", "self", "none", or a format of another name; None does as the options ask."""
    leaf: dict[str, Any] | None = None
    """Arguments of `Manufacturer.leaf` for a certificate of its own."""
    x5c: tuple[bytes, ...] | None = None
    signature: bytes | None = None
    # The assertion
    user_handle: bytes | str | None = "kept"
    # The JSON
    id: str | None = None
    change: Callable[[dict], Any] | None = None
    """Changes the finished JSON; what it returns, unless None, takes its place."""


@dataclass
class Credential:
    """A passkey on the key."""

    id: bytes
    rp_id: str
    user_handle: bytes
    private: Any
    algorithm: int
    backup_eligible: bool


class SoftwareKey:
    """One key of one model. It keeps its passkeys, so that it can sign in with them later.

    Args:
        leaf: its attestation certificate; made by the manufacturer when left out.
        attachment: what the browser calls it; "platform" for a key in the computer.
    """

    def __init__(
        self,
        manufacturer: Manufacturer | None = None,
        aaguid: UUID = EXAMPLE,
        *,
        leaf: Certified | None = None,
        name: str = "Example Key",
        attachment: str = "cross-platform",
        transports: tuple[str, ...] = ("usb",),
    ) -> None:
        self.manufacturer = manufacturer or Manufacturer()
        self.aaguid = aaguid
        self.name = name
        self.leaf = leaf or self.manufacturer.leaf(aaguid)
        self.attachment = attachment
        self.transports = transports
        self.credentials: list[Credential] = []
        self.counter = 0

    def metadata_entry(self) -> dict[str, Any]:
        """The model in the shape of FIDO metadata."""
        return self.manufacturer.metadata_entry(self.aaguid, self.name)

    def create(self, options: dict[str, Any], *, origin: str, **twists: Any) -> dict[str, Any]:
        """`navigator.credentials.create()` and `toJSON()`.

        Args:
            options: PublicKeyCredentialCreationOptionsJSON.
            origin: the page's.
            twists: fields of `Twists`.

        Raises:
            BrowserError: SecurityError, InvalidStateError, NotSupportedError, NotAllowedError.
        """
        twist = Twists(**twists)
        rp_id = options["rp"].get("id") or urlsplit(origin).hostname
        _check_rp_id(rp_id, origin)
        wanted = options.get("authenticatorSelection", {}).get("authenticatorAttachment")
        if wanted not in (None, self.attachment):
            raise BrowserError("NotAllowedError", "no authenticator of that attachment")
        held = {encoded(one.id) for one in self.credentials if one.rp_id == rp_id}
        if any(one["id"] in held for one in options.get("excludeCredentials", ())):
            raise BrowserError("InvalidStateError", "a passkey is on it already")
        asked = [one["alg"] for one in options["pubKeyCredParams"]]
        able = [algorithm for algorithm in asked if algorithm in (ES256, EDDSA, RS256)]
        if not able:
            raise BrowserError("NotSupportedError", "no algorithm in common")
        credential = self._make(rp_id, decoded(options["user"]["id"]), able[0], twist)
        client = _client_data("webauthn.create", options["challenge"], origin, twist)
        return self._registration(options, credential, client, twist)

    def get(self, options: dict[str, Any], *, origin: str, **twists: Any) -> dict[str, Any]:
        """`navigator.credentials.get()` and `toJSON()`.

        Args:
            options: PublicKeyCredentialRequestOptionsJSON.
            origin: the page's.
            twists: fields of `Twists`.

        Raises:
            BrowserError: SecurityError, or NotAllowedError when no passkey fits.
        """
        twist = Twists(**twists)
        rp_id = options.get("rpId") or urlsplit(origin).hostname
        _check_rp_id(rp_id, origin)
        allowed = {one["id"] for one in options.get("allowCredentials", ())}
        fitting = [
            one
            for one in self.credentials
            if one.rp_id == rp_id and (not allowed or encoded(one.id) in allowed)
        ]
        if not fitting:
            raise BrowserError("NotAllowedError", "no passkey fits")
        credential = fitting[-1]
        client = _client_data("webauthn.get", options["challenge"], origin, twist)
        data = self._authenticator_data(credential, twist)
        signature = twist.signature or sign(credential, data + hashlib.sha256(client).digest())
        handle = credential.user_handle if twist.user_handle == "kept" else twist.user_handle
        response = {
            "clientDataJSON": encoded(client),
            "authenticatorData": encoded(data),
            "signature": encoded(signature),
        }
        if isinstance(handle, bytes):
            response["userHandle"] = encoded(handle)
        return self._finished(twist.credential_id or credential.id, response, twist)

    def _make(self, rp_id: str, handle: bytes, algorithm: int, twist: Twists) -> Credential:
        algorithm = twist.algorithm or algorithm
        credential = Credential(
            id=twist.credential_id or secrets.token_bytes(32),
            rp_id=rp_id,
            user_handle=handle,
            private=_private_key(algorithm),
            algorithm=algorithm,
            backup_eligible=bool(twist.backup_eligible),
        )
        # One passkey for each account: a new one takes the old one's place (CTAP 2.1, 6.1.2).
        self.credentials = [
            one for one in self.credentials if (one.rp_id, one.user_handle) != (rp_id, handle)
        ]
        self.credentials.append(credential)
        return credential

    def _registration(
        self, options: dict[str, Any], credential: Credential, client: bytes, twist: Twists
    ) -> dict[str, Any]:
        conveyed = options.get("attestation", "none") != "none"
        attestation = twist.attestation or ("packed" if conveyed else "none")
        if twist.attestation is None and attestation == "none" and twist.aaguid is None:
            twist = replace(twist, aaguid=ZERO)  # browsers take the model away
        data = self._authenticator_data(credential, twist, attested=True)
        signed = data + hashlib.sha256(client).digest()
        form, statement = self._statement(attestation, credential, signed, twist)
        response = {
            "clientDataJSON": encoded(client),
            "attestationObject": encoded(
                cbor.encode({"fmt": form, "attStmt": statement, "authData": data})
            ),
            "transports": list(self.transports),
            "authenticatorData": encoded(data),
            "publicKeyAlgorithm": credential.algorithm,
        }
        return self._finished(credential.id, response, twist)

    def _statement(
        self, attestation: str, credential: Credential, signed: bytes, twist: Twists
    ) -> tuple[str, dict[str, Any]]:
        if attestation == "none":
            return "none", {}
        if attestation == "self":
            signature = twist.signature or sign(credential, signed)
            return "packed", {"alg": credential.algorithm, "sig": signature}
        leaf = self.leaf
        if twist.leaf is not None:
            leaf = self.manufacturer.leaf(self.aaguid, **twist.leaf)
        signature = twist.signature or leaf.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        x5c = (leaf.der,) if twist.x5c is None else twist.x5c
        return attestation, {"alg": ES256, "sig": signature, "x5c": list(x5c)}

    def _authenticator_data(
        self, credential: Credential, twist: Twists, *, attested: bool = False
    ) -> bytes:
        self.counter += 1
        eligible = twist.backup_eligible
        flags = (
            twist.user_present
            | twist.user_verified << 2
            | (credential.backup_eligible if eligible is None else eligible) << 3
            | twist.backup_state << 4
            | attested << 6
            | bool(twist.extensions) << 7
        )
        counter = self.counter if twist.sign_count is None else twist.sign_count
        data = hashlib.sha256((twist.rp_id or credential.rp_id).encode()).digest()
        data += bytes([flags]) + counter.to_bytes(4, "big")
        if attested:
            data += (self.aaguid if twist.aaguid is None else twist.aaguid).bytes
            data += len(credential.id).to_bytes(2, "big") + credential.id
            data += cbor.encode(_cose(credential))
        return data + (cbor.encode(twist.extensions) if twist.extensions else b"")

    def _finished(
        self, credential_id: bytes, response: dict[str, Any], twist: Twists
    ) -> dict[str, Any]:
        answer = {
            "id": twist.id or encoded(credential_id),
            "rawId": encoded(credential_id),
            "type": "public-key",
            "authenticatorAttachment": self.attachment,
            "clientExtensionResults": {},
            "response": response,
        }
        if "attestationObject" in response:
            answer["clientExtensionResults"] = {"credProps": {"rk": True}}
        changed = twist.change(answer) if twist.change is not None else None
        return answer if changed is None else changed


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Back from `encoded`."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(credential: Credential, data: bytes) -> bytes:
    """Sign as the passkey does."""
    if credential.algorithm == ES256:
        return credential.private.sign(data, ec.ECDSA(hashes.SHA256()))
    if credential.algorithm == RS256:
        return credential.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if credential.algorithm == EDDSA:
        return credential.private.sign(data)
    return credential.private.sign(data, ec.ECDSA(hashes.SHA384()))


def _private_key(algorithm: int) -> Any:
    if algorithm == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == RS256:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if algorithm == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP384R1())


def _cose(credential: Credential) -> dict[int, Any]:
    public = credential.private.public_key()
    if credential.algorithm == EDDSA:
        return {1: 1, 3: EDDSA, -1: 6, -2: public.public_bytes_raw()}
    numbers = public.public_numbers()
    if credential.algorithm == RS256:
        return {1: 3, 3: RS256, -1: numbers.n.to_bytes(256, "big"), -2: b"\x01\x00\x01"}
    size = (public.curve.key_size + 7) // 8
    curve = 1 if credential.algorithm == ES256 else 2
    x, y = (number.to_bytes(size, "big") for number in (numbers.x, numbers.y))
    return {1: 2, 3: credential.algorithm, -1: curve, -2: x, -3: y}


def _client_data(kind: str, challenge: str, origin: str, twist: Twists) -> bytes:
    values = {
        "type": twist.client_type or kind,
        "challenge": challenge if twist.challenge is None else encoded(twist.challenge),
        "origin": twist.client_origin or origin,
        "crossOrigin": twist.cross_origin,
    }
    if twist.top_origin is not None:
        values["topOrigin"] = twist.top_origin
    return json.dumps(values, separators=(",", ":")).encode()


def _check_rp_id(rp_id: str, origin: str) -> None:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if parts.scheme != "https" and host != "localhost":
        raise BrowserError("SecurityError", "not a secure context")
    if host != rp_id and not host.endswith(f".{rp_id}"):
        raise BrowserError("SecurityError", f"{rp_id} is not this site's")
