"""When a connection's secret stops working, and how near that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from directories import registry
from directories.base import InvalidSettings
from models import Directory

AHEAD = (30, 7, 1)
"""How many days ahead an expiry is warned of, the furthest first."""


@dataclass(frozen=True)
class Expiry:
    """The last day of a secret, as seen from today."""

    on: date
    days: int
    """From today until then; less than none when it has passed."""

    @property
    def past(self) -> bool:
        """Whether the day has passed."""
        return self.days < 0

    @property
    def stage(self) -> int | None:
        """Which of `AHEAD` was reached last; None while it is further off."""
        return min((days for days in AHEAD if self.days <= days), default=None)

    @property
    def word(self) -> str:
        """How near it is, as in "expires in 12 days"."""
        if self.past:
            return "expired yesterday" if self.days == -1 else f"expired {-self.days} days ago"
        if self.days == 0:
            return "expires today"
        return "expires tomorrow" if self.days == 1 else f"expires in {self.days} days"


def of(directory: Directory, now: datetime) -> Expiry | None:
    """The expiry of a directory's secret; None where it has none, or nobody said."""
    if directory.sealed_secret is None:
        return None
    try:
        on = registry.expires_on(directory.type.value, directory.settings)
    except InvalidSettings:  # the connection test says so; a warning cannot
        on = None
    return None if on is None else Expiry(on, (on - now.date()).days)
