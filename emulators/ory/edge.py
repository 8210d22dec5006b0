"""What stands before the API: the record of requests, Ory Network's limits, and faults.

WSGI layers, outermost first, so that a held or delayed request counts as in flight.
"""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from werkzeug.datastructures import EnvironHeaders
from werkzeug.http import HTTP_STATUS_CODES

from emulators.ory.emulator import Ory
from emulators.ory.errors import OryError
from emulators.ory.faults import Fault, Kind
from emulators.ory.recorder import Seen, masked_body, masked_headers

CONTROL = "/_emulator"
LARGEST_BODY = 32 * 2**20
# ory.md 2.7 [D]: the calls with an "inflight" limit; the key is the full path.
ONE_AT_A_TIME = (
    ("POST", re.compile(r"/admin/identities")),
    ("PATCH", re.compile(r"/admin/identities(/[^/]+)?")),
    ("PUT", re.compile(r"/admin/identities/[^/]+")),
    ("DELETE", re.compile(r"/admin/identities/[^/]+(/credentials/[^/]+)?")),
)

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Answer = tuple[int, list[tuple[str, str]], bytes]


class _CutError(Exception):
    """The connection is to be cut."""


class Edge:
    """Wraps one face of the emulator.

    Args:
        app: what answers.
        ory: the emulator.
        face: "network", "admin" or "public", for the record.
    """

    def __init__(self, app: Wsgi, ory: Ory, face: str) -> None:
        self._app = app
        self._ory = ory
        self._face = face
        self._lock = threading.Lock()
        self._in_flight: set[str] = set()

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
            status, headers, content = self._guarded(environ, path)
        except _CutError:
            self._record(environ, path, body, status)
            _cut(environ)
        self._record(environ, path, body, status)
        start_response(f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown')}", headers)
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [content]

    def _guarded(self, environ: dict[str, Any], path: str) -> Answer:
        method = environ["REQUEST_METHOD"]
        if not self._ory.edition.network:
            return self._faulty(environ, method, path)
        refusal = self._ory.limits.count(path, self._ory.now())
        if refusal is not None:
            return _as_answer(refusal)
        if not any(verb == method and form.fullmatch(path) for verb, form in ONE_AT_A_TIME):
            return self._faulty(environ, method, path)
        with self._lock:
            if path in self._in_flight:
                return _as_answer(self._ory.limits.too_many("Too many concurrent requests"))
            self._in_flight.add(path)
        try:
            return self._faulty(environ, method, path)
        finally:
            with self._lock:
                self._in_flight.discard(path)

    def _faulty(self, environ: dict[str, Any], method: str, path: str) -> Answer:
        fault = self._ory.faults.take(method, path)
        if fault is None:
            return _run(self._app, environ)
        if fault.after:
            usual = _run(self._app, environ)
            return self._failed(environ, fault) or usual
        return self._failed(environ, fault) or _run(self._app, environ)

    def _failed(self, environ: dict[str, Any], fault: Fault) -> Answer | None:
        self._ory.faults.pause(fault)
        if fault.kind is Kind.DROP:
            raise _CutError
        answer = fault.answer()
        if answer is None:
            return None
        status, headers, body = answer
        return status, list(headers.items()), body

    def _record(self, environ: dict[str, Any], path: str, body: bytes, status: int) -> None:
        headers = dict(EnvironHeaders(environ).items())
        self._ory.recorder.add(
            Seen(
                face=self._face,
                method=environ["REQUEST_METHOD"],
                path=path,
                query=environ.get("QUERY_STRING", ""),
                headers=masked_headers(headers, also=self._ory.proxy_header[0]),
                body=masked_body(body, environ.get("CONTENT_TYPE", "")),
                status=status,
            )
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


def _as_answer(error: OryError) -> Answer:
    headers = [("Content-Type", "application/json"), *error.headers.items()]
    return error.code, headers, json.dumps(error.body()).encode()


def _cut(environ: dict[str, Any]) -> NoReturn:
    """Close the connection without an answer; the server takes it for a client that left."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("cut on request")
