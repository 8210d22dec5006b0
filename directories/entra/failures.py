"""What a refusal of Graph or of the token endpoint means, with the vendor's own words kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from directories.answers import REQUEST_ID_LENGTH, Answer, failure, scrub
from directories.base import DirectoryError, Misconfigured, NotFound, Refused, Transient

_CODE = re.compile(r"[A-Za-z0-9_.]{1,64}")
_AADSTS = re.compile(r"AADSTS(\d{4,9})")

HINTS: Mapping[int, str] = {
    7000215: "Use the secret's Value, not its Secret ID.",
    7000222: "The secret has expired. Make a new one there, or use a certificate.",
    7000218: "No secret reached Entra. Enter it again.",
    700016: "The tenant has no such application: check the Application (client) ID, and that it "
    "belongs to this tenant.",
    7000112: "The application is disabled. Enable it under Enterprise applications.",
    90002: "There is no such tenant: check the Directory (tenant) ID.",
    70011: "The scope was not accepted: the address of Graph is not this cloud's.",
}
"""Entra contract section 1. Microsoft says that the numbers may change, so nothing is decided by
them: they only add a hint."""

_MEANINGS: Mapping[str, str] = {
    "invalid_client": "Entra did not accept the application's secret or certificate.",
    "unauthorized_client": "Entra does not let this application in.",
    "invalid_request": "Entra did not accept the request for a token.",
    "invalid_scope": "Entra did not accept what the token is for.",
    "invalid_grant": "Entra did not accept what was sent for a token.",
    "access_denied": "Entra denied the application access.",
}
_NOT_CONSENTED = ("", "Authorization_RequestDenied")
_PASSING = ("temporarily_unavailable", "server_error")


def no_token(answer: Answer) -> DirectoryError:
    """The error that a refused token request amounts to (`directories.oauth`)."""
    data: Mapping[str, Any] = answer.data if isinstance(answer.data, Mapping) else {}
    error = data.get("error")
    word = error if isinstance(error, str) and _CODE.fullmatch(error) else ""
    traces = [found for name in ("trace_id", "correlation_id") if (found := _trace(data, name))]
    facts: dict[str, Any] = {
        "said": answer.said,
        "request_id": " ".join(traces)[:REQUEST_ID_LENGTH] or answer.request_id,
        "status": answer.status,
    }
    if word in _PASSING:
        return Transient("Entra gives out no tokens just now.", code="entra.token", **facts)
    reason = _MEANINGS.get(word, "Entra gave no token.")
    if hint := _hint(data):
        reason = f"{reason} {hint}"
    return Misconfigured(reason, code="entra.token", **facts)


def refusal(answer: Answer, now: datetime, needs: Sequence[str]) -> DirectoryError | None:
    """The error that an answer of Graph amounts to; None when it is a good one.

    Decided by the status; Graph's own code is named in the reason, its message is kept.

    Args:
        answer: what came back.
        now: for a Retry-After that names a date.
        needs: the permissions of which any one allows the call, the least first.
    """
    error = failure(answer, now)
    if error is None or answer.html or not 400 <= answer.status < 500:
        return error
    code, request_id = _envelope(answer)
    facts: dict[str, Any] = {
        "said": answer.said,
        "request_id": answer.request_id or request_id,
        "status": answer.status,
    }
    named = f" ({code})" if code else ""
    if answer.status == HTTPStatus.FORBIDDEN:
        wanted = f"the application permission {needs[0]} or a wider one, with admin consent."
        if code in _NOT_CONSENTED:
            return Misconfigured(
                f"Entra does not let the application do this{named}. It needs {wanted}",
                code="entra.permission",
                **facts,
            )
        return Misconfigured(
            f"Entra denied this{named}. Where nothing else explains it, the application lacks "
            f"{wanted}",
            code="entra.denied",
            **facts,
        )
    if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return Refused(
            f"Entra does not offer this for this person or in this cloud{named}.",
            code="entra.not_offered",
            **facts,
        )
    if answer.status == HTTPStatus.NOT_FOUND:
        return NotFound(f"Entra does not have this{named}.", code="entra.not_found", **facts)
    if isinstance(error, Refused):
        return Refused(f"Entra refused this{named}.", code="entra.refused", **facts)
    error.request_id = error.request_id or request_id
    return error


def _envelope(answer: Answer) -> tuple[str, str]:
    """Graph's code of an error, and its id of the request (Entra contract section 2.7)."""
    error = answer.data.get("error") if isinstance(answer.data, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    code, inner = error.get("code"), error.get("innerError")
    named = inner.get("request-id") if isinstance(inner, Mapping) else None
    return (
        code if isinstance(code, str) and _CODE.fullmatch(code) else "",
        scrub(named, ())[:REQUEST_ID_LENGTH] if isinstance(named, str) else "",
    )


def _hint(data: Mapping[str, Any]) -> str:
    numbers = data.get("error_codes")
    named = list(numbers) if isinstance(numbers, list) else []
    if isinstance(said := data.get("error_description"), str):
        named += [int(number) for number in _AADSTS.findall(said)]
    return next(
        (HINTS[one] for one in named if isinstance(one, int) and one in HINTS),
        "",
    )


def _trace(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name)
    return scrub(found, ())[:48] if isinstance(found, str) else ""
