"""Ory's error answers, in herodot's shape (ory.md 7)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class OryError(Exception):
    """An answer other than success: `{"error": {"code", "status", "reason"?, "message"}}`.

    Args:
        code: the HTTP status.
        message: herodot's `message`.
        reason: herodot's `reason`, left out when empty.
        error_id: herodot's `id`, left out when empty.
        headers: headers of the answer.
        extra: keys beside `error` (a 410 names the flow that replaces the expired one).
    """

    def __init__(
        self,
        code: int,
        message: str,
        reason: str = "",
        *,
        error_id: str = "",
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(reason or message)
        self.code = code
        self.message = message
        self.reason = reason
        self.error_id = error_id
        self.headers = headers or {}
        self.extra = extra or {}

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        error: dict[str, Any] = {}
        if self.error_id:
            error["id"] = self.error_id
        error["code"] = self.code
        error["status"] = HTTPStatus(self.code).phrase
        if self.reason:
            error["reason"] = self.reason
        error["message"] = self.message
        return {"error": error, **self.extra}


def undecodable(message: str) -> OryError:
    """A body that the decoder refuses: the Go error is the message (ory.md 2.1 [K])."""
    return OryError(400, message)


def bad_request(reason: str) -> OryError:
    """Herodot's bad request with a reason (ory.md 3.2 rule 4, 7 [K])."""
    return OryError(400, "The request was malformed or contained invalid parameters", reason)


def not_found(reason: str = "") -> OryError:
    """No such thing; a malformed UUID gets the same (ory.md 7)."""
    return OryError(404, "Unable to locate the resource", reason)


def conflict_on_create() -> OryError:
    """A unique value is taken at POST; it never says which (ory.md 7)."""
    return OryError(
        409,
        "The resource could not be created due to a conflict",
        "This identity conflicts with another identity that already exists.",
    )


def conflict_on_update() -> OryError:
    """A unique value is taken at PUT or PATCH; it never says which (ory.md 7)."""
    return OryError(
        409,
        "Unable to insert or update resource because a resource with that value exists already",
    )


def database_failed() -> OryError:
    """The database refused a value, and Ory scrubs the cause (ory.md 3.2 rule 5 [I], 7)."""
    return OryError(
        500, "An internal server error occurred, please contact the system administrator"
    )
