"""A server that says exactly what a test wants, byte for byte."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Script = Callable[[socket.socket], None]


@dataclass
class Raw:
    """Where it listens, and what it was sent: one entry for each request, head and body."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answer(
    status: str = "200 OK",
    body: bytes = b"{}",
    *,
    headers: tuple[str, ...] = (),
    kind: str = "application/json",
) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def drip(head: bytes, *, every: float = 0.02) -> Script:
    """Send a beginning, and then a byte now and again until the other side has had enough."""

    def script(connection: socket.socket) -> None:
        connection.sendall(head)
        pause = threading.Event()
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"a")
                pause.wait(every)

    return script


@contextlib.contextmanager
def serving(*scripts: bytes | Script, tls: ssl.SSLContext | None = None) -> Iterator[Raw]:
    """Answer requests with the scripts in turn, the last one for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    raw = Raw(listener.getsockname()[1])
    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: raw.server_names.append(name)
    threads: list[threading.Thread] = []
    turn = iter(range(10**6))

    def talk(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            with connection:
                while request := _request(connection):
                    raw.requests.append(request)
                    script = scripts[min(next(turn), len(scripts) - 1)]
                    if callable(script):
                        script(connection)
                        return
                    connection.sendall(script)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(10)
                thread = threading.Thread(target=talk, args=(connection,), daemon=True)
                threads.append(thread)
                thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield raw
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(5)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
