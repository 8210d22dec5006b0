"""What refusals of the sign-in service and of Graph are told as."""

from __future__ import annotations

import json

import pytest

from directories.base import (
    DirectoryError,
    Misconfigured,
    NotFound,
    Refused,
    RemotePasskey,
    Transient,
)
from directories.entra.failures import HINTS
from tests.directories.entra.stub import GOOD_TOKEN, SOMEBODY, THERE, VALUE, at
from tests.directories.raw import answer, serving

TRACE = "0b1c9a52-2f5a-4c60-8f6e-5a4bb2a51d00"
PASSKEY = RemotePasskey("AAAA", None)
CORRELATION = "6d8f1c3e-7a2b-4e1d-9c0f-1b2a3c4d5e6f"


def no_token(error: str, number: int, said: str = "Nothing doing.") -> bytes:
    body = {
        "error": error,
        "error_description": f"AADSTS{number}: {said}\r\nTrace ID: {TRACE}",
        "error_codes": [number],
        "timestamp": "2026-11-22 08:00:26Z",
        "trace_id": TRACE,
        "correlation_id": CORRELATION,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return answer("401 Unauthorized", json.dumps(body).encode())


def failing(*sent: bytes) -> DirectoryError:
    with serving(*sent) as raw, pytest.raises(DirectoryError) as error:
        at(raw.url).people("", None)
    return error.value


@pytest.mark.parametrize(("number", "hint"), HINTS.items())
def test_a_known_number_adds_its_hint(number, hint):
    error = failing(no_token("invalid_client", number))
    assert isinstance(error, Misconfigured)
    assert error.code == "entra.token"
    assert error.reason.endswith(hint)
    assert f"AADSTS{number}" in error.said
    assert error.request_id == f"{TRACE} {CORRELATION}"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("invalid_client", Misconfigured),
        ("unauthorized_client", Misconfigured),
        ("invalid_request", Misconfigured),
        ("something_new", Misconfigured),
        ("temporarily_unavailable", Transient),
    ],
)
def test_the_word_decides_and_an_unknown_number_changes_nothing(word, kind):
    error = failing(no_token(word, 99999999))
    assert isinstance(error, kind)
    assert error.code == "entra.token"


def test_a_number_does_not_make_a_passing_failure_a_lasting_one():
    assert isinstance(failing(no_token("temporarily_unavailable", 7000215)), Transient)


def test_what_the_sign_in_service_says_is_shown_without_the_secret_in_it():
    error = failing(no_token("invalid_client", 7000215, f"You sent '{VALUE}'."))
    assert VALUE not in error.said
    assert "[hidden]" in error.said


def refused(status: str, code: str, message: str = "In its own words.") -> DirectoryError:
    body = {
        "error": {
            "code": code,
            "message": message,
            "innerError": {"date": "2026-11-22T08:00:00", "request-id": TRACE},
        }
    }
    return failing(GOOD_TOKEN, answer(status, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("status", "code", "kind", "ours"),
    [
        ("400 Bad", "Request_BadRequest", Refused, "entra.refused"),
        ("404 None", "Request_ResourceNotFound", NotFound, "entra.not_found"),
        ("405 No", "methodNotAllowed", Refused, "entra.not_offered"),
        ("403 No", "Authorization_RequestDenied", Misconfigured, "entra.permission"),
        ("429 Slow", "TooManyRequests", Transient, "http.rate"),
        ("503 Later", "serviceNotAvailable", Transient, "http.unavailable"),
        ("504 Later", "UnknownError", Transient, "http.unavailable"),
        ("423 Locked", "resourceLocked", Refused, "entra.refused"),
    ],
)
def test_graphs_refusals_keep_their_words_and_their_request_id(status, code, kind, ours):
    error = refused(status, code)
    assert type(error) is kind
    assert (error.code, error.said) == (ours, "In its own words.")
    assert error.request_id == TRACE or kind is Transient
    assert code in error.reason or kind is Transient


def test_a_refusal_for_want_of_a_permission_names_it():
    error = refused("403 No", "Authorization_RequestDenied")
    assert "needs the application permission User.Read.All" in error.reason


def test_another_refusal_of_the_same_status_does_not_claim_to_know_why():
    error = refused("403 No", "Authentication_RequestFromNonPremiumTenant")
    assert error.code == "entra.denied"
    assert "NonPremium" in error.reason


def test_a_limit_is_kept_for_as_long_as_graph_says():
    body = b'{"error": {"code": "TooManyRequests", "message": "slow"}}'
    error = failing(GOOD_TOKEN, answer("429 Slow", body, headers=("Retry-After: 17",)))
    assert isinstance(error, Transient)
    assert error.retry_after == 17


def test_a_limit_without_a_time_leaves_the_pause_to_us():
    error = failing(GOOD_TOKEN, answer("429 Slow", b"{}"))
    assert isinstance(error, Transient)
    assert error.retry_after is None


def test_steps_of_a_path_cannot_leave_it():
    with serving(GOOD_TOKEN, answer(body=b'{"value": []}')) as raw:
        connector = at(raw.url)
        connector.people("", None, group="../../x?y=1#")
    assert b"/v1.0/groups/..%2F..%2Fx%3Fy%3D1%23/transitiveMembers/" in raw.requests[1]


def test_a_removal_of_what_is_gone_is_fine():
    body = b'{"error": {"code": "Request_ResourceNotFound", "message": "gone"}}'
    with serving(GOOD_TOKEN, answer("404 None", body)) as raw:
        connector = at(raw.url)
        connector.remove_passkey(THERE, PASSKEY)
    assert len(raw.requests) == 2


def test_a_removal_that_is_not_seen_yet_is_tried_again():
    still = json.dumps({"value": [{"id": "AAAA"}]}).encode()
    with (
        serving(GOOD_TOKEN, answer("204 No Content", b""), answer(body=still)) as raw,
        pytest.raises(Transient) as error,
    ):
        at(raw.url).remove_passkey(THERE, PASSKEY)
    assert error.value.code == "entra.still_there"


def test_counts_leave_open_what_was_not_answered():
    body = {
        "responses": [
            {"id": "2", "status": 429, "headers": {"Retry-After": "3"}, "body": {}},
            {"id": "1", "status": 200, "body": {"value": [{"id": "A"}, {"id": "B"}]}},
        ]
    }
    with serving(GOOD_TOKEN, answer(body=json.dumps(body).encode())) as raw:
        found = at(raw.url).passkey_counts([SOMEBODY, TRACE, CORRELATION, "not an id"])
    assert found == {SOMEBODY: 2, TRACE: None, CORRELATION: None, "not an id": None}
    assert len(raw.requests) == 2
