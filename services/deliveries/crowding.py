"""Keys that leave another no room in a directory: removed only as they were when somebody looked.

The delivery's cause holds a digest of them, so that the worker, which may come to it much later,
removes nothing that nobody decided about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from directories.base import RemotePasskey
from services import audit

REPLACING = audit.Tag.DELIVERY_REPLACING.value


def seen(keys: Sequence[RemotePasskey]) -> str:
    """What keys are told from others by, as a page and a delivery remember them."""
    ids = sorted(key.remote_id for key in keys)
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]


def cause(keys: Sequence[RemotePasskey]) -> str:
    """The cause of a delivery by which an operator has these make room for a passkey."""
    return f"{REPLACING}:{seen(keys)}"


def decided(cause: str) -> str | None:
    """What `seen` gave for the keys that an operator decided about; None where nobody did."""
    word, _, digest = cause.partition(":")
    return digest if word == REPLACING else None
