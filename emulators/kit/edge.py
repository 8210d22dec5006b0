"""What stands before an emulator's API: the record of requests, and faults.

WSGI layers, outermost first, so that a held or delayed request counts as in flight.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from werkzeug.datastructures import EnvironHeaders
from werkzeug.http import HTTP_STATUS_CODES

from emulators.kit.emulator import Emulator
from emulators.kit.faults import Answer, Fault, Kind

CONTROL = "/_emulator"
LARGEST_BODY = 32 * 2**20

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _CutError(Exception):
    """The connection is to be cut."""


class Edge:
    """Wraps one face of an emulator. The control API and the page at `/` are not recorded.

    Args:
        app: what answers.
        emulator: whose faults and record these are.
        face: which of its faces, for the record.
    """

    def __init__(self, app: Wsgi, emulator: Emulator, face: str = "api") -> None:
        self._app = app
        self._emulator = emulator
        self._face = face

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(CONTROL) or path == "/":
            return self._app(environ, start_response)
        body = _read_body(environ)
        status = 0
        try:
            status, headers, content = self.guarded(environ, path)
        except _CutError:
            self._record(environ, path, body, status)
            _cut(environ)
        self._record(environ, path, body, status)
        start_response(f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown')}", headers)
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [content]

    def guarded(self, environ: dict[str, Any], path: str) -> Answer:
        """The answer to a request; overridden where limits stand before faults."""
        return self.faulty(environ, path)

    def faulty(self, environ: dict[str, Any], path: str) -> Answer:
        """The answer to a request that may have to fail."""
        fault = self._emulator.faults.take(environ["REQUEST_METHOD"], path)
        if fault is None:
            return _run(self._app, environ)
        if fault.after:
            usual = _run(self._app, environ)
            return self._failed(fault) or usual
        return self._failed(fault) or _run(self._app, environ)

    def _failed(self, fault: Fault) -> Answer | None:
        self._emulator.faults.pause(fault)
        if fault.kind is Kind.DROP:
            raise _CutError
        return self._emulator.faults.answer(fault)

    def _record(self, environ: dict[str, Any], path: str, body: bytes, status: int) -> None:
        self._emulator.recorder.add(
            face=self._face,
            method=environ["REQUEST_METHOD"],
            path=path,
            query=environ.get("QUERY_STRING", ""),
            headers=dict(EnvironHeaders(environ).items()),
            body=body,
            status=status,
        )


def _read_body(environ: dict[str, Any]) -> bytes:
    declared = environ.get("CONTENT_LENGTH") or "0"
    length = min(int(declared), LARGEST_BODY) if declared.isdigit() else 0
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _run(app: Wsgi, environ: dict[str, Any]) -> Answer:
    begun: list[tuple[int, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _info: Any = None) -> None:
        begun.append((int(status.split()[0]), headers))

    chunks = app(environ, start)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return (*begun[-1], body)


def _cut(environ: dict[str, Any]) -> NoReturn:
    """Close the connection without an answer; the server takes it for a client that left."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("cut on request")
