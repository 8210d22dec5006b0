"""A security key that speaks CTAP 2 and is not there: what python-fido2 drives in these tests.

It answers getInfo, clientPIN (protocols 1 and 2), makeCredential, getAssertion, selection,
credentialManagement (how many fit), authenticatorConfig (PIN rules) and reset, as CTAP 2.1 says,
and attests with the certificate of a software key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.ctap import STATUS, CtapDevice, CtapError
from fido2.ctap2.pin import PinProtocol, PinProtocolV1, PinProtocolV2
from fido2.hid import CAPABILITY, CTAPHID

from tests.authenticator import SoftwareKey
from tests.authenticator.manufacturer import Manufacturer

ERR = CtapError.ERR
PROTOCOLS: dict[int, PinProtocol] = {1: PinProtocolV1(), 2: PinProtocolV2()}
PIN_TRIES = 8
TRIES_IN_A_ROW = 3


class Failed(Exception):
    """The status byte of an answer that carries nothing else."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Kept:
    """A passkey on the key."""

    id: bytes
    rp_id: str
    user: dict[str, Any]
    private: ec.EllipticCurvePrivateKey


@dataclass
class VirtualKey(CtapDevice):
    """One key. Its fields are what it says of itself, and what happens to it."""

    maker: SoftwareKey = field(default_factory=lambda: SoftwareKey(Manufacturer()))
    pin: str | None = None
    versions: tuple[str, ...] = ("FIDO_2_0", "FIDO_2_1")
    extensions: tuple[str, ...] = ("credProtect", "hmac-secret")
    protocols: tuple[int, ...] = (2, 1)
    keeps: bool = True
    """Whether it has resident keys."""
    knows_pin: bool = True
    reads_finger: bool = False
    """Whether a fingerprint is enrolled on it."""
    remaining: int | None = 30
    """How many passkeys fit, as getInfo says."""
    manages: int | None = None
    """How many fit, as credentialManagement says; None for a key without it."""
    configures: bool = True
    min_pin_length: int = 4
    force_pin_change: bool = False
    speaks_ctap2: bool = True
    touches: list[str] = field(default_factory=list)
    """What happens at each touch: `late`, `denied`, `removed`; a touch when nothing is left."""
    kept: list[Kept] = field(default_factory=list)
    asked: list[tuple[int, dict[int, Any]]] = field(default_factory=list)
    """Every command with its parameters, in their order."""

    def __post_init__(self) -> None:
        self.pin_tries = PIN_TRIES
        self.in_a_row = 0
        self.token = secrets.token_bytes(32)
        self.permissions = 0
        self.counter = 0
        self._agreement = ec.generate_private_key(ec.SECP256R1())
        self.gone = False

    @property
    def capabilities(self) -> int:
        return CAPABILITY.CBOR if self.speaks_ctap2 else CAPABILITY(0)

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        return iter(())

    def power_cycle(self) -> None:
        """Taken out and put in again."""
        self.in_a_row = 0
        self.gone = False

    def commands(self, number: int) -> list[dict[int, Any]]:
        """The parameters of every command of one kind."""
        return [parameters for command, parameters in self.asked if command == number]

    def call(
        self, cmd: int, data: bytes = b"", event: Event | None = None, on_keepalive: Any = None
    ) -> bytes:
        if self.gone:
            raise OSError(5, "Input/output error")
        assert cmd == CTAPHID.CBOR
        command = data[0]
        given = dict(cbor.decode(data[1:])) if len(data) > 1 else {}
        self.asked.append((command, given))
        try:
            match command:
                case 0x01:
                    answer = self._make(given, on_keepalive)
                case 0x02:
                    answer = self._get(given)
                case 0x04:
                    answer = self._info()
                case 0x06:
                    answer = self._pin(given)
                case 0x07:
                    answer = self._reset()
                case 0x0A:
                    answer = self._manage(given)
                case 0x0B:
                    answer = {}
                case 0x0D:
                    answer = self._configure(given)
                case _:
                    raise Failed(ERR.INVALID_COMMAND)
        except Failed as failed:
            return bytes([failed.status])
        return b"\x00" + (cbor.encode(answer) if answer else b"")

    def _info(self) -> dict[int, Any]:
        options = {"rk": self.keeps, "up": True}
        if self.knows_pin:
            options["clientPin"] = self.pin is not None
            options["pinUvAuthToken"] = "FIDO_2_1" in self.versions
        if self.reads_finger:
            options["uv"] = True
        if self.manages is not None:
            options["credMgmt"] = True
        if self.configures:
            options |= {"authnrCfg": True, "setMinPINLength": True}
        info = {
            1: list(self.versions),
            2: list(self.extensions),
            3: self.maker.aaguid.bytes,
            4: options,
            5: 2048,
            6: list(self.protocols) if self.knows_pin else [],
            9: ["usb"],
            10: [{"alg": -7, "type": "public-key"}],
            12: self.force_pin_change,
            13: self.min_pin_length,
        }
        return info if self.remaining is None else {**info, 20: self.remaining}

    def _pin(self, given: dict[int, Any]) -> dict[int, Any]:
        protocol = PROTOCOLS[given[1]]
        match given[2]:
            case 0x01:
                return {3: self.pin_tries}
            case 0x02:
                numbers = self._agreement.public_key().public_numbers()
                x, y = (one.to_bytes(32, "big") for one in (numbers.x, numbers.y))
                return {1: {1: 2, 3: -25, -1: 1, -2: x, -3: y}}
            case 0x03:
                shared = self._shared(protocol, given[3])
                if self.pin is not None:
                    raise Failed(ERR.PIN_AUTH_INVALID)
                self._check(protocol, shared, given[5], given[4])
                self._take(protocol.decrypt(shared, given[5]))
                return {}
            case 0x04:
                shared = self._shared(protocol, given[3])
                self._check(protocol, shared, given[5] + given[6], given[4])
                self._compare(protocol.decrypt(shared, given[6]))
                self._take(protocol.decrypt(shared, given[5]))
                self.force_pin_change = False
                return {}
            case 0x06:
                self.token, self.permissions = secrets.token_bytes(32), given[9]
                return {2: protocol.encrypt(self._shared(protocol, given[3]), self.token)}
            case 0x05 | 0x09 as command:
                shared = self._shared(protocol, given[3])
                self._compare(protocol.decrypt(shared, given[6]))
                if self.force_pin_change:
                    raise Failed(ERR.PIN_INVALID if command == 0x05 else ERR.PIN_POLICY_VIOLATION)
                self.token = secrets.token_bytes(32)
                self.permissions = given[9] if command == 0x09 else 0xFF
                return {2: protocol.encrypt(shared, self.token)}
        raise Failed(ERR.INVALID_COMMAND)

    def _shared(self, protocol: Any, peer: dict[int, Any]) -> bytes:
        x, y = (int.from_bytes(peer[one], "big") for one in (-2, -3))
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        return protocol.kdf(self._agreement.exchange(ec.ECDH(), public))

    def _check(self, protocol: PinProtocol, key: bytes, message: bytes, given: bytes) -> None:
        if not hmac.compare_digest(protocol.authenticate(key, message), given):
            raise Failed(ERR.PIN_AUTH_INVALID)

    def _take(self, padded: bytes) -> None:
        pin = padded.rstrip(b"\x00").decode()
        if len(pin) < self.min_pin_length:
            raise Failed(ERR.PIN_POLICY_VIOLATION)
        self.pin, self.pin_tries, self.in_a_row = pin, PIN_TRIES, 0

    def _compare(self, digest: bytes) -> None:
        if self.pin is None:
            raise Failed(ERR.PIN_NOT_SET)
        if self.pin_tries == 0:
            raise Failed(ERR.PIN_BLOCKED)
        if self.in_a_row == TRIES_IN_A_ROW:
            raise Failed(ERR.PIN_AUTH_BLOCKED)
        if digest != hashlib.sha256(self.pin.encode()).digest()[:16]:
            self.pin_tries -= 1
            self.in_a_row += 1
            if self.pin_tries == 0:
                raise Failed(ERR.PIN_BLOCKED)
            if self.in_a_row == TRIES_IN_A_ROW:
                raise Failed(ERR.PIN_AUTH_BLOCKED)
            raise Failed(ERR.PIN_INVALID)
        self.pin_tries, self.in_a_row = PIN_TRIES, 0

    def _authorised(self, given: bytes | None, number: int | None, message: bytes) -> bool:
        if given is None or number is None:
            return False
        self._check(PROTOCOLS[number], self.token, message, given)
        return True

    def _touch(self, on_keepalive: Any) -> None:
        if on_keepalive:
            on_keepalive(STATUS.UPNEEDED)
        match self.touches.pop(0) if self.touches else "":
            case "late":
                raise Failed(ERR.USER_ACTION_TIMEOUT)
            case "denied":
                raise Failed(ERR.OPERATION_DENIED)
            case "removed":
                self.gone = True
                raise OSError(5, "Input/output error")
            case "interrupted":
                raise KeyboardInterrupt

    def _make(self, given: dict[int, Any], on_keepalive: Any) -> dict[int, Any]:
        verified = self._authorised(given.get(8), given.get(9), given[1])
        if not verified and self.pin is not None:
            raise Failed(ERR.PUAT_REQUIRED)
        rp_id = given[2]["id"]
        excluded = {one["id"] for one in given.get(5) or ()}
        self._touch(on_keepalive)
        if any(one.id in excluded and one.rp_id == rp_id for one in self.kept):
            raise Failed(ERR.CREDENTIAL_EXCLUDED)
        if any(len(given[3].get(name, "").encode()) > 64 for name in ("name", "displayName")):
            raise Failed(ERR.INVALID_LENGTH)
        if self.remaining == 0 or self.manages == 0:
            raise Failed(ERR.KEY_STORE_FULL)
        if not any(one["alg"] == -7 for one in given[4]):
            raise Failed(ERR.UNSUPPORTED_ALGORITHM)
        made = Kept(
            secrets.token_bytes(32), rp_id, given[3], ec.generate_private_key(ec.SECP256R1())
        )
        self.kept.append(made)
        outputs = {
            name: value for name, value in (given.get(6) or {}).items() if name in self.extensions
        }
        data = self._data(made, verified=verified, attested=True, outputs=outputs)
        signature = self.maker.leaf.key.sign(data + given[1], ec.ECDSA(hashes.SHA256()))
        return {
            1: "packed",
            2: data,
            3: {"alg": -7, "sig": signature, "x5c": [self.maker.leaf.der]},
        }

    def _get(self, given: dict[int, Any]) -> dict[int, Any]:
        self._authorised(given.get(6), given.get(7), given[2])
        asked = {one["id"] for one in given.get(3) or ()}
        found = [one for one in self.kept if one.rp_id == given[1] and one.id in asked]
        if not found:
            raise Failed(ERR.NO_CREDENTIALS)
        data = self._data(found[0], verified=True)
        signature = found[0].private.sign(data + given[2], ec.ECDSA(hashes.SHA256()))
        return {1: {"id": found[0].id, "type": "public-key"}, 2: data, 3: signature}

    def _data(
        self,
        one: Kept,
        *,
        verified: bool,
        attested: bool = False,
        outputs: dict[str, Any] | None = None,
    ) -> bytes:
        self.counter += 1
        flags = 1 | verified << 2 | attested << 6 | bool(outputs) << 7
        data = hashlib.sha256(one.rp_id.encode()).digest()
        data += bytes([flags]) + self.counter.to_bytes(4, "big")
        if attested:
            numbers = one.private.public_key().public_numbers()
            x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
            data += self.maker.aaguid.bytes + len(one.id).to_bytes(2, "big") + one.id
            data += cbor.encode({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        return data + (cbor.encode(outputs) if outputs else b"")

    def _manage(self, given: dict[int, Any]) -> dict[int, Any]:
        if not self.permissions & 0x04:
            raise Failed(ERR.PIN_AUTH_INVALID)
        self._authorised(given.get(4), given.get(3), bytes([given[1]]))
        return {1: len(self.kept), 2: self.manages}

    def _configure(self, given: dict[int, Any]) -> dict[int, Any]:
        if not self.permissions & 0x20:
            raise Failed(ERR.PIN_AUTH_INVALID)
        message = b"\xff" * 32 + b"\x0d" + bytes([given[1]]) + cbor.encode(given[2])
        self._authorised(given.get(4), given.get(3), message)
        self.min_pin_length = given[2].get(1, self.min_pin_length)
        self.force_pin_change = bool(given[2].get(3)) or len(self.pin or "") < self.min_pin_length
        return {}

    def _reset(self) -> dict[int, Any]:
        self.kept.clear()
        self.pin, self.pin_tries, self.in_a_row = None, PIN_TRIES, 0
        return {}
