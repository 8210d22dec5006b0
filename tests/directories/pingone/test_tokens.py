"""How the worker gets its tokens, and what is said when it gets none."""

from __future__ import annotations

import pytest

from directories import oauth
from directories.base import Misconfigured
from directories.pingone import AuthMethod, Region
from tests.directories.pingone.conftest import connect


@pytest.mark.parametrize("method", list(AuthMethod))
def test_a_worker_authenticates_by_either_method(ping, method):
    ping.control.auth_method(f"CLIENT_SECRET_{method.name}")
    assert connect(ping, auth_method=method).people("", None).items


@pytest.mark.parametrize("method", list(AuthMethod))
def test_the_wrong_method_is_explained_with_the_right_one(ping, method):
    right = AuthMethod.BASIC if method is AuthMethod.POST else AuthMethod.POST
    ping.control.auth_method(f"CLIENT_SECRET_{right.name}")
    with pytest.raises(Misconfigured) as caught:
        connect(ping, auth_method=method).people("", None)
    assert caught.value.code == "pingone.auth_method"
    assert f"Choose {right.label}" in caught.value.reason
    assert "Unsupported authentication method" in caught.value.said


def test_a_wrong_secret_is_explained(ping):
    with pytest.raises(Misconfigured) as caught:
        connect(ping, secret="wrong-secret-that-nobody-may-read").people("", None)
    assert caught.value.code == "pingone.client"


@pytest.mark.parametrize("status", ["404", "400", "401"])
def test_a_wrong_environment_is_named_with_its_region(ping, status):
    ping.control.vary(unknown_token_environment=status)
    nowhere = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(Misconfigured) as caught:
        connect(ping, environment_id=nowhere, region=Region.EU).people("", None)
    assert nowhere in caught.value.reason
    assert "European Union" in caught.value.reason


def test_a_worker_of_another_environment_reads_this_one(ping):
    client_id, secret = ping.control.add_worker("Identity Data Admin", administrators=True)
    elsewhere = {"client_id": client_id, "token_environment_id": ping.administrators_id}
    assert connect(ping, secret=secret, **elsewhere).people("", None).items
    with pytest.raises(Misconfigured):
        connect(ping, secret=secret, client_id=client_id).people("", None)


def test_a_custom_domain_gives_tokens_too(ping, sent):
    assert connect(ping, custom_domain="login.example.com").people("", None).items
    (asked,) = sent.of("POST")
    assert asked.url == f"{ping.url}/as/token"


def test_one_token_serves_many_calls(ping, connector, sent):
    connector.people("", None)
    connect(ping).groups("", None)
    assert len(sent.of("POST")) == 1


def test_a_token_that_ended_is_renewed_once(ping, connector, sent):
    connector.people("", None)
    ping.control.revoke_tokens()
    assert connector.people("", None).items
    assert len(sent.of("POST")) == 2


@pytest.mark.parametrize("status", ["401", "404"])
def test_a_token_of_another_region_is_explained(ping, connector, status):
    ping.control.vary(token_region=f"another: {status}")
    with pytest.raises(Misconfigured) as caught:
        connector.people("", None)
    assert caught.value.code in ("http.key", "pingone.environment")
    assert "region" in caught.value.reason


def test_a_changed_secret_never_uses_the_token_of_the_one_before(ping, connector):
    connector.people("", None)
    before = ping.client_secret
    ping.control.rotate_secret()
    assert connect(ping).people("", None).items
    oauth.forget_all()
    with pytest.raises(Misconfigured):
        connect(ping, secret=before).people("", None)
