"""Access tokens of client credentials, against a token endpoint that says anything."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from directories import oauth
from directories.base import Misconfigured, Refused, Transient
from directories.oauth_client import SecretBasic, SecretPost
from tests.directories.grants import SECRET, TOKEN, Clock, given, head, tokens
from tests.directories.raw import answer, serving


@pytest.fixture(autouse=True)
def nothing_kept():
    oauth.forget_all()
    yield
    oauth.forget_all()


# -- what is kept -------------------------------------------------------------------------------


def test_a_token_is_kept_for_the_process_until_a_minute_before_its_end():
    clock = Clock()
    with serving(given("first"), given("second")) as raw:
        assert tokens(raw, now=clock).token() == "first"
        clock.moment += dt.timedelta(seconds=3539)
        assert tokens(raw, now=clock).token() == "first"
        clock.moment += dt.timedelta(seconds=1)
        assert tokens(raw, now=clock).token() == "second"


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": SecretPost("another")},
        {"proof": SecretBasic(SECRET)},
        {"client_id": "another"},
        {"scope": "another"},
    ],
    ids=["secret", "method", "client", "scope"],
)
def test_a_grant_that_differs_in_anything_gets_a_token_of_its_own(changes):
    with serving(given("first"), given("second")) as raw:
        assert tokens(raw).token() == "first"
        assert tokens(raw, **changes).token() == "second"


@pytest.mark.parametrize("told", [None, 0, -5, "soon", True, [3600]])
def test_a_token_of_unknown_life_is_kept_only_briefly(told):
    clock = Clock()
    with serving(given("a", expires_in=told), given("second")) as raw:
        asking = tokens(raw, now=clock)
        assert asking.token() == asking.token() == "a"
        clock.moment += dt.timedelta(seconds=60)
        assert asking.token() == "second"


def test_a_life_told_as_text_counts_and_a_short_one_is_used_by_half():
    clock = Clock()
    with serving(given("first", expires_in="40"), given("second")) as raw:
        asking = tokens(raw, now=clock)
        assert asking.token() == "first"
        clock.moment += dt.timedelta(seconds=19)
        assert asking.token() == "first"
        clock.moment += dt.timedelta(seconds=1)
        assert asking.token() == "second"


def test_a_life_without_end_is_cut_to_a_day():
    clock = Clock()
    with serving(given("first", expires_in=10**12), given("second")) as raw:
        asking = tokens(raw, now=clock)
        assert asking.token() == "first"
        clock.moment += dt.timedelta(days=1)
        assert asking.token() == "second"


def test_many_who_need_a_token_at_once_cause_one_fetch():
    go = threading.Event()

    def slowly(connection):
        go.wait(5)
        connection.sendall(given())

    with serving(slowly) as raw:
        got: list[str] = []
        threads = [
            threading.Thread(target=lambda: got.append(tokens(raw).token())) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        go.set()
        for thread in threads:
            thread.join(10)
    assert got == [TOKEN] * 6
    assert len(raw.requests) == 1


def test_no_more_than_so_many_grants_are_kept(monkeypatch):
    monkeypatch.setattr(oauth, "MOST_GRANTS", 2)
    with serving(given()) as raw:
        for client in ("a", "b", "c", "c", "b", "a"):
            tokens(raw, client_id=client).token()
    assert len(raw.requests) == 4


# -- what the token endpoint may answer ---------------------------------------------------------


def test_a_refusal_is_explained_in_the_vendors_words():
    body = b'{"error": "invalid_client", "error_description": "No such client."}'
    with serving(answer("401 No", body)) as raw, pytest.raises(Refused) as caught:
        tokens(raw).token()
    assert (caught.value.code, caught.value.said) == ("explained", "No such client.")


def test_an_error_answered_as_good_is_a_refusal_all_the_same():
    with serving(answer(body=b'{"error": "nope"}')) as raw, pytest.raises(Refused):
        tokens(raw).token()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Elsewhere", "308 Elsewhere"])
def test_a_redirect_is_not_followed_with_the_secret(status):
    with serving(given()) as elsewhere:
        sent = answer(status, headers=(f"Location: {elsewhere.url}/token",))
        with serving(sent) as raw, pytest.raises(Misconfigured) as caught:
            tokens(raw).token()
        assert caught.value.code == "http.redirect"
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("sent", "error", "code"),
    [
        (answer("429 Slow", headers=("Retry-After: 7",)), Transient, "http.rate"),
        (answer("503 Busy"), Transient, "http.unavailable"),
        (answer("404 No", b"<p>no", kind="text/html"), Misconfigured, "http.html"),
        (answer(body=b"<!doctype html>", kind="text/html"), Misconfigured, "http.html"),
        (answer(body=b"token"), Misconfigured, "http.not_json"),
        (answer(body=b"[]"), Misconfigured, "oauth.no_token"),
        (given(token_type=None), Misconfigured, "oauth.no_token"),
        (given(token_type="mac"), Misconfigured, "oauth.no_token"),
        (given(""), Misconfigured, "oauth.no_token"),
        (given("two words"), Misconfigured, "oauth.no_token"),
        (given("line\r\nX: y"), Misconfigured, "oauth.no_token"),
        (given("a" * 40_000), Misconfigured, "oauth.no_token"),
        (given(padding="a" * 300_000), Misconfigured, "http.too_large"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Misconfigured, "oauth.no_token"),
    ],
)
def test_what_is_no_token_answer_is_told_apart(sent, error, code):
    with serving(sent) as raw, pytest.raises(error) as caught:
        tokens(raw).token()
    assert caught.value.code == code


def test_a_failed_fetch_leaves_nothing_behind():
    with serving(answer("503 Busy"), given()) as raw:
        with pytest.raises(Transient):
            tokens(raw).token()
        assert tokens(raw).token() == TOKEN


# -- calls that carry a token -------------------------------------------------------------------


def test_a_call_carries_the_token_and_its_own_headers():
    with serving(given(), answer(body=b'{"a": 1}')) as raw:
        got = tokens(raw).exchange(
            "GET", f"{raw.url}/things", params={"q": "1"}, headers={"Prefer": "x"}
        )
    assert got.data == {"a": 1}
    assert raw.requests[1].startswith(b"GET /things?q=1 ")
    assert head(raw.requests[1], "authorization") == f"Bearer {TOKEN}"
    assert head(raw.requests[1], "prefer") == "x"


def test_a_refused_token_is_renewed_once_and_the_call_sent_again():
    with serving(given("old"), answer("401 No"), given("new"), answer(body=b"[1]")) as raw:
        asking = tokens(raw)
        assert asking.exchange("POST", f"{raw.url}/things", json={"b": 2}).data == [1]
        assert asking.token() == "new"
    assert [head(request, "authorization") for request in raw.requests] == [
        "", "Bearer old", "", "Bearer new",
    ]  # fmt: skip
    assert raw.requests[1].endswith(b'{"b": 2}')
    assert raw.requests[3].endswith(b'{"b": 2}')


def test_a_second_refusal_is_for_an_operator():
    body = b'{"error": {"message": "expired, you said token-nobody-may-read.AAAA"}}'
    refused = answer("401 No", body)
    with (
        serving(given(), refused, given(), refused) as raw,
        pytest.raises(Misconfigured) as caught,
    ):
        tokens(raw).exchange("GET", f"{raw.url}/things")
    assert (caught.value.code, caught.value.status) == ("oauth.token_refused", 401)
    assert caught.value.said == "expired, you said [hidden]"
    assert len(raw.requests) == 4


def test_a_call_that_accepts_401_gets_the_second_one():
    with serving(given(), answer("401 No"), given(), answer("401 No")) as raw:
        got = tokens(raw).exchange("GET", f"{raw.url}/things", accept=(401,))
    assert got.status == 401


def test_a_redirect_gets_no_token():
    with serving(answer()) as elsewhere:
        sent = answer("307 Elsewhere", headers=(f"Location: {elsewhere.url}",))
        with serving(given(), sent) as raw, pytest.raises(Misconfigured) as caught:
            tokens(raw).exchange("GET", f"{raw.url}/things")
        assert caught.value.code == "http.redirect"
        assert elsewhere.requests == []


def test_a_token_that_another_call_renewed_already_is_not_dropped():
    def refuse_late(connection):
        tokens(raw)._forget("old")
        assert tokens(raw).token() == "new"
        connection.sendall(answer("401 No", headers=("Connection: close",)))

    with serving(given("old"), refuse_late, given("new"), answer(body=b"[1]")) as raw:
        assert tokens(raw).exchange("GET", f"{raw.url}/things").data == [1]
    fetches = [request for request in raw.requests if request.startswith(b"POST /token")]
    assert len(fetches) == 2
