"""The session that carries every outgoing call, against a server that says anything."""

from __future__ import annotations

import gzip
import logging
import socket

import pytest

from directories.base import AlreadyThere, Misconfigured, NotFound, Refused, Transient
from tests.directories.calls import NOW, SECRET, ask, session
from tests.directories.raw import answer, drip, serving


def test_an_answer_comes_back_as_json():
    with serving(answer(body=b'{"a": [1]}', headers=("X-Request-Id: r-1",))) as raw:
        got = ask(f"{raw.url}/x", params={"q": "a b"})
    assert (got.status, got.data, got.request_id) == (200, {"a": [1]}, "r-1")
    assert raw.requests[0].startswith(b"GET /x?q=a+b HTTP/1.1\r\n")


def test_an_empty_answer_is_no_page():
    empty = b"HTTP/1.1 204 No Content\r\nContent-Type: text/html\r\n\r\n"
    with serving(empty) as raw:
        assert ask(raw.url).data is None


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        ("400 Bad Request", Refused, "http.refused"),
        ("401 Unauthorized", Misconfigured, "http.key"),
        ("403 Forbidden", Misconfigured, "http.forbidden"),
        ("404 Not Found", NotFound, "http.not_found"),
        ("405 Method Not Allowed", Refused, "http.refused"),
        ("408 Request Timeout", Transient, "http.unavailable"),
        ("409 Conflict", AlreadyThere, "http.conflict"),
        ("422 Unprocessable", Refused, "http.refused"),
        ("429 Too Many", Transient, "http.rate"),
        ("500 Oops", Transient, "http.unavailable"),
        ("503 Busy", Transient, "http.unavailable"),
        ("307 Elsewhere", Misconfigured, "http.redirect"),
        ("304 Same", Misconfigured, "http.redirect"),
    ],
)
def test_each_status_says_what_to_do_next(status, error, code):
    body = b'{"error": {"reason": "why", "message": "what", "request": "r-2"}}'
    said = "" if status.startswith("304") else "why: what"
    sent = b"HTTP/1.1 304 Same\r\n\r\n" if not said else answer(status, body)
    with serving(sent) as raw, pytest.raises(error) as caught:
        ask(raw.url)
    assert type(caught.value) is error
    assert (caught.value.code, caught.value.status) == (code, int(status[:3]))
    assert (caught.value.said, caught.value.request_id) == (said, "r-2" if said else "")


def test_a_lost_race_answered_with_400_is_worth_another_try():
    body = b'{"error": {"message": "Unable to serialize access due to a concurrent update"}}'
    with serving(answer("400 Bad Request", body)) as raw, pytest.raises(Transient) as caught:
        ask(raw.url)
    assert caught.value.code == "http.race"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (("Retry-After: 7",), 7),
        (("Retry-After: 7", "x-ratelimit-reset: 3"), 7),
        (("x-ratelimit-reset: 3",), 3),
        ((f"x-ratelimit-reset: {int(NOW.timestamp()) + 30}",), 30),
        (("Retry-After: Sun, 22 Nov 2026 12:01:00 GMT",), 60),
        (("Retry-After: Sun, 22 Nov 2026 11:00:00 GMT",), 0),
        (("Retry-After: soon", "x-ratelimit-reset: 4"), 4),
        (("Retry-After: -5",), None),
        (("Retry-After: 999999",), 3600),
        (("Retry-After: Sun, 99 Nov 2026 11:00:00 GMT",), None),
        ((), None),
    ],
)
def test_a_pause_the_directory_asks_for_is_passed_on(headers, seconds):
    with serving(answer("429 Slow", headers=headers)) as raw, pytest.raises(Transient) as caught:
        ask(raw.url)
    assert caught.value.retry_after == seconds


def test_an_answer_that_is_too_large_is_given_up():
    body = b'"' + b"a" * 200_000 + b'"'
    with serving(answer(body=body)) as raw:
        assert len(ask(raw.url).data) == 200_000
        with pytest.raises(Misconfigured) as caught:
            ask(raw.url, limits={"size": 100_000})
    assert caught.value.code == "http.too_large"


def test_an_answer_that_unpacks_too_large_is_given_up():
    body = gzip.compress(b" " * 50_000_000)
    assert len(body) < 100_000
    sent = answer(body=body, headers=("Content-Encoding: gzip",))
    with serving(sent) as raw, pytest.raises(Misconfigured) as caught:
        ask(raw.url, limits={"size": 1_000_000})
    assert caught.value.code == "http.too_large"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["status", "headers", "body", "body without end"],
)
def test_an_answer_that_drips_is_given_up(head):
    with serving(drip(head)) as raw, pytest.raises(Transient) as caught:
        ask(raw.url, limits={"total": 0.3})
    assert caught.value.code == "http.timeout"


