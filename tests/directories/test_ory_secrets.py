"""No credential shows: not in a log at DEBUG, not in an error, not in a report."""

from __future__ import annotations

import logging
import traceback

import pytest

from directories.base import DirectoryError
from directories.destinations import Destinations
from directories.ory import Auth, OryConnector
from tests.directories.conftest import QUICK, connect, passkey_of, settings_for
from tests.directories.raw import answer, serving

PROOF_PARTS = ("signature", "authenticatorData", "clientDataJSON")


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "http.client"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def everything(connector, person, key) -> str:
    """Drive every call that a connector makes; what the failures and results say."""
    shown = []
    tokens = []

    def run(call):
        try:
            shown.append(repr(call()))
        except DirectoryError as error:
            shown.append("".join(traceback.format_exception(error)) + repr(vars(error)))

    def prove():
        begun = connector.begin_proof()
        assertion = key.sign(begun.options["challenge"])
        tokens.extend(assertion["response"][part] for part in PROOF_PARTS)
        return connector.finish_proof(begun.flow, assertion)

    run(lambda: connector.test(rp_id="localhost", origins=("http://localhost:5000",), probe=True))
    run(lambda: connector.identity_schemas())
    run(lambda: connector.people("", None))
    run(lambda: connector.put_identity(person, passkey_of(key)))
    run(lambda: connector.find_identity(person, None))
    run(prove)
    identity = None
    try:
        identity = connector.find_identity(person, None)
    except DirectoryError as error:
        shown.append(repr(error))
    if identity is not None:
        run(lambda: connector.put_passkey(identity, passkey_of(key), None))
        for passkey in connector.list_passkeys(identity):
            run(lambda passkey=passkey: connector.remove_passkey(identity, passkey))
    text = "\n".join(shown)
    assert not any(token in text for token in tokens)
    return text


def test_a_whole_life_at_ory_shows_no_credential(ory, connector, person, key, log, monkeypatch):
    tokens = []
    open_session = ory.ory.sessions.open

    def opened(*args, **kwargs):
        answer = open_session(*args, **kwargs)
        tokens.append(answer["session_token"])
        return answer

    monkeypatch.setattr(ory.ory.sessions, "open", opened)
    shown = everything(connector, person, key)
    assert tokens
    for secret in (ory.api_key, *tokens):
        assert secret not in shown
        assert secret not in log.text
    assert "urllib3" in {record.name.partition(".")[0] for record in log.records}


@pytest.mark.parametrize("auth", [Auth.BEARER, Auth.HEADER])
def test_a_wrong_key_is_not_shown(start, person, key, log, auth):
    secret = "wrong-key-that-nobody-may-read"
    ory = start(flavour="self-hosted", proxy_header=("X-Gate", "right"))
    connector = connect(ory, key=secret, auth=auth, header_name="X-Gate")
    assert secret not in everything(connector, person, key) + log.text + repr(connector)


@pytest.mark.parametrize("status", ["400 No", "401 No", "404 No", "409 No", "429 No", "500 No"])
def test_a_directory_that_echoes_everything_shows_no_key(ory, person, key, log, status):
    secret = "ory_pat_echoed-by-a-careless-proxy"
    body = f'{{"error": {{"message": "you sent Authorization: Bearer {secret}"}}}}'.encode()
    sent = answer(status, body, headers=(f"X-Request-Id: {secret}",))
    with serving(sent) as raw:
        settings = settings_for(ory, endpoint=raw.url)
        connector = OryConnector(settings, secret, Destinations.of(["127.0.0.1"]), limits=QUICK)
        shown = everything(connector, person, key)
    assert "[hidden]" in shown
    assert secret not in shown + log.text


@pytest.mark.parametrize("fault", ["drop", "redirect", "html", "fail"])
def test_failures_of_every_kind_show_no_key(ory, connector, person, key, log, fault):
    how = {"location": "https://evil.example/"} if fault == "redirect" else {}
    getattr(ory.control, fault)(times=100, **how)
    shown = everything(connector, person, key)
    assert ory.api_key not in shown + log.text
