"""Where outgoing calls may go: https at public addresses, and the places a deployment allows.

A directory's address is typed into a web form, so it is not trusted: without these rules it could
reach the machine's own services, its neighbours, or a cloud's metadata address. The address is
judged when the connection is made (`directories.transport`), on what the name resolved to, so a
name that changes its answer between check and use gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SocketAddress = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family, and what `socket.connect` takes in it."""

_LOCAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
    )
)
"""What a host named in the settings may resolve to. Link-local is left out on purpose: clouds keep
their metadata service there, and a name must never lead to it. A network in the settings may."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""RFC 4291 section 2.4. IPv4-mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96) and translated forms
lie outside, so none of them can carry a private IPv4 address past the rules."""

_CARRIES_IPV4 = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))
"""6to4 (RFC 3056) and Teredo (RFC 4380): global unicast, with an IPv4 address inside."""


@dataclass(frozen=True)
class Destinations:
    """The rules of one deployment. Without entries only https at public addresses passes."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Destinations:
        """Read the `private_destinations` setting: host names, addresses and networks."""
        hosts: set[str] = set()
        networks: list[Network] = []
        for entry in entries:
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError:
                hosts.add(plain_host(entry))
        return cls(frozenset(hosts), tuple(networks))

    def admits(self, host: str, address: Address, *, plain: bool) -> bool:
        """Whether a connection to `host` may be made to `address`.

        Args:
            host: the name in the URL.
            address: what it resolved to.
            plain: whether it is http, without TLS.
        """
        if any(address in network for network in self.networks):
            return True
        if plain_host(host) in self.hosts and any(address in network for network in _LOCAL):
            return True
        return not plain and is_public(address)

    def url_problem(self, url: str) -> str:
        """What is wrong with an address as typed, as a sentence; empty when nothing is.

        It does not resolve the name: a name that is fine here may still be refused at connect.
        """
        if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in url):
            return "An address has no spaces or control characters."
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "This is not a web address."
        if parts.scheme not in ("https", "http") or not host or port == 0 or "\\" in url:
            return "Give an address that begins with https://, such as https://ory.example.com."
        if "@" in parts.netloc:
            return "Leave user name and password out of the address."
        if "#" in url:
            return "Leave the part after # out of the address."
        if parts.scheme == "http" and not self._may_be_plain(host):
            return (
                "Plain http is allowed only to the private hosts and networks that the "
                "deployment names. Use https."
            )
        literal = _literal(host)
        if literal is not None and not self.admits(host, literal, plain=parts.scheme == "http"):
            return "This address is not public, and the deployment does not allow it."
        return ""

    def _may_be_plain(self, host: str) -> bool:
        literal = _literal(host)
        if literal is None:
            return plain_host(host) in self.hosts or bool(self.networks)
        return self.admits(host, literal, plain=True)


def is_public(address: Address) -> bool:
    """Whether an address is global unicast, with no IPv4 address hidden inside."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address not in _GLOBAL_UNICAST or any(address in network for network in _CARRIES_IPV4)
    ):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def plain_host(host: str) -> str:
    """A host name in the one form that is compared: lower case, no brackets, no final dot."""
    return host.strip().strip("[]").rstrip(".").lower()


def resolve(host: str, port: int) -> list[tuple[Address, SocketAddress]]:
    """Every address a name has now, each with what `socket.connect` takes.

    Raises:
        socket.gaierror: when the name has none.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return [
        (ipaddress.ip_address(to[0]), (family, tuple(to)))
        for family, _, _, _, to in found
        if family in (socket.AF_INET, socket.AF_INET6)
    ]


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
