"""No credential shows: not in a log at DEBUG, not in an error, not in a report."""

from __future__ import annotations

import base64
import logging
import traceback

import pytest

from directories import oauth
from directories.base import DirectoryError, RemoteIdentity
from directories.pingone import AuthMethod
from tests.directories.pingone.conftest import OURS, connect
from tests.directories.raw import answer, serving


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "http.client", "authlib"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def everything(connector, person) -> str:
    """Drive every call that a connector makes; what the failures and results say."""
    shown = []

    def run(call):
        try:
            shown.append(repr(call()))
        except DirectoryError as error:
            shown.append("".join(traceback.format_exception(error)) + repr(vars(error)))

    run(lambda: connector.test(rp_id="localhost", origins=OURS, probe=True))
    run(lambda: connector.people("ada", None))
    run(lambda: connector.groups("", None))
    run(connector.mfa_policies)
    run(connector.rules)
    someone = "00000000-0000-4000-8000-000000000001"
    run(lambda: connector.find_identity(person, someone))
    run(lambda: connector.passkey_counts([someone]))
    run(lambda: connector.creation_options(RemoteIdentity(someone, "Ada")))
    return "\n".join([*shown, repr(connector), repr(vars(connector))])


@pytest.mark.parametrize("method", list(AuthMethod))
def test_a_whole_life_at_pingone_shows_no_credential(ping, person, log, monkeypatch, method):
    ping.control.auth_method(f"CLIENT_SECRET_{method.name}")
    tokens = set()
    fetch = oauth.Tokens.token

    def fetched(self):
        token = fetch(self)
        tokens.add(token)
        return token

    monkeypatch.setattr(oauth.Tokens, "token", fetched)
    shown = everything(connect(ping, auth_method=method), person)
    basic = base64.b64encode(f"{ping.client_id}:{ping.client_secret}".encode()).decode()
    assert tokens
    for secret in (ping.client_secret, basic, *tokens):
        assert secret not in shown
        assert secret not in log.text
    assert "urllib3" in {record.name.partition(".")[0] for record in log.records}


@pytest.mark.parametrize("method", list(AuthMethod))
def test_a_wrong_secret_is_not_shown(ping, person, log, method):
    secret = "wrong-secret-that-nobody-may-read"
    shown = everything(connect(ping, secret=secret, auth_method=method), person)
    assert secret not in shown + log.text


@pytest.mark.parametrize("issued", [True, False])
@pytest.mark.parametrize("status", ["400 No", "401 No", "403 No", "404 No", "429 No", "500 No"])
def test_a_directory_that_echoes_everything_shows_no_secret(ping, person, log, status, issued):
    secret, token = "a-secret.echoed-by-a_careless~proxy", "a-token.echoed-by-a_careless~proxy"
    refused = status.startswith("401")  # then the token is one no longer
    sent = [secret, token] if issued and not refused else [secret]
    good = f'{{"access_token": "{token}", "token_type": "Bearer", "expires_in": 3600}}'.encode()
    told = "you sent " + " and ".join(sent)
    body = (
        f'{{"id": "{sent[-1]}", "code": "NO", "message": "{told}", '
        f'"details": [{{"code": "{secret}", "message": "{told} again"}}]}}'
    ).encode()
    bad = answer(status, body, headers=(f"X-Request-Id: {secret}",))
    with serving(answer(body=good) if issued else bad, bad) as raw:
        place = {"auth_url": raw.url, "api_url": raw.url}
        shown = everything(connect(ping, secret=secret, **place), person)
    assert "[hidden]" in shown
    for one in sent:
        assert one not in shown + log.text


@pytest.mark.parametrize("fault", ["drop", "redirect", "html", "fail"])
def test_failures_of_every_kind_show_no_secret(ping, connector, person, log, fault):
    how = {"location": "https://evil.example/"} if fault == "redirect" else {}
    getattr(ping.control, fault)(times=200, **how)
    assert ping.client_secret not in everything(connector, person) + log.text
