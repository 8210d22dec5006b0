"""PingOne's error answers (pingone.md 1.3), and those of its token endpoint (1.2)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

# pingone.md 1.3: the code at the top for each status.
TOP = {
    400: "INVALID_DATA",
    401: "ACCESS_FAILED",
    403: "ACCESS_FAILED",
    404: "NOT_FOUND",
    405: "INVALID_REQUEST",
    415: "INVALID_REQUEST",
    429: "REQUEST_LIMITED",
    500: "UNEXPECTED_ERROR",
}
MESSAGES = {
    "INVALID_DATA": "The request could not be completed. One or more validation errors were "
    "in the request.",
    "INVALID_REQUEST": "The request could not be completed. There was an issue processing the "
    "request.",
    "ACCESS_FAILED": "The request could not be completed. You do not have access to this resource.",
    "NOT_FOUND": "The request could not be completed. The requested resource was not found.",
    "REQUEST_LIMITED": "The request could not be completed. There is a limit on this request.",
    "UNEXPECTED_ERROR": "An unexpected error occurred. Please contact support.",
}


class PingError(Exception):
    """An answer of the API other than success.

    Args:
        status: the HTTP status.
        code: the code at the top; by the status when empty.
        detail: `details[0].code`; no details when empty.
        message: of the detail, or of the whole when there is none.
        target: what the detail is about.
        inner: `details[0].innerError`.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        *,
        code: str = "",
        detail: str = "",
        message: str = "",
        target: str = "",
        inner: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message or detail or code)
        self.status = status
        self.code = code or TOP.get(status, "UNEXPECTED_ERROR")
        self.detail = detail
        self.message = message
        self.target = target
        self.inner = dict(inner or {})
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The JSON, with an id of its own each time (pingone.md 1.3: quote it to support)."""
        body: dict[str, Any] = {"id": str(uuid.uuid4()), "code": self.code}
        body["message"] = MESSAGES[self.code]
        if self.message and not self.detail:
            body["message"] = self.message
        if self.detail:
            detail: dict[str, Any] = {"code": self.detail}
            if self.target:
                detail["target"] = self.target
            detail["message"] = self.message or MESSAGES[self.code]
            if self.inner:
                detail["innerError"] = self.inner
            body["details"] = [detail]
        return body


def error_body(status: int) -> str:
    """The JSON of a status that was asked for."""
    code = TOP.get(status, "UNEXPECTED_ERROR" if status >= 500 else "INVALID_REQUEST")
    return json.dumps(PingError(status, code=code, message="Failed on request").body())


def invalid(
    target: str, message: str, *, detail: str = "INVALID_VALUE", inner: Any = None
) -> PingError:
    """400 INVALID_DATA about one field."""
    return PingError(400, detail=detail, target=target, message=message, inner=inner)


def required(target: str) -> PingError:
    """400 for a field that is missing."""
    return invalid(target, f"{target} must not be null", detail="REQUIRED_VALUE")


def taken(target: str, message: str) -> PingError:
    """400 for a value that another one has (pingone.md 2)."""
    return invalid(target, message, detail="UNIQUENESS_VIOLATION")


def unreadable(message: str) -> PingError:
    """400 for a body that cannot be parsed."""
    return PingError(400, code="INVALID_REQUEST", message=message)


def not_found() -> PingError:
    """404."""
    return PingError(404)


def bad_token(message: str = "The access token is missing, expired or unknown") -> PingError:
    """401 INVALID_TOKEN."""
    return PingError(401, detail="INVALID_TOKEN", message=message)


def no_access(status: int = 403) -> PingError:
    """The worker may not: the words are those of pingone.md 6.6 [C TF #447]."""
    message = "You do not have access to this resource"
    return PingError(status, detail="INSUFFICIENT_PERMISSIONS", message=message)


def unsupported_media_type(given: str) -> PingError:
    """415 for a Content-Type that this path does not take (pingone.md 1.3)."""
    return PingError(415, message=f"The content type {given or 'none'} is not supported")


class OAuthError(Exception):
    """`{error, error_description}` of the token endpoint (pingone.md 1.2 [unsourced])."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {
            "error": error,
            "error_description": f"{description} (Correlation ID: {uuid.uuid4()})",
        }
