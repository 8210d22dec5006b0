"""An emulator as a program of its own."""

from __future__ import annotations

import signal
import sys
import threading


def stop_signal() -> threading.Event:
    """An event that SIGINT or SIGTERM sets, from here on."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def say(line: str) -> None:
    """One line on standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
