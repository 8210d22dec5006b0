"""Error answers: the token endpoint's (entra.md 1) and Graph's (entra.md 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class LoginError(Exception):
    """A refusal of the token endpoint.

    Args:
        status: 400 or 401.
        error: RFC 6749's code.
        number: the AADSTS number.
        text: what follows it in the description.
    """

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.status = status
        self.error = error
        self.number = number
        self.text = text

    def body(self, *, now: datetime, trace_id: str, correlation_id: str, url: str) -> Any:
        """The JSON of the answer (entra.md 1 [D S7] [O S8])."""
        stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": self.error,
            "error_description": (
                f"AADSTS{self.number}: {self.text}\r\nTrace ID: {trace_id}\r\n"
                f"Correlation ID: {correlation_id}\r\nTimestamp: {stamp}"
            ),
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"{url}/error?code={self.number}",
        }


class GraphError(Exception):
    """A refusal of Graph.

    Args:
        status: of HTTP.
        code: `error.code`.
        message: `error.message`.
        headers: of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self, *, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Graph's envelope (entra.md 2.7 [O S25])."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
                    "request-id": request_id,
                    "client-request-id": client_request_id,
                },
            }
        }


def bad_request(message: str, *, code: str = "Request_BadRequest") -> GraphError:
    """400."""
    return GraphError(400, code, message)


def unsupported_query(message: str) -> GraphError:
    """400 for a query that the directory does not support as asked (entra.md 3 [D S26])."""
    return GraphError(400, "Request_UnsupportedQuery", message)


def not_found(thing: str) -> GraphError:
    """404 of a directory object."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{thing}' does not exist or one of its queried reference-property objects are "
        "not present.",
    )


def denied() -> GraphError:
    """403: a permission or its consent is missing (entra.md 2.7 [D S25])."""
    return GraphError(
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )


def not_allowed() -> GraphError:
    """405: not on this version, cloud or target (entra.md 2.1, 2.7 [D S4] [O])."""
    return GraphError(405, "methodNotAllowed", "The method is not supported for this URL.")


def unauthenticated(message: str) -> GraphError:
    """401: the token is missing, unknown or expired."""
    return GraphError(
        401,
        "InvalidAuthenticationToken",
        message,
        headers={"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'},
    )
