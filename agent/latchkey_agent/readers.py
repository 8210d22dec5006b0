"""Finding keys and cards: USB, and readers of both kinds, for contact and for NFC.

What could not be looked at is told, because "no key found" is otherwise a riddle: no reader
support installed, its service not running, or a USB device that this account may not open.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from fido2.ctap import CtapDevice, CtapError
from fido2.hid import CtapHidDevice, list_descriptors, open_connection
from fido2.hid.base import HidDescriptor

from latchkey_agent.connection import broke
from latchkey_agent.key import Key, examine

USB, READER = "usb", "reader"


class NoReaders(Exception):
    """Card readers cannot be looked at; the text says why."""


Opener = Callable[[], CtapDevice]


class Lister(Protocol):
    """Lists the devices behind one kind of connection: what each is called, and what opens it."""

    def __call__(self) -> Iterable[tuple[str, Opener]]:
        """The devices that are there now."""


@dataclass(frozen=True)
class Found:
    """What was found, and what could not be looked at."""

    keys: tuple[Key, ...]
    notes: tuple[str, ...]


def usb() -> Iterator[tuple[str, Opener]]:
    """Keys on USB."""
    for found in list_descriptors():  # type: ignore[no-untyped-call]
        name = found.product_name or "USB security key"
        yield name, partial(_open, found)


def readers() -> Iterator[tuple[str, Opener]]:
    """Cards and keys in or on readers.

    Raises:
        NoReaders: when the support for them is not installed, or its service does not run.
    """
    try:
        from fido2.pcsc import CtapPcscDevice
        from smartcard.Exceptions import SmartcardException
        from smartcard.pcsc.PCSCExceptions import BaseSCardException
    except ImportError:
        raise NoReaders(
            "Card readers were not looked at: their support is not installed. "
            "Install the agent again with its extra pcsc, as in './agent[pcsc]'."
        ) from None
    try:
        for device in CtapPcscDevice.list_devices():
            name = repr(device).removeprefix("CtapPcscDevice(").removesuffix(")")
            yield name, partial(_opened, device)
    except (SmartcardException, BaseSCardException):
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
            for name, opened in lister():
                try:
                    key = examine(opened(), name, transport)
                except Exception as error:
                    if not isinstance(error, CtapError) and not broke(error):
                        raise
                    notes.append(f"{name} did not answer ({type(error).__name__}).")
                    continue
                if key is None:
                    notes.append(f"{name} is no FIDO2 key (CTAP 2): it is left aside.")
                else:
                    keys.append(key)
        except NoReaders as reason:
            notes.append(str(reason))
        except OSError as error:
            notes.append(f"Keys on {transport} could not be listed ({type(error).__name__}).")
    closed = (unopened or _unopened)()
    if closed:
        notes.append(
            f"{closed} USB devices may not be opened by this account. If your key is one of them, "
            "a udev rule for security keys is missing: see docs/desk-agent.md."
        )
    return Found(tuple(keys), tuple(notes))


def _open(found: HidDescriptor) -> CtapDevice:
    return CtapHidDevice(found, open_connection(found))  # type: ignore[no-untyped-call]


def _opened(device: CtapDevice) -> CtapDevice:
    """One that its library opened when it listed it."""
    return device


def _unopened() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    return sum(not os.access(path, os.R_OK | os.W_OK) for path in Path("/dev").glob("hidraw*"))
