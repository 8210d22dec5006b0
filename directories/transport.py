"""Connections that are made only to the very address that was judged.

urllib3 resolves and connects in one step, `_new_conn`. These classes take that step apart: resolve,
ask `Destinations`, connect to the judged address itself. TLS still verifies the host name, because
the connection keeps it; only the socket is made elsewhere. Resolving a name is the one step that
Python cannot bound; the resolver's own time limits hold there.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from directories.base import Misconfigured
from directories.destinations import Destinations, SocketAddress, resolve


class Exchange:
    """One request and its answer, and the moment by which both must be over.

    Read timeouts bound the pause between two bytes, so an answer that drips never trips them.
    When the time is up, the connection is shut down under the reader, wherever it is.

    Args:
        total: seconds from now.
    """

    def __init__(self, total: float) -> None:
        self._ends = time.monotonic() + total
        self._timer = threading.Timer(total, self._end)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self.expired = False

    def __enter__(self) -> Exchange:
        self._token = _exchange.set(self)
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._let_go()
        _exchange.reset(self._token)

    @property
    def left(self) -> float:
        """Seconds until the end; never zero, which would mean "do not block" to a socket."""
        return max(self._ends - time.monotonic(), 0.001)

    def uses(self, connected: socket.socket) -> None:
        """Say which socket carries the exchange.

        A second handle on it is kept, because TLS takes the descriptor of a socket over when its
        handshake begins, and a reader may close it at any moment.
        """
        with self._lock:
            self._let_go()
            self._handle = socket.socket(fileno=os.dup(connected.fileno()))
            if self.expired:
                self._shut()

    def _end(self) -> None:
        with self._lock:
            self.expired = True
            self._shut()

    def _shut(self) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


_exchange: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


class CheckedConnection(HTTPConnection):
    """A connection that asks before it connects, and connects to what it asked about."""

    destinations = Destinations()

    def _new_conn(self) -> socket.socket:
        plain = not isinstance(self, HTTPSConnection)
        try:
            found = resolve(self._dns_host, self.port or self.default_port)
        except (socket.gaierror, UnicodeError) as error:
            failure = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, failure) from None
        admitted = [
            target
            for address, target in found
            if self.destinations.admits(self.host, address, plain=plain)
        ]
        if not admitted:
            raise Misconfigured(
                f"{self.host} is at an address that this deployment does not allow"
                + (" without https." if plain else "."),
                code="http.destination",
            )
        return self._connect_one_of(admitted)

    def _connect_one_of(self, targets: list[SocketAddress]) -> socket.socket:
        failure: OSError = OSError("no address")
        for target in targets:
            try:
                return self._connect(target)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out.") from failure
        raise NewConnectionError(self, f"No connection to {self.host}: {failure}") from failure

    def _connect(self, target: SocketAddress) -> socket.socket:
        family, address = target
        exchange = _exchange.get()
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in self.socket_options or ():
                made.setsockopt(*option)
            timeout = self.timeout if isinstance(self.timeout, int | float) else None
            if exchange is not None:
                timeout = exchange.left if timeout is None else min(timeout, exchange.left)
                exchange.uses(made)
            made.settimeout(timeout)
            made.connect(address)
        except BaseException:
            made.close()
            raise
        return made

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, on a kept-alive connection too, under the current exchange's end."""
        exchange = _exchange.get()
        if self.sock is None:
            self.connect()
        if exchange is not None and self.sock is not None:
            exchange.uses(self.sock)
        super().request(*args, **kwargs)


class CheckedTLSConnection(CheckedConnection, HTTPSConnection):
    """The same, with TLS on the original host name."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = CheckedConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = CheckedTLSConnection


class _Pools(PoolManager):
    """Makes pools whose connections carry the rules of one deployment."""

    def __init__(self, destinations: Destinations, **more: Any) -> None:
        super().__init__(**more)
        # A class for each set of rules: urllib3 hands no argument of ours down to a connection.
        rules = {"destinations": destinations}
        plain = type("RuledConnection", (CheckedConnection,), rules)
        secure = type("RuledTLSConnection", (CheckedTLSConnection,), rules)
        self.pool_classes_by_scheme = {
            "http": type("RuledPool", (_Pool,), {"ConnectionCls": plain}),
            "https": type("RuledTLSPool", (_TLSPool,), {"ConnectionCls": secure}),
        }


class CheckedAdapter(HTTPAdapter):
    """The requests adapter that makes only checked connections, and never retries."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations
        super().__init__(max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        """Give requests the checked pools (called by the base class)."""
        self.poolmanager = _Pools(
            self._destinations, num_pools=connections, maxsize=maxsize, block=block, **pool_kwargs
        )

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Refuse proxies: behind one, the address could not be judged."""
        raise Misconfigured(
            "Outgoing calls do not go through a proxy: the address could not be judged behind it.",
            code="http.proxy",
        )