def test_silence_is_a_timeout():
    def say_nothing(connection):
        connection.recv(1)

    with serving(say_nothing) as raw, pytest.raises(Transient) as caught:
        ask(raw.url, limits={"read": 0.1})
    assert caught.value.code == "http.timeout"


def test_nothing_listening_is_worth_another_try():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Transient) as caught:
        ask(f"http://127.0.0.1:{port}")
    assert caught.value.code == "http.connection"


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"not http at all\r\n\r\n"]
)
def test_a_cut_connection_is_worth_another_try(sent):
    with (
        serving(lambda connection: connection.sendall(sent)) as raw,
        pytest.raises(Transient) as caught,
    ):
        ask(raw.url)
    assert caught.value.code == "http.connection"


def test_a_name_that_does_not_resolve_is_worth_another_try(monkeypatch):
    def fails(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(Transient) as caught:
        ask("https://ory.example.com")
    assert caught.value.code == "http.unresolved"


@pytest.mark.parametrize(
    ("sent", "error", "code"),
    [
        (answer(body=b"<!doctype html><p>hi", kind="text/html"), Misconfigured, "http.html"),
        (answer(body=b"  <html>", kind="application/json"), Misconfigured, "http.html"),
        (answer("404 No", b"<p>no", kind="text/html"), Misconfigured, "http.html"),
        (answer("401 No", b"<p>no", kind="text/html"), Misconfigured, "http.key"),
        (answer("502 No", b"<p>no", kind="text/html"), Transient, "http.unavailable"),
        (answer("429 No", b"<p>no", kind="text/html"), Transient, "http.rate"),
        (answer(body=b"pong", kind="text/plain"), Misconfigured, "http.not_json"),
        (answer(body=b""), Misconfigured, "http.not_json"),
        (answer(body=b"[" * 100_000), Misconfigured, "http.not_json"),
        (answer(body=b'{"a": '), Misconfigured, "http.not_json"),
        (answer(body=b"\xff\xfe"), Misconfigured, "http.not_json"),
        (
            answer(body=b"not gzip", headers=("Content-Encoding: gzip",)),
            Misconfigured,
            "http.not_json",
        ),
    ],
)
def test_what_is_not_the_api_is_told_apart(sent, error, code):
    with serving(sent) as raw, pytest.raises(error) as caught:
        ask(raw.url)
    assert caught.value.code == code


def test_the_directorys_words_are_bounded_and_never_hold_the_key():
    body = (f"bad key {SECRET}\\u0007\\n" + f"{SECRET} " * 2000).join(
        ('{"error": {"message": "', '"}}')
    )
    headers = (f"X-Request-Id: {SECRET}-{'r' * 300}",)
    sent = answer("400 No", body.encode(), headers=headers)
    with serving(sent) as raw, pytest.raises(Refused) as caught:
        ask(raw.url)
    assert caught.value.said.startswith("bad key [hidden] [hidden]")
    assert len(caught.value.said) == 500
    assert SECRET not in caught.value.said + caught.value.request_id
    assert len(caught.value.request_id) == 128


def test_plain_words_are_kept_too():
    sent = answer("400 No", SECRET.encode() * 100, kind="text/plain")
    with serving(sent) as raw, pytest.raises(Refused) as caught:
        ask(raw.url)
    assert "[hidden]" in caught.value.said
    assert SECRET[:12] not in caught.value.said


@pytest.mark.parametrize("value", [f"{SECRET}\r\nX: y", f"{SECRET}\u20ac", f" {SECRET}"])
def test_a_key_that_http_cannot_carry_is_never_shown(value):
    with serving(answer()) as raw, pytest.raises(Misconfigured) as caught:
        session().exchange("GET", raw.url, headers={"Authorization": value})
    shown = repr(caught.value) + str(caught.value.__cause__ or "")
    assert caught.value.code == "http.header"
    assert SECRET not in shown
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_nothing_secret_is_logged_at_debug(caplog):
    caplog.set_level(logging.DEBUG)
    with serving(answer(), answer("401 No"), answer("500 No")) as raw:
        ask(raw.url)
        for _ in range(2):
            with pytest.raises((Misconfigured, Transient)):
                ask(raw.url, method="POST", json={"session_token": SECRET})
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    assert SECRET not in caplog.text
