"""What templates may call: icons, and how moments, numbers and states are written.

Everything here is pure: it takes a value and gives text or markup. `register(app)` makes it known
to Jinja.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask
from markupsafe import Markup

STATIC = Path(__file__).parent.parent / "static"
ICONS = STATIC / "vendor" / "lucide"
ICON_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SHAPES = re.compile(r"<!--.*?-->|</?svg\b[^>]*>", re.DOTALL)
"""What is not a shape: app.css draws every icon in one way, so their own frames are dropped."""

MEANINGS = ("good", "waiting", "attention", "failed", "neutral")
"""What a state can mean to the reader. Each has an icon of its own shape and a colour."""

MEANING_ICONS = {
    "good": "circle-check",
    "waiting": "clock-3",
    "attention": "triangle-alert",
    "failed": "octagon-x",
    "neutral": "circle-dashed",
    "info": "info",
}

STATE_MEANINGS = {
    # where a passkey stands in a directory
    "ready": "good",
    "on its way": "waiting",
    "held": "failed",
    "needs a new touch": "attention",
    "being removed": "waiting",
    "removed": "neutral",
    # one check of a connection test
    "passed": "good",
    "failed": "failed",
    "unknown": "attention",
    # deliveries
    "waiting": "waiting",
    "running": "waiting",
    "done": "good",
    "needs_touch": "attention",
    "dropped": "neutral",
}

NAV_ICONS = {
    "Overview": "layout-dashboard",
    "People": "users",
    "Groups": "group",
    "Passkeys": "key-round",
    "Provisioning": "send",
    "Directories": "network",
    "Policies": "shield-check",
    "Models": "cpu",
    "Deliveries": "truck",
    "Roles": "user-cog",
    "Audit": "history",
    "Settings": "settings",
}
"""The icon beside each entry of the side navigation."""

FLASH_MEANINGS = {
    "success": ("good", "Done"),
    "info": ("info", "Note"),
    "warning": ("attention", "Warning"),
    "error": ("failed", "Error"),
    "message": ("info", "Note"),
}


@lru_cache(maxsize=128)
def icon(name: str) -> Markup:
    """An icon as inline SVG, hidden from screen readers: a word always stands beside it.

    Args:
        name: the file's name in `static/vendor/lucide`, without its ending.

    Raises:
        LookupError: when there is no such icon.
    """
    path = ICONS / f"{name}.svg"
    if not ICON_NAME.fullmatch(name) or not path.is_file():
        raise LookupError(f"there is no icon {name!r}")
    drawing = SHAPES.sub("", path.read_text(encoding="utf-8"))
    shapes = " ".join(drawing.split())
    frame = '<svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">'
    return Markup(f"{frame}{shapes}</svg>")  # noqa: S704 -- a vendored file, by a checked name


@lru_cache(maxsize=1)
def wordmark() -> Markup:
    """The project's name as a drawing, in the colour of the text around it."""
    drawing = (STATIC / "img" / "wordmark.svg").read_text(encoding="utf-8")
    return Markup(" ".join(drawing.split()))  # noqa: S704 -- our own file


def exact(moment: datetime) -> str:
    """A moment in full, as "3 November 2026, 14:05 UTC"."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def day(moment: datetime) -> str:
    """The day of a moment, as "3 November 2026"."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y}"


def calendar_day(day: date) -> str:
    """A day of the calendar, as "3 November 2026"."""
    return f"{day.day} {day:%B %Y}"


def iso(moment: datetime) -> str:
    """A moment for machines, as "2026-11-03T14:05:09Z"."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def number(value: int) -> str:
    """A whole number with thin spaces between thousands, as "12 345"."""
    return f"{value:,}".replace(",", "\u202f")


def base64url(data: bytes) -> str:
    """Bytes as WebAuthn's JSON writes them: base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def meaning_of(state: Any) -> str:
    """What a state's word means; "neutral" for a word that has no meaning of its own."""
    return STATE_MEANINGS.get(str(state), "neutral")


def register(app: Flask) -> None:
    """Make the helpers known to the templates of `app`, and keep blank lines out of its pages."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        exact=exact,
        day=day,
        calendar_day=calendar_day,
        iso=iso,
        number=number,
        meaning_of=meaning_of,
        base64url=base64url,
    )
    app.jinja_env.globals.update(
        icon=icon,
        wordmark=wordmark,
        MEANING_ICONS=MEANING_ICONS,
        NAV_ICONS=NAV_ICONS,
        FLASH_MEANINGS=FLASH_MEANINGS,
    )
