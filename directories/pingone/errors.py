"""What PingOne's refusals mean (PingOne contract section 1.3), and the token endpoint's (1.2).

The code inside a class of statuses may change, Ping says, so the codes in `details` are read
first, then the one at the top, then the status. Codes that nobody knows fall through to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from directories.answers import LONGEST_PAUSE, Answer, failure, retry_after
from directories.base import (
    AlreadyThere,
    DirectoryError,
    Misconfigured,
    NotFound,
    Transient,
)
from directories.pingone.settings import AuthMethod, PingOneSettings

TOLD: Final = (400, 401, 403, 404, 409, 415, 429)
"""Statuses whose answer is judged here. What is left is the same for every directory."""

_MOST_DETAILS = 50


def details(answer: Answer) -> tuple[Mapping[str, Any], ...]:
    """The entries that say what was wrong with what."""
    found = answer.data.get("details") if isinstance(answer.data, Mapping) else None
    if not isinstance(found, list):
        return ()
    return tuple(one for one in found[:_MOST_DETAILS] if isinstance(one, Mapping))


def codes(answer: Answer) -> frozenset[str]:
    """The codes of the details."""
    return frozenset(code for one in details(answer) if isinstance(code := one.get("code"), str))


def problem(answer: Answer, now: datetime) -> DirectoryError | None:
    """The error that an answer of the API amounts to; None when it is a good one."""
    data = answer.data if isinstance(answer.data, Mapping) else {}
    told, top = codes(answer), data.get("code")
    if answer.status < 400 or not isinstance(top, str):
        return failure(answer, now)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Transient(
            "PingOne asked for fewer requests.",
            retry_after=pause(answer, now),
            **facts(answer, "http.rate"),
        )
    if "LICENSE_EXCEEDED" in told:
        return Misconfigured(
            "The licence of this PingOne environment does not cover this.",
            **facts(answer, "pingone.licence"),
        )
    if "INSUFFICIENT_PERMISSIONS" in told:
        return Misconfigured(
            "The worker's roles do not let it do this.", **facts(answer, "http.forbidden")
        )
    if "INVALID_TOKEN" in told:
        return Misconfigured(
            "PingOne did not accept the access token, nor a new one. A token of one region is "
            "nothing in another.",
            **facts(answer, "http.key"),
        )
    if "UNIQUENESS_VIOLATION" in told:
        return AlreadyThere("A unique value is taken there.", **facts(answer, "http.conflict"))
    if top == "NOT_FOUND":
        return NotFound("PingOne does not have this.", **facts(answer, "http.not_found"))
    if top == "ACCESS_FAILED":
        return Misconfigured("PingOne refused access.", **facts(answer, "http.forbidden"))
    return failure(answer, now)


def pause(answer: Answer, now: datetime) -> float | None:
    """Seconds to wait: from Retry-After, else from the details (section 1.4)."""
    if (seconds := retry_after(answer.headers, now)) is not None:
        return seconds
    for one in details(answer):
        inner = one.get("innerError")
        told = inner.get("retryAfter") if isinstance(inner, Mapping) else None
        if isinstance(told, int | float) and not isinstance(told, bool):
            return min(max(float(told), 0.0), LONGEST_PAUSE)
    return None


def facts(answer: Answer, code: str) -> dict[str, Any]:
    """What an error keeps of the answer that it was made from."""
    return {
        "code": code,
        "said": answer.said,
        "request_id": answer.request_id,
        "status": answer.status,
    }


def token_problem(answer: Answer, settings: PingOneSettings) -> DirectoryError:
    """What a refusal of the token endpoint means.

    It has OAuth's own form (RFC 6749 section 5.2), not the API's. Which error PingOne gives for a
    wrong environment or region is unknown, so both are named.
    """
    data = answer.data if isinstance(answer.data, Mapping) else {}
    error = data.get("error")
    where = (
        f"the custom domain {settings.custom_domain}"
        if settings.custom_domain
        else f"the environment {settings.token_environment} in {settings.region.label}"
    )
    if "unsupported authentication method" in answer.said.lower():
        other = AuthMethod.BASIC if settings.auth_method is AuthMethod.POST else AuthMethod.POST
        return Misconfigured(
            f"The worker takes no {settings.auth_method.label}. Choose {other.label} here, or set "
            f"{settings.auth_method.label} as its token endpoint authentication method.",
            **facts(answer, "pingone.auth_method"),
        )
    if error == "invalid_client":
        return Misconfigured(
            "PingOne does not know this Client ID with this secret, or the worker takes another "
            f"way to authenticate than {settings.auth_method.label}, or it is switched off.",
            **facts(answer, "pingone.client"),
        )
    if error in ("unauthorized_client", "unsupported_grant_type"):
        return Misconfigured(
            "This application may not get tokens by itself: it is no worker with the grant type "
            "Client Credentials.",
            **facts(answer, "pingone.grant"),
        )
    if answer.status == HTTPStatus.NOT_FOUND or data.get("code") == "NOT_FOUND":
        return Misconfigured(
            f"There is no token endpoint for {where}: check the Environment ID and the region.",
            **facts(answer, "pingone.environment"),
        )
    return Misconfigured(f"PingOne gave no token for {where}.", **facts(answer, "pingone.token"))


def may_be_device_limit(answer: Answer) -> bool:
    """Whether a 429 to a new device may say that the person has as many as allowed (section 1.4).

    It has the code of a rate limit, and waiting mends nothing. A rate limit says how long to wait.
    """
    return answer.status == HTTPStatus.TOO_MANY_REQUESTS and (
        "LIMIT_EXCEEDED" in codes(answer) or "retry-after" not in answer.headers
    )
