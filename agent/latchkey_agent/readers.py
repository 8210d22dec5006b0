"""Finding keys and cards: USB, and readers of both kinds, for contact and for NFC.

What could not be looked at is told, because "no key found" is otherwise a riddle: no reader
support installed, its service not running, or a USB device that this account may not open.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fido2.ctap import CtapDevice, CtapError
from fido2.hid import CtapHidDevice

from latchkey_agent.key import Key, examine

USB, READER = "usb", "reader"


class NoReaders(Exception):
    """Card readers cannot be looked at; the text says why."""


class Lister(Protocol):
    """Lists the devices behind one kind of connection, with what each is called."""

    def __call__(self) -> Iterable[tuple[str, CtapDevice]]:
        """The devices that are there now."""


@dataclass(frozen=True)
class Found:
    """What was found, and what could not be looked at."""

    keys: tuple[Key, ...]
    notes: tuple[str, ...]


def usb() -> Iterator[tuple[str, CtapDevice]]:
    """Keys on USB."""
    for device in CtapHidDevice.list_devices():
        yield device.product_name or "USB security key", device


def readers() -> Iterator[tuple[str, CtapDevice]]:
    """Cards and keys in or on readers.

    Raises:
        NoReaders: when the support for them is not installed, or its service does not run.
    """
    try:
        from fido2.pcsc import CtapPcscDevice
        from smartcard.pcsc.PCSCExceptions import EstablishContextException, ListReadersException
    except ImportError:
        raise NoReaders(
            "Card readers were not looked at: their support is not installed. "
            "Install it with: pip install 'latchkey-agent[pcsc]'"
        ) from None
    try:
        for device in CtapPcscDevice.list_devices():
            yield repr(device).removeprefix("CtapPcscDevice(").removesuffix(")"), device
    except (EstablishContextException, ListReadersException):
        raise NoReaders(
            "Card readers were not looked at: the smart card service does not run. "
            "On Linux, install and start pcscd; on Windows, start the service Smart Card."
        ) from None


LISTERS: tuple[tuple[str, Lister], ...] = ((USB, usb), (READER, readers))


def find(
    listers: Iterable[tuple[str, Lister]] = LISTERS,
    *,
    unopened: Callable[[], int] | None = None,
) -> Found:
    """Look everywhere for keys.

    Args:
        listers: how each kind of connection is looked at.
        unopened: how many USB devices this account may not open.
    """
    keys: list[Key] = []
    notes: list[str] = []
    for transport, lister in listers:
        try:
            for name, device in lister():
                key = examine(device, name, transport)
                if key is None:
                    notes.append(f"{name} is no FIDO2 key (CTAP 2): it is left aside.")
                else:
                    keys.append(key)
        except NoReaders as reason:
            notes.append(str(reason))
        except (OSError, CtapError, ValueError) as error:
            notes.append(f"Something on {transport} did not answer ({type(error).__name__}).")
    closed = (unopened or _unopened)()
    if closed:
        notes.append(
            f"{closed} USB devices may not be opened by this account. If your key is one of them, "
            "a udev rule for security keys is missing: see docs/desk-agent.md."
        )
    return Found(tuple(keys), tuple(notes))


def _unopened() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    return sum(not os.access(path, os.R_OK | os.W_OK) for path in Path("/dev").glob("hidraw*"))
