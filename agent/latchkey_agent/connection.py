"""What a connection to a key fails with, whichever kind it is."""

from __future__ import annotations

from fido2.hid import ConnectionFailure


def broke(error: Exception) -> bool:
    """Whether the connection failed: the key was taken away, is busy, or answers nonsense.

    The library for readers is not installed everywhere, so its exceptions are known by its name.
    """
    return isinstance(error, OSError | ConnectionFailure) or type(error).__module__.startswith(
        "smartcard."
    )
