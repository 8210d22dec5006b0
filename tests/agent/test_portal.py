"""How the agent speaks to a portal: bounded, without redirects, and again where nothing came."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from latchkey_agent.link import Link
from latchkey_agent.portal import LIMIT_BYTES, PAUSES_SECONDS, Portal
from latchkey_agent.stop import Exit, Refused, Stop

TOKEN = "t" * 43


@contextmanager
def answering(*answers):
    """A server that gives these answers, one after another: a status and a body, or a hang-up."""
    asked, left = [], list(answers)

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            asked.append((self.command, self.path, dict(self.headers), parse_qs(body)))
            answer = left.pop(0)
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, text, *headers = answer
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text if isinstance(text, bytes) else json.dumps(text).encode())

        do_GET = do_POST = handle_one  # noqa: N815 -- named by the library

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    waited = []
    link = Link(f"http://127.0.0.1:{server.server_address[1]}", "agent", TOKEN)
    try:
        yield Portal(link, sleep=waited.append), asked, waited
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_question_is_a_form_without_cookies():
    with answering((200, {"a": 1}, ("Set-Cookie", "one=1")), (200, {})) as (portal, asked, _):
        portal.secret = "s" * 43
        assert portal.post("look", token=TOKEN, kind="agent") == {"a": 1}
        portal.get("state")
    method, path, headers, fields = asked[0]
    assert (method, path) == ("POST", "/agent/look")
    assert fields == {"token": [TOKEN], "kind": ["agent"]}
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Authorization"] == f"Bearer {'s' * 43}"
    assert asked[1][0] == "GET"
    assert not [name for _, _, sent, _ in asked for name in sent if name.casefold() == "cookie"]


def test_an_answer_that_was_lost_is_asked_for_again():
    with answering(None, (503, {}), (200, {"a": 1})) as (portal, asked, waited):
        assert portal.post("answer", ceremony="one", response="{}") == {"a": 1}
    assert len({json.dumps(fields) for *_, fields in asked}) == 1
    assert waited == list(PAUSES_SECONDS[:2])


def test_a_portal_that_never_answers_is_given_up():
    with answering(*[None] * 5) as (portal, asked, waited), pytest.raises(Stop) as stop:
        portal.get("state")
    assert (stop.value.exit, stop.value.code) == (Exit.UNREACHABLE, "portal_unreachable")
    assert waited == list(PAUSES_SECONDS)
    assert len(asked) == 5


@pytest.mark.parametrize("status", [401, 404, 410, 422, 429, 500, 502])
def test_a_refusal_is_passed_on_and_not_asked_for_again(status):
    error = {"error": {"code": "agent_token_used", "message": "Used.", "detail": ""}}
    with answering((status, error)) as (portal, asked, _), pytest.raises(Refused) as refused:
        portal.post("exchange", token=TOKEN)
    assert (refused.value.code, refused.value.sentence) == ("agent_token_used", "Used.")
    assert refused.value.exit == Exit.REFUSED
    assert len(asked) == 1


def test_a_redirect_is_not_followed():
    elsewhere = (302, {}, ("Location", "http://127.0.0.1:1/agent/look"))
    with answering(elsewhere) as (portal, asked, _), pytest.raises(Stop) as stop:
        portal.post("look", token=TOKEN)
    assert stop.value.code == "portal_unreadable"
    assert len(asked) == 1


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{" + b" " * LIMIT_BYTES + b"}", b'{"error": 1}'], ids=range(4)
)
@pytest.mark.parametrize("status", [200, 400])
def test_what_no_portal_answers_is_told(status, body):
    if (status, body) == (200, b'{"error": 1}'):
        pytest.skip("an object like any other")
    with answering((status, body)) as (portal, _, _), pytest.raises(Stop) as stop:
        portal.get("state")
    assert stop.value.code == "portal_unreadable"
