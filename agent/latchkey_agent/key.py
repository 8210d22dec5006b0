"""One security key: what it says of itself, and whether it can hold the passkey at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fido2.ctap import CtapDevice, CtapError
from fido2.ctap2.base import Ctap2, Info
from fido2.ctap2.config import Config
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.pin import ClientPin

from latchkey_agent.stop import Exit, Stop

WARN_AT = 3
"""PIN tries left at which the person is warned."""


@dataclass(frozen=True)
class Key:
    """A key or card that speaks CTAP 2."""

    device: CtapDevice
    name: str
    """What its connection calls it: the USB product, or the reader."""
    transport: str
    ctap: Ctap2

    @property
    def info(self) -> Info:
        """What it said last of itself (authenticatorGetInfo)."""
        return self.ctap.info

    @property
    def aaguid(self) -> UUID:
        """Its model."""
        return UUID(bytes=bytes(self.info.aaguid))

    @property
    def has_pin(self) -> bool:
        """Whether a PIN is set on it."""
        return self.info.options.get("clientPin") is True

    @property
    def verifies_by_itself(self) -> bool:
        """Whether it reads a fingerprint that is enrolled on it."""
        return self.info.options.get("uv") is True

    @property
    def manages(self) -> bool:
        """Whether it tells, for its PIN, how many passkeys still fit on it."""
        return bool(CredentialManagement.is_supported(self.info))

    @property
    def takes_pin_rules(self) -> bool:
        """Whether a minimum length of its PIN, and a change of it, can be demanded of it."""
        return bool(Config.is_supported(self.info)) and bool(
            self.info.options.get("setMinPINLength")
        )

    @property
    def transports(self) -> list[str]:
        """How it can be reached, for WebAuthn's `transports`: as it says, else as far as is known.
        A reader does not tell whether it reads by contact.
        """
        known = ["usb"] if self.transport == "usb" else ["nfc", "smart-card"]
        return list(self.info.transports) or known

    def renewed(self) -> Key:
        """The same key, asked anew what it is."""
        return Key(self.device, self.name, self.transport, Ctap2(self.device))


def examine(device: CtapDevice, name: str, transport: str) -> Key | None:
    """The key behind a connection; None for one that speaks only CTAP 1 (U2F)."""
    try:
        return Key(device, name, transport, Ctap2(device))
    except (ValueError, CtapError):
        return None


def retries(key: Key) -> int | None:
    """How many PIN tries are left; None where no PIN is set or the key has none."""
    if not key.has_pin:
        return None
    left, _ = ClientPin(key.ctap).get_pin_retries()
    return int(left)


def check(key: Key) -> None:
    """Make sure that the key can hold the passkey, by what it tells without a PIN.

    Raises:
        Stop: `key_keeps_none`, `key_without_pin`, `key_full`, `pin_blocked`.
    """
    if not key.info.options.get("rk"):
        raise Stop(
            Exit.UNSUITABLE,
            "key_keeps_none",
            "This key cannot keep passkeys (it has no resident keys). Use another one.",
        )
    if "clientPin" not in key.info.options and not key.verifies_by_itself:
        raise Stop(
            Exit.UNSUITABLE,
            "key_without_pin",
            "This key knows neither PIN nor fingerprint, so it cannot say who holds it. "
            "Use another one.",
        )
    if key.info.remaining_disc_creds == 0:
        raise full()
    if retries(key) == 0:
        raise blocked()


def full() -> Stop:
    """No passkey fits on the key any more."""
    return Stop(
        Exit.UNSUITABLE,
        "key_full",
        "No passkey fits on this key any more. Delete one that is not needed with the tool of "
        "its manufacturer, or use another key.",
    )


def blocked() -> Stop:
    """The key takes no PIN any more."""
    return Stop(
        Exit.PIN,
        "pin_blocked",
        "The PIN of this key is blocked after too many wrong tries. Only a reset, which deletes "
        "everything on it, makes it usable again (some manufacturers can also unblock it). "
        "Ask your administrator before you do.",
    )


def story(key: Key) -> dict[str, Any]:
    """What there is to tell of a key, as JSON values."""
    info = key.info
    return {
        "name": key.name,
        "transport": key.transport,
        "aaguid": str(key.aaguid),
        "versions": list(info.versions),
        "keeps_passkeys": bool(info.options.get("rk")),
        "room_for": info.remaining_disc_creds,
        "pin": "set" if key.has_pin else ("none" if "clientPin" in info.options else "unknown"),
        "pin_tries": retries(key),
        "pin_change_demanded": bool(info.force_pin_change),
        "min_pin_length": info.min_pin_length,
        "hmac_secret": "hmac-secret" in info.extensions,
    }
