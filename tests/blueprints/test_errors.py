"""How the portal says no."""

from __future__ import annotations

import logging
import re
import uuid

import pytest

from services.refusal import Refusal
from tests.blueprints.conftest import said
from tests.visitor import Visitor

ORIGIN = "http://localhost:5000"


def test_unknown_addresses_are_not_found(client):
    for path in ("/nothing", "/admin/nothing", "/passkeys/x/y", "/help/nothing", "/%00"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "404 · http_404" in said(answer)


def test_a_method_that_is_not_taken_says_which_are(client):
    answer = client.put("/sign-in")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_an_unknown_purpose_is_answered_in_json(app):
    answer = Visitor(app).options("dance")
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "http_404"
    assert set(answer.json["error"]) == {"code", "message", "detail"}


def test_too_much_is_refused_in_a_sentence(app):
    answer = Visitor(app).send("/sign-in", {"response": "x" * 600_000})
    assert answer.status_code == 413
    assert "larger than Latchkey takes" in said(answer)


def test_a_refusal_is_a_page_with_its_sentence_and_code(app, monkeypatch):
    def refuse():
        raise Refusal("sample_code", "This is the sentence.", status=409)

    monkeypatch.setitem(app.view_functions, "home.index", refuse)
    answer = Visitor(app).get("/")
    assert answer.status_code == 409
    assert "This is the sentence." in said(answer)
    assert "sample_code" in said(answer)


@pytest.mark.parametrize("json", [False, True])
def test_what_nobody_foresaw_says_nothing_of_itself(app, monkeypatch, caplog, json):
    def fail(**_):
        raise ZeroDivisionError("a secret thing")

    fail.answers_json = json
    monkeypatch.setitem(app.view_functions, "links.show", fail)
    app.testing = False
    with caplog.at_level(logging.DEBUG):
        answer = Visitor(app).get("/links/the-token-in-the-path")
    assert answer.status_code == 500
    assert "a secret thing" not in answer.text
    assert answer.is_json is json
    assert "Exception in links.show [GET]" in caplog.text
    assert "the-token-in-the-path" not in caplog.text
    assert answer.headers["Content-Security-Policy"]


def test_the_page_for_a_broken_database_needs_none(app, portal, monkeypatch):
    def broken():
        raise OSError("no database")

    visitor = Visitor(app)
    monkeypatch.setattr(portal.database, "read", broken)
    app.testing = False
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "Something went wrong" in said(answer)


class TestStaleForms:
    """A form whose token no longer fits loses nothing, and a forged one shows nothing."""

    def send(self, visitor, **headers):
        fields = {"csrf_token": "stale", "given_name": "Radia <b>"}
        return visitor.client.post(
            "/admin/people/new", data=fields, headers=headers, base_url=ORIGIN
        )

    def test_our_own_page_may_send_it_again(self, administrator):
        answer = self.send(administrator, Origin=ORIGIN)
        assert answer.status_code == 400
        assert "nothing you typed is lost" in said(answer)
        assert "form_stale" in said(answer)
        form = answer.text.partition('action="/admin/people/new">')[2].partition("</form>")[0]
        hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        assert hidden["given_name"] == "Radia &lt;b&gt;"
        assert hidden["csrf_token"] != "stale"
        hidden["given_name"], hidden["family_name"] = "Radia", "Perlman"
        hidden["email"] = "radia@example.com"
        again = administrator.client.post(
            "/admin/people/new", data={**hidden, "display_name": "Radia"}, base_url=ORIGIN
        )
        assert again.status_code == 303

    def test_a_typed_key_is_in_no_page(self, administrator):
        fields = {"csrf_token": "stale", "name": "Ory", "secret": "ory_pat_typed"}
        answer = administrator.client.post(
            f"/admin/directories/new/ory?attempt={uuid.uuid4()}",
            data=fields,
            headers={"Origin": ORIGIN},
            base_url=ORIGIN,
        )
        assert answer.status_code == 400
        assert 'value="Ory"' in answer.text
        assert "ory_pat_typed" not in answer.text

    @pytest.mark.parametrize("headers", [{}, {"Origin": "https://example.net"}, {"Origin": "null"}])
    def test_anybody_elses_page_may_not(self, administrator, headers):
        answer = self.send(administrator, **headers)
        assert answer.status_code == 400
        assert "Radia" not in answer.text
        assert "Nothing was changed" in said(answer)

    def test_a_script_is_told_in_json(self, client):
        answer = client.post("/ceremonies/sign-in/options")
        assert answer.status_code == 400
        assert answer.json["error"]["code"] == "form_stale"


class TestHosts:
    """The portal answers at its own names only."""

    def test_this_machines_number_leads_to_the_configured_origin(self, client):
        for host in ("127.0.0.1:5000", "127.0.0.1", "127.3.2.1:80", "[::1]:5000"):
            answer = client.get("/help/browser?a=b%20c", headers={"Host": host})
            assert answer.status_code == 302
            assert answer.location == f"{ORIGIN}/help/browser?a=b%20c"

    def test_an_odd_path_does_not_lead_elsewhere(self, client):
        answer = client.get("//example.net/x", headers={"Host": "127.0.0.1"})
        assert answer.location.startswith(f"{ORIGIN}/")

    def test_any_other_number_is_told_what_to_do(self, client):
        for host in ("192.0.2.7", "192.0.2.7:5000", "[2001:db8::1]:5000"):
            answer = client.get("/", headers={"Host": host})
            assert answer.status_code == 400
            assert "Open this page by its name" in said(answer)
            assert f'href="{ORIGIN}"' in answer.text

    def test_nothing_is_posted_to_a_number(self, client):
        answer = client.post("/sign-in", headers={"Host": "127.0.0.1:5000"})
        assert answer.status_code == 400

    @pytest.mark.parametrize("host", ["example.net", "localhost.example.net", "x" * 300, "a b", ""])
    def test_another_name_is_not_ours(self, client, host):
        answer = client.get("/", headers={"Host": host})
        assert answer.status_code == 400
        assert "example.net" not in answer.text
        assert answer.headers["Content-Security-Policy"]


def test_help_is_there_for_everyone(client):
    for topic in ("browser", "leftover", "sign-in"):
        answer = client.get(f"/help/{topic}")
        assert answer.status_code == 200
        assert "More help" in said(answer)


def test_health_is_for_machines(client):
    assert client.get("/health").json == {"status": "ok"}
