"""The address that a person is given: a page's command, or an enrolment link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from latchkey_agent.stop import Exit, Stop

LOCAL = ("localhost", "127.0.0.1", "::1")
PATH = re.compile(r"/(agent|links)/([A-Za-z0-9_-]{20,200})/?")


@dataclass(frozen=True)
class Link:
    """A portal, and a token that it trades once."""

    portal: str
    """Its origin: scheme, host and port."""
    kind: str
    """`agent` for the command of a page, `links` for an enrolment link."""
    token: str

    @property
    def host(self) -> str:
        """The portal's host, as a person reads it."""
        return urlsplit(self.portal).netloc


def parse(text: str) -> Link:
    """Read an address.

    Raises:
        Stop: `address_wrong`, or `address_insecure` for plain http to another machine: whoever
            sits in between would get the token.
    """
    parts = urlsplit(text.strip())
    found = PATH.fullmatch(parts.path)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if found is None or not host or parts.username is not None:
        raise Stop(
            Exit.USAGE,
            "address_wrong",
            "That is not an address of a portal. Copy all of it, from https:// to the end.",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _local(host)):
        raise Stop(
            Exit.USAGE,
            "address_insecure",
            "That address is not secure. It must begin with https://.",
        )
    name = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{name}" + (f":{port}" if port else "")
    return Link(origin, found.group(1), found.group(2))


def _local(host: str) -> bool:
    return host in LOCAL or host.endswith(".localhost")
