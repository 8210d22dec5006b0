"""What stands before Graph beside record and faults: throttling, also of a batch's items."""

from __future__ import annotations

import json
import uuid
from typing import Any

from emulators.entra.emulator import Entra
from emulators.entra.errors import GraphError
from emulators.entra.gate import JSON, is_graph
from emulators.kit.edge import Edge as Base
from emulators.kit.edge import Wsgi
from emulators.kit.faults import Answer


class Edge(Base):
    """Wraps the emulator.

    Args:
        app: what answers.
        entra: the emulator.
        face: for the record.
    """

    def __init__(self, app: Wsgi, entra: Entra, face: str = "api") -> None:
        super().__init__(app, entra, face)
        self._entra = entra

    def guarded(self, environ: dict[str, Any], path: str) -> Answer:
        """The answer, or a 429."""
        refusal = self._entra.limits.count(path, self._entra.now()) if is_graph(path) else None
        return self._as_answer(refusal) if refusal else self.faulty(environ, path)

    def _as_answer(self, error: GraphError) -> Answer:
        request_id = str(uuid.uuid4())
        ids = {"request_id": request_id, "client_request_id": request_id}
        body = error.body(now=self._entra.now(), **ids)
        headers = [("Content-Type", JSON), ("request-id", request_id), *error.headers.items()]
        return error.status, headers, json.dumps(body).encode()
