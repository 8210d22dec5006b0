"""How long a delivery waits before it is tried again."""

from __future__ import annotations

import random
from datetime import timedelta

FIRST = 4.0
"""Seconds that the first pause is at most; it doubles with every attempt."""
LONGEST = 30 * 60.0
"""Seconds that a pause is at most, however often it failed."""
LONGEST_IN_TURN = 30.0
"""Seconds that the pause is at most where a directory said only "too many requests": its windows
are short, and whoever waits their turn did not fail (Ory contract section 7)."""
SHORTEST = 1.0
SOON = timedelta(seconds=SHORTEST)
"""The pause at least, where what is to be done cannot wait longer."""
HONOURED = 24 * 3600.0
"""Seconds that a directory may make us wait; one that names more is asked again after a day."""
SPREAD = 0.1

_random = random.SystemRandom()


def after_failure(
    attempts: int, retry_after: float | None = None, *, longest: float = LONGEST
) -> timedelta:
    """The pause after the `attempts`-th try.

    Without a word from the directory it grows exponentially, capped, and is drawn from the whole
    range ("full jitter"), so that what failed together does not come back together. What the
    directory names is never undercut, only spread a little.
    """
    if retry_after is not None:
        named = min(max(retry_after, 0.0), HONOURED)
        return timedelta(seconds=named + _random.uniform(0.0, SHORTEST + named * SPREAD))
    ceiling = min(longest, FIRST * 2.0 ** min(attempts - 1, 30))
    return timedelta(seconds=_random.uniform(SHORTEST, ceiling))


def for_lock() -> timedelta:
    """The pause before looking again whether a lock is free: a create takes about a second."""
    return timedelta(seconds=_random.uniform(1.0, 3.0))
