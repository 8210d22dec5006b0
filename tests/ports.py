"""Ports for servers that tests start in processes of their own.

The system's choice, port 0, comes from where outgoing connections get theirs: before the server
takes it, a connection of some other test may have it, and keeps it for a minute after its end,
though nobody listens there. These come from below that range.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOWEST = 10_240
OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
USUAL_FIRST_OUTGOING = 32_768
"""Where the system cannot be asked."""


def free_row(length: int = 1) -> int:
    """The first of that many ports in a row that can be listened at."""
    outgoing = int(OUTGOING.read_text().split()[0]) if OUTGOING.exists() else USUAL_FIRST_OUTGOING
    while True:
        first = random.randrange(LOWEST, outgoing - length)
        if _free(range(first, first + length)):
            return first


def listening(port: int) -> bool:
    """Whether somebody listens at a port."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _free(ports: Iterable[int]) -> bool:
    with ExitStack() as held:
        try:
            for port in ports:
                held.enter_context(socket.socket()).bind((LOOPBACK, port))
        except OSError:
            return False
    return True
