"""A WSGI app served in threads of this process, on loopback only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from emulators.kit.edge import Wsgi

LOOPBACK = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """The record of requests serves better than an access log."""

    protocol_version = "HTTP/1.1"

    _dated = False

    def send_response(self, code: int, message: str | None = None) -> None:
        """The status line alone: an emulator's clock may differ, and with it the Date."""
        self._dated = False
        self.send_response_only(code, message)

    def send_header(self, keyword: str, value: str) -> None:
        """One header; an app's own Date counts."""
        self._dated |= keyword.lower() == "date"
        super().send_header(keyword, value)

    def end_headers(self) -> None:
        """The end of the headers, with a Date in any case."""
        if not self._dated:
            self.send_header("Date", self.date_time_string())
        super().end_headers()

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(app: Wsgi, port: int) -> Iterator[str]:
    """Serve until the block ends; clear held faults before that, the server waits for them.

    Args:
        app: what answers.
        port: 0 takes a free one.

    Yields:
        The address, as "http://127.0.0.1:PORT".
    """
    server: BaseWSGIServer = make_server(LOOPBACK, port, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
