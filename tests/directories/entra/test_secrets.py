"""No credential shows: not in a log at DEBUG, not in an error, not in a report."""

from __future__ import annotations

import json
import logging
import traceback

import pytest

from directories import oauth
from directories.base import DirectoryError, RemotePasskey
from directories.entra.settings import Credential
from tests.directories.entra.conftest import connect, connect_by_certificate, identity_of
from tests.directories.entra.keys import pair
from tests.directories.entra.stub import TOKEN, VALUE, at
from tests.directories.raw import answer, serving


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "http.client", "authlib", "joserfc"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.fixture
def tokens(monkeypatch) -> list[str]:
    """Every access token that is fetched."""
    found: list[str] = []
    fetched = oauth.Tokens._fetched

    def kept(self):
        token, life = fetched(self)
        found.append(token)
        return token, life

    monkeypatch.setattr(oauth.Tokens, "_fetched", kept)
    return found


def everything(connector, person, identity) -> str:
    """Drive every call that a connector makes; what the failures and results say."""
    shown = [repr(connector), repr(vars(connector))]

    def run(call):
        try:
            shown.append(repr(call()))
        except DirectoryError as error:
            shown.append("".join(traceback.format_exception(error)) + repr(vars(error)))

    asked = {"rp_id": "localhost", "origins": ("http://localhost:5000",), "probe": True}
    for call in (
        lambda: connector.test(**asked),
        lambda: connector.people("", None),
        lambda: connector.people("kim", None),
        lambda: connector.people("", None, assigned=True),
        lambda: connector.groups("", None),
        lambda: connector.find_identity(person, identity.remote_id),
        lambda: connector.list_passkeys(identity),
        lambda: connector.passkey_counts([identity.remote_id]),
        lambda: connector.rules(),
        lambda: connector.remove_passkey(identity, RemotePasskey("AAAA", None)),
        lambda: connector.creation_options(identity).rp_id,
    ):
        run(call)
    return "\n".join(shown)


@pytest.fixture
def identity(tenant):
    return identity_of(tenant.control.users()[0])


def lines_of(pem: str) -> list[str]:
    return [line for line in pem.splitlines() if line and not line.startswith("-----")]


def test_a_whole_life_with_a_secret_shows_none(tenant, connector, person, identity, log, tokens):
    shown = everything(connector, person, identity) + log.text
    assert tokens
    for secret in (tenant.client_secret, *tokens):
        assert secret not in shown
    assert "urllib3" in {record.name.partition(".")[0] for record in log.records}


def test_a_whole_life_with_a_certificate_shows_no_key(tenant, person, identity, log, tokens):
    connector = connect_by_certificate(tenant)
    shown = everything(connector, person, identity) + log.text
    assert tokens
    for secret in (*lines_of(tenant.private_key), *tokens):
        assert secret not in shown


def test_a_wrong_secret_is_not_shown(tenant, person, identity, log):
    connector = connect(tenant, secret=VALUE)
    assert VALUE not in everything(connector, person, identity) + log.text


def test_a_wrong_key_is_not_shown(tenant, person, identity, log):
    strange = pair("stranger")
    connector = connect(
        tenant,
        secret=strange.key,
        credential=Credential.CERTIFICATE,
        certificate=strange.certificate,
    )
    shown = everything(connector, person, identity) + log.text
    assert not any(line in shown for line in lines_of(strange.key))


@pytest.mark.parametrize("fault", ["drop", "redirect", "html", "fail"])
@pytest.mark.parametrize("path", ["/token", "/v1.0/"])
def test_failures_of_every_kind_show_nothing(
    tenant, connector, person, identity, log, tokens, fault, path
):
    how = {"location": "https://evil.example/"} if fault == "redirect" else {}
    getattr(tenant.control, fault)(times=200, path=path, **how)
    shown = everything(connector, person, identity) + log.text
    for secret in (tenant.client_secret, *tokens):
        assert secret not in shown


@pytest.mark.parametrize("status", ["400 No", "403 No", "404 No", "429 No", "500 No"])
def test_a_service_that_echoes_everything_shows_nothing(tenant, person, identity, log, status):
    token = TOKEN["access_token"]
    said = f"you sent {VALUE} and Bearer {token}"
    echo = json.dumps({"error": {"code": "x", "message": said}}).encode()
    good = answer(body=json.dumps(TOKEN).encode())
    with serving(good, answer(status, echo, headers=(f"request-id: {token}",))) as raw:
        shown = everything(at(raw.url), person, identity) + log.text
    assert "[hidden]" in shown
    assert VALUE not in shown
    assert token not in shown
