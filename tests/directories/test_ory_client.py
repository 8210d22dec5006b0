"""The project's OAuth2 client: tried on Ory Network, the way in where a gateway stands."""

from __future__ import annotations

import logging

import pytest

from directories import oauth
from directories.base import CheckState, Misconfigured
from directories.ory.client import SCOPES
from emulators.ory.clients import TOKEN_LIFE
from tests.directories.conftest import connect_client, entries, make
from tests.directories.test_ory_secrets import everything

RP = {"rp_id": "localhost", "origins": ("http://localhost:5000",)}
CHECK = "ory.oauth2_client"


@pytest.fixture(autouse=True)
def nothing_kept():
    oauth.forget_all()
    yield
    oauth.forget_all()


@pytest.fixture
def gated(start):
    return start(flavour="self-hosted", gateway=True)


def states(report) -> dict[str, str]:
    return {one.code: one.state.value for one in report.checks}


def check(report, code=CHECK):
    return next(one for one in report.checks if one.code == code)


def allow(ory, **changes) -> None:
    """Register the project's client differently."""
    client = ory.ory.client
    ory.ory.clients.delete(client["client_id"])
    body = {
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
    }
    ory.ory.clients.create(client | body | changes, now=ory.ory.now())


# -- on Ory Network -----------------------------------------------------------------------------


def test_a_client_on_ory_network_is_tried_and_used_for_nothing_else(ory, sent):
    report = connect_client(ory).test(**RP, probe=True)
    assert check(report).state is CheckState.PASSED
    assert SCOPES in check(report).evidence
    assert report.verified
    assert report.signs_in
    asked = sent.of("POST", "/oauth2/token")
    assert len(asked) == 1
    assert "Authorization" not in asked[0].headers
    key = f"Bearer {ory.api_key}"
    admin = [one for one in sent.requests if "/admin/" in one.url]
    assert admin
    assert all(one.headers["Authorization"] == key for one in admin)


def test_a_connection_without_a_client_is_not_asked_for_one(connector, sent):
    report = connector.test(**RP, probe=False)
    assert CHECK not in states(report)
    assert not sent.of("POST", "/oauth2/token")


def test_a_client_that_fails_on_ory_network_blocks_nothing_and_is_said(ory):
    report = connect_client(ory, client_secret="wrong").test(**RP, probe=True)
    found = check(report)
    assert found.state is CheckState.FAILED
    assert found.said.startswith("Client authentication failed")
    assert "client_secret_post" in found.remedy
    assert report.verified
    assert report.signs_in
    assert states(report)["ory.identities"] == "passed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token_endpoint_auth_method": "client_secret_basic"}, "client_secret_post"),
        ({"grant_types": ["authorization_code"]}, "client credentials"),
        ({"scope": "openid"}, SCOPES),
    ],
)
def test_a_client_that_is_registered_otherwise_is_told_what_to_change(ory, changes, code):
    allow(ory, **changes)
    assert code in check(connect_client(ory).test(**RP, probe=False)).remedy


def test_each_test_fetches_a_token_anew(ory):
    connector = connect_client(ory)
    assert check(connector.test(**RP, probe=False)).state is CheckState.PASSED
    ory.ory.clients.delete(ory.ory.client["client_id"])
    assert check(connector.test(**RP, probe=False)).state is CheckState.FAILED


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 503}, "Try again"),
        ({"status": 404, "body": '{"error": {"message": "no"}}'}, "token address"),
    ],
)
def test_a_token_endpoint_that_fails_is_told_apart(ory, fault, said):
    ory.control.fail(path="/oauth2/token", **fault)
    found = check(connect_client(ory).test(**RP, probe=False))
    assert found.state is CheckState.FAILED
    assert said in found.remedy


# -- through a gateway --------------------------------------------------------------------------


def test_a_whole_delivery_goes_through_a_gateway(gated, person, passkey, sent):
    connector = connect_client(gated)
    report = connector.test(**RP, probe=True)
    assert report.verified
    assert report.signs_in
    assert "admin API carry it" in check(report).evidence
    written = connector.put_identity(person, passkey)
    assert len(entries(gated, written.identity.remote_id)) == 1
    assert connector.find_identity(person, None) == written.identity
    (kept,) = connector.list_passkeys(written.identity)
    connector.remove_passkey(written.identity, kept)
    assert entries(gated, written.identity.remote_id) == []
    assert len(sent.of("POST", "/oauth2/token")) == 1
    for one in sent.requests:
        on_admin_port = one.url.startswith(gated.admin_url)
        assert ("Authorization" in one.headers) is on_admin_port


@pytest.mark.parametrize("over", ["expired", "revoked"])
def test_a_token_that_is_over_is_renewed_in_the_middle_of_the_work(gated, sent, over):
    connector = connect_client(gated)
    make(gated, "ada.lovelace@example.com")
    assert connector.people("ada.lovelace@example.com", None).items
    if over == "expired":
        gated.control.forward(TOKEN_LIFE)
    else:
        gated.control.revoke_tokens()
    assert connector.people("ada.lovelace@example.com", None).items
    assert len(sent.of("POST", "/oauth2/token")) == 2


def test_a_client_that_gets_no_token_blocks_what_its_tokens_open(gated, sent):
    report = connect_client(gated, client_secret="wrong").test(**RP, probe=False)
    assert check(report).state is CheckState.FAILED
    assert not report.verified
    assert report.signs_in is False
    assert not states(report).keys() & {"ory.ready", "ory.identities", "ory.import"}
    assert states(report)["ory.schemas"] == "passed"
    assert not [one for one in sent.requests if one.url.startswith(gated.admin_url)]


def test_a_gateway_that_takes_no_token_is_told_from_a_client_without_one(gated, monkeypatch):
    monkeypatch.setattr(gated.ory.clients, "live", lambda token, *, now: None)
    report = connect_client(gated).test(**RP, probe=False)
    assert check(report).state is CheckState.PASSED
    found = check(report, "ory.identities")
    assert found.state is CheckState.FAILED
    assert "scopes" in found.remedy
    assert not report.verified


def test_a_token_with_too_little_is_refused_once_and_said(gated, monkeypatch):
    monkeypatch.setattr(gated.ory.clients, "live", lambda token, *, now: frozenset(("openid",)))
    found = check(connect_client(gated).test(**RP, probe=False), "ory.identities")
    assert "gateway" in found.remedy
    assert found.said.startswith("Access credentials are not sufficient")


def test_a_wrong_secret_holds_a_delivery_with_orys_words(gated, person):
    connector = connect_client(gated, client_secret="wrong")
    with pytest.raises(Misconfigured) as caught:
        connector.find_identity(person, None)
    assert caught.value.code == "ory.invalid_client"
    assert caught.value.said.startswith("Client authentication failed")


# -- nothing shows ------------------------------------------------------------------------------


@pytest.mark.parametrize("right", [True, False])
def test_neither_the_clients_secret_nor_a_token_shows(gated, person, key, caplog, right):
    caplog.set_level(logging.DEBUG)
    secret = gated.ory.client["client_secret"] if right else "wrong-secret-nobody-may-read"
    connector = connect_client(gated, client_secret=secret)
    given = []
    fetch = gated.ory.clients.token

    def fetched(**how):
        answer = fetch(**how)
        given.append(answer["access_token"])
        return answer

    gated.ory.clients.token = fetched
    shown = everything(connector, person, key) + repr(vars(connector)) + caplog.text
    assert bool(given) is right
    for hidden in (secret, *given):
        assert hidden not in shown
