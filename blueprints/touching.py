"""What pages say of a touch: what it is for, and in which ways it can be made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blueprints.context import portal
from blueprints.handing_over import Handed
from directories.base import Way
from models import DirectoryType
from services.attestation.metadata import Model
from services.ceremonies import Purpose
from services.touches import Touch

VENDORS = {DirectoryType.ENTRA: "Microsoft", DirectoryType.PINGONE: "PingOne"}
"""Whom a browser's dialog names, where a directory has a relying party ID of its own."""


@dataclass(frozen=True)
class TouchPage:
    """One touch, on the page that makes it (`enrol/_ways.html`)."""

    touch: Touch
    purpose: Purpose
    subject: str
    action: str
    """Where the browser's answer goes."""
    field: str
    """The name under which forms send the subject."""
    hand_over: str
    """Where a command for the desk agent is asked for."""
    handed: Handed | None
    """What was handed to the agent already."""
    state: str
    """Where the agent's progress is told."""
    going_on: str
    """Where a person goes on once the agent is done."""
    button: str = "Enrol a key"
    whose: str = "your"
    """Which key is to be inserted, as "your" or "Grace Hopper’s"."""
    excluded: str = ""
    """What it means that a key refuses because of one that is on it; empty for the usual."""
    labelled: bool = False
    """Whether whoever makes the touch may say what the key is called."""
    without: str = ""
    """Where a key for this portal alone is chosen; empty while it is not offered."""

    @property
    def title(self) -> str:
        """As "Key for Acme and PingOne"."""
        return title(self.touch)

    @property
    def vendor(self) -> str:
        """Whom the browser's dialog names; empty where that is us."""
        return vendor(self.touch)


@dataclass(frozen=True)
class Readable:
    """The allowed models by how they are read: keys that are plugged in, which every browser can
    ask, and cards, which need a reader.
    """

    keys: tuple[Model, ...]
    cards: tuple[Model, ...]


def readable(models: Iterable[Model]) -> Readable:
    """Sort models by how they are read. What metadata does not tell counts as plugged in."""
    listed = tuple(models)
    cards = tuple(one for one in listed if one.transports and "usb" not in one.transports)
    return Readable(keys=tuple(one for one in listed if one not in cards), cards=cards)


def title(touch: Touch) -> str:
    """As "Key for Acme and PingOne"."""
    own = () if touch.way is Way.FOREIGN else (portal().settings.rp_name,)
    return f"Key for {together((*own, *touch.opens))}"


def vendor(touch: Touch) -> str:
    """Whom the browser's dialog names; empty where that is us."""
    if touch.in_page or touch.directory is None:
        return ""
    return VENDORS.get(touch.directory.type, touch.directory.name)


def together(names: Sequence[str]) -> str:
    """Names as a sentence has them: "A, B and C"."""
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last
