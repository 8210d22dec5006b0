"""How often one visitor may ask: one table, for every open endpoint and every ceremony.

A stranger counts by network address, whoever is signed in by account: so nobody can use up what
is somebody else's, not even from the same office. Nothing here counts by the account that a
stranger names; `services.sign_up` bounds how much mail strangers can send to one mailbox. The
numbers leave room for a whole office behind one address, all enrolling at once.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

from flask import Flask, current_app, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.access import ACCESS, Door
from blueprints.context import portal
from blueprints.errors import SENTENCES, answer
from config import Settings
from services.limits import SCHEME

REDIS_SECONDS = 3
"""How long a request may wait for a Redis that does not answer."""
IPV6_PREFIX = 64
"""One customer has at least this network (RFC 6177), and may use any address in it."""


@dataclass(frozen=True)
class Rate:
    """How often one endpoint may be asked, as the `limits` library writes it."""

    address: str
    """By all strangers at one address together."""
    account: str
    """By one person who is signed in."""


PAGE = Rate(address="600/minute", account="300/minute")
"""Every open page that the table does not name."""
POLLED = Rate(address="3000/minute", account="300/minute")
"""A part of a page that each browser asks for every two seconds."""
CEREMONY = Rate(address="600/minute", account="60/minute")
LINK = Rate(address="300/minute", account="60/minute")
MAILED = Rate(address="60/hour", account="10/hour")
"""What sends mail to whoever is named, and with each mail gives five guesses at a code."""
REMOTE = Rate(address="60/minute", account="20/minute")
"""What makes calls to a directory."""
BROWSING = Rate(address="120/minute", account="60/minute")
"""What makes a call or two to a directory, and is leafed through."""
IN_BULK = Rate(address="20/minute", account="10/minute")
"""What makes two calls to a directory for each of some twenty people."""

LIMITS: dict[str, Rate] = {
    "ceremonies.options": CEREMONY,
    "ceremonies.cancel": CEREMONY,
    "sign_in.index": CEREMONY,
    "links.show": LINK,
    "links.exchange": LINK,
    "setup.index": LINK,
    "sign_up.ask": MAILED,
    "sign_up.code": LINK,
    "sign_up.name": LINK,
    "enrol.index": CEREMONY,
    "enrol.hand_over": CEREMONY,
    "enrol.placements": POLLED,
    "enrol.agent": POLLED,
    "components.placements": POLLED,
    "agent.show": LINK,
    "agent.look": LINK,
    "agent.exchange": LINK,
    "agent.options": CEREMONY,
    "agent.answer": CEREMONY,
    "agent.cancel": CEREMONY,
    "agent.state": POLLED,
    "passkeys.new": CEREMONY,
    "passkeys.hand_over": CEREMONY,
    "passkeys.remove": CEREMONY,
    "people.end_passkey": CEREMONY,
    "deliveries.make_room": CEREMONY,
    "policies.save": CEREMONY,
    "policies.save_group": CEREMONY,
    "policies.take_away": CEREMONY,
    "directories.delete": CEREMONY,
    "requests.delete": CEREMONY,
    "requests.directory": BROWSING,
    "requests.desk": CEREMONY,
    "requests.desk_hand_over": CEREMONY,
    "people.end": CEREMONY,
    "directory_people.index": BROWSING,
    "directory_people.groups": BROWSING,
    "directory_people.counts": BROWSING,
    "groups.take": BROWSING,
    "directory_people.link": BROWSING,
    "directory_people.invite": BROWSING,
    "directory_people.pairs": IN_BULK,
    "directory_people.list_methods": REMOTE,
    "directory_people.remove_method": REMOTE,
    "directory_people.sign_out": REMOTE,
    "directory_people.temporary_pass": REMOTE,
    "proof.options": REMOTE,
    "proof.run": REMOTE,
}
UNLIMITED = frozenset({"static", "icons.show"})
"""Pictures and files: they come from memory or disk, and counting would cost more than serving."""


def rate(endpoint: str | None) -> Rate | None:
    """The rate of an endpoint; None where only those who are let in can ask."""
    if endpoint is None or endpoint in UNLIMITED:
        return None
    return LIMITS.get(endpoint) or (PAGE if ACCESS.get(endpoint) is Door.PUBLIC else None)


def _allowed() -> str:
    found = rate(request.endpoint)
    if found is None:
        return ""
    return found.account if current_user.is_authenticated else found.address


def _asker() -> str:
    if current_user.is_authenticated:
        return f"person {current_user.person.id}"
    return f"address {network(request.remote_addr or '')}"


def network(address: str) -> str:
    """What counts as one stranger: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a server on a Unix socket knows no address
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), IPV6_PREFIX), strict=False))
    return str(found)


def _refuse(limiter: Limiter, _error: RateLimitExceeded) -> Response:
    """The 429, with the time after which it is worth trying again."""
    limit = limiter.current_limit
    ends = limit.reset_at if limit else portal().now().timestamp()
    seconds = max(1, ceil(ends - portal().now().timestamp()))
    title, _ = SENTENCES[429]
    sentence = f"Wait {seconds} seconds, then try again. Nothing is lost."
    response = current_app.make_response(answer(429, "http_429", title, sentence))
    response.headers["Retry-After"] = str(seconds)
    return response


def storage(settings: Settings) -> tuple[str, dict[str, Any]]:
    """Where web processes count together: Redis where the settings name it, else the database.

    Returns:
        The address and the options that the `limits` library makes its storage from.
    """
    queue = settings.queue_url.get_secret_value()
    if not queue:
        return f"{SCHEME}://", {"portal": portal}
    # The redis client writes a socket's address as unix://, the limits library as redis+unix://.
    address = f"redis+{queue}" if queue.startswith("unix://") else queue
    return address, {"socket_connect_timeout": REDIS_SECONDS, "socket_timeout": REDIS_SECONDS}


def init_app(app: Flask) -> None:
    """Count before every request. Call it after the guard, and before forms are looked at."""
    address, options = storage(app.config["LATCHKEY"])
    limiter = Limiter(
        _asker,
        default_limits=[_allowed],
        storage_uri=address,
        storage_options=options,
        strategy="fixed-window",
        headers_enabled=False,
        # Without its Redis each process counts for itself; the database serves the page as well.
        in_memory_fallback_enabled=not address.startswith(SCHEME),
    )
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, partial(_refuse, limiter))
