"""What stands before Ory Network's API beside record and faults: its limits (ory.md 2.7, 7)."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from emulators.kit.edge import Edge as Base
from emulators.kit.edge import Wsgi
from emulators.kit.faults import Answer
from emulators.ory.emulator import Ory
from emulators.ory.errors import OryError

# ory.md 2.7 [D]: the calls with an "inflight" limit; the key is the full path.
ONE_AT_A_TIME = (
    ("POST", re.compile(r"/admin/identities")),
    ("PATCH", re.compile(r"/admin/identities(/[^/]+)?")),
    ("PUT", re.compile(r"/admin/identities/[^/]+")),
    ("DELETE", re.compile(r"/admin/identities/[^/]+(/credentials/[^/]+)?")),
)


class Edge(Base):
    """Wraps one face of the emulator.

    Args:
        app: what answers.
        ory: the emulator.
        face: "network", "admin" or "public", for the record.
    """

    def __init__(self, app: Wsgi, ory: Ory, face: str) -> None:
        super().__init__(app, ory, face)
        self._ory = ory
        self._lock = threading.Lock()
        self._in_flight: set[str] = set()

    def guarded(self, environ: dict[str, Any], path: str) -> Answer:
        """The answer, or a 429 of Ory Network."""
        method = environ["REQUEST_METHOD"]
        if not self._ory.edition.network:
            return self.faulty(environ, path)
        refusal = self._ory.limits.count(path, self._ory.now())
        if refusal is not None:
            return _as_answer(refusal)
        if not any(verb == method and form.fullmatch(path) for verb, form in ONE_AT_A_TIME):
            return self.faulty(environ, path)
        with self._lock:
            if path in self._in_flight:
                return _as_answer(self._ory.limits.too_many("Too many concurrent requests"))
            self._in_flight.add(path)
        try:
            return self.faulty(environ, path)
        finally:
            with self._lock:
                self._in_flight.discard(path)


def _as_answer(error: OryError) -> Answer:
    headers = [("Content-Type", "application/json"), *error.headers.items()]
    return error.code, headers, json.dumps(error.body()).encode()
