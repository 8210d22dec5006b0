"""What a directory's answer means to the caller: its words, its request id, and which error."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from requests import Response

from directories import strict_json
from directories.base import (
    AlreadyThere,
    DirectoryError,
    Misconfigured,
    NotFound,
    Refused,
    Transient,
)

SAID_LENGTH = 500
REQUEST_ID_LENGTH = 128
MOST_DETAILS = 20
LONGEST_PAUSE = 3600.0
"""Seconds. A directory may not put us off for longer: deliveries would look forgotten."""

_EPOCH = 1_000_000_000
"""A rate-limit reset above this is a moment in Unix time, not a number of seconds."""

_REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "client-request-id",
    "x-correlation-id",
    "correlation-id",
    "ory-error-id",
)

_SERIALISATION = re.compile(r"unable to serialize access", re.IGNORECASE)
"""CockroachDB under Kratos answers a lost race with 400 (Ory contract section 7)."""


@dataclass(frozen=True)
class Answer:
    """One answer, read to its end and within bounds. Values in it are not trusted."""

    status: int
    data: Any
    """The JSON body; None where there was none or it was not JSON."""
    is_json: bool
    html: bool
    headers: Mapping[str, str]
    said: str
    """The directory's own words about an error; empty where it said nothing."""
    request_id: str


def read(response: Response, hide: Iterable[str]) -> Answer:
    """Read a response whose body is already in memory.

    Args:
        response: from the session.
        hide: secrets that were sent; an echo of them is replaced.
    """
    body = response.content
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    page = kind in ("text/html", "application/xhtml+xml") or body.lstrip()[:1] == b"<"
    html = bool(body) and page  # an empty answer is no page, whatever it says it is
    data, is_json = None, False
    if body and not html:
        with contextlib.suppress(strict_json.NotStrict):
            data, is_json = strict_json.loads(body), True
    text = "" if is_json or html else body.decode("utf-8", "replace")
    hide = tuple(hide)
    return Answer(
        status=response.status_code,
        data=data,
        is_json=is_json,
        html=html,
        headers=response.headers,
        said=scrub(words(data) or (text if response.status_code >= 400 else ""), hide),
        request_id=scrub(_request_id(response.headers, data), hide)[:REQUEST_ID_LENGTH],
    )


def words(data: Any) -> str:
    """The sentences in an error body, whichever of the usual shapes it has."""
    if not isinstance(data, Mapping):
        return ""
    error = data.get("error")
    inner = error if isinstance(error, Mapping) else {}
    found: list[str] = []
    for place, name in (
        (inner, "reason"),
        (inner, "message"),
        (inner, "error_description"),
        (data, "error_description"),
        (data, "message"),
    ):
        text = place.get(name)
        if isinstance(text, str) and text and text not in found:
            found.append(text)
    if not found and isinstance(error, str):
        found.append(error)
    details = data.get("details")  # PingOne tells there what is wrong with what
    for detail in details[:MOST_DETAILS] if isinstance(details, list) else ():
        text = detail.get("message") if isinstance(detail, Mapping) else None
        if isinstance(text, str) and text and text not in found:
            found.append(text)
    return ": ".join(found)


def scrub(text: str, hide: Iterable[str]) -> str:
    """Make a remote text fit to show: no secret of ours, no control characters, no great length."""
    for secret in hide:
        if secret:
            text = text.replace(secret, "[hidden]")
    text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    return text if len(text) <= SAID_LENGTH else text[: SAID_LENGTH - 1] + "…"


def failure(answer: Answer, now: datetime) -> DirectoryError | None:
    """The error that an answer amounts to; None when it is a good one.

    Args:
        answer: what came back.
        now: for a Retry-After that names a date.
    """
    status = answer.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Transient(
            "The directory asked for fewer requests.",
            retry_after=retry_after(answer.headers, now),
            **_facts(answer, "http.rate"),
        )
    if status >= 500 or status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY):
        return Transient(
            f"The directory is not working properly just now (HTTP {status}).",
            retry_after=retry_after(answer.headers, now),
            **_facts(answer, "http.unavailable"),
        )
    if status == HTTPStatus.BAD_REQUEST and _SERIALISATION.search(answer.said):
        return Transient("Another change came first.", **_facts(answer, "http.race"))
    if 300 <= status < 400:
        return Misconfigured(
            "The directory answered with a redirect, so the base URL is wrong.",
            **_facts(answer, "http.redirect"),
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return Misconfigured("The directory did not accept the key.", **_facts(answer, "http.key"))
    if status == HTTPStatus.FORBIDDEN:
        return Misconfigured(
            "The directory does not let this key do that.", **_facts(answer, "http.forbidden")
        )
    if answer.html:
        return Misconfigured(
            "A web page came back instead of an answer: this is not the directory's API, or a "
            "proxy stands in front of it.",
            **_facts(answer, "http.html"),
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound("The directory does not have this.", **_facts(answer, "http.not_found"))
    if status == HTTPStatus.CONFLICT:
        return AlreadyThere("A unique value is taken there.", **_facts(answer, "http.conflict"))
    if status >= 400:
        return Refused("The directory refused this.", **_facts(answer, "http.refused"))
    if status != HTTPStatus.NO_CONTENT and not answer.is_json:
        return Misconfigured(
            "What came back is not JSON, so this is not the directory's API.",
            **_facts(answer, "http.not_json"),
        )
    return None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait: from Retry-After (RFC 9110 section 10.2.3), else x-ratelimit-reset."""
    seconds = _pause(headers.get("retry-after", ""), now)
    if seconds is None:
        seconds = _pause(headers.get("x-ratelimit-reset", ""), now)
    return seconds


def _pause(value: str, now: datetime) -> float | None:
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", value):
        seconds = float(value)
        if seconds > _EPOCH:
            seconds -= now.timestamp()
    else:
        try:
            moment = parsedate_to_datetime(value)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError):
            return None
        seconds -= now.timestamp()
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def _facts(answer: Answer, code: str) -> dict[str, Any]:
    return {
        "code": code,
        "said": answer.said,
        "request_id": answer.request_id,
        "status": answer.status,
    }


def _request_id(headers: Mapping[str, str], data: Any) -> str:
    body: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    own = body.get("id")
    if isinstance(own, str) and isinstance(body.get("code"), str) and "message" in body:
        return own  # PingOne names each of its errors, and asks for that name
    for name in _REQUEST_ID_HEADERS:
        if value := headers.get(name):
            return str(value)
    error = body.get("error")
    named = error.get("request") if isinstance(error, Mapping) else None
    return named if isinstance(named, str) else ""
