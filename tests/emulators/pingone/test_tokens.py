"""The token endpoint (pingone.md 1.2, 5)."""

from __future__ import annotations

import pytest
import requests
from requests.auth import HTTPBasicAuth

from tests.emulators.pingone.client import Client, problem

WITHOUT = {"client_id": None, "client_secret": None}


def test_a_worker_gets_a_token_for_one_hour(ping):
    answer = Client(ping).authorise()
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3600)


def test_basic_is_refused_where_post_is_set(ping):
    basic = HTTPBasicAuth(ping.client_id, ping.client_secret)
    answer = Client(ping).authorise(form=WITHOUT, auth=basic)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert "Unsupported authentication method" in answer.json()["error_description"]


def test_post_is_refused_where_basic_is_set(ping):
    ping.control.auth_method("CLIENT_SECRET_BASIC")
    client = Client(ping)
    assert client.authorise().json()["error"] == "invalid_client"
    basic = HTTPBasicAuth(ping.client_id, ping.client_secret)
    assert client.authorise(form=WITHOUT, auth=basic).status_code == 200


def test_a_worker_without_client_authentication_gets_no_token(ping):
    ping.control.auth_method("NONE")
    assert Client(ping).authorise(form={"client_secret": None}).status_code == 401


def test_both_ways_at_once_are_refused(ping):
    basic = HTTPBasicAuth(ping.client_id, ping.client_secret)
    assert Client(ping).authorise(auth=basic).json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "3f02de71-0000-4000-8000-000000000000"}, 401, "invalid_client"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_requests_get_the_oauth_error_form(ping, form, status, error):
    answer = Client(ping).authorise(form=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json().keys() == {"error", "error_description"}


def test_a_json_body_is_refused(ping):
    url = f"{ping.url}/{ping.environment_id}/as/token"
    body = {"grant_type": "client_credentials", "client_id": ping.client_id}
    assert requests.post(url, json=body, timeout=20).json()["error"] == "invalid_request"


def test_a_disabled_worker_gets_no_token(ping):
    ping.control.application(enabled=False)
    assert Client(ping).authorise().status_code == 401


def test_a_worker_without_the_grant_gets_no_token(ping):
    ping.control.application(grantTypes=["AUTHORIZATION_CODE"])
    assert Client(ping).authorise().json()["error"] == "unauthorized_client"


@pytest.mark.parametrize("status", ["404", "400", "401"])
def test_an_unknown_environment_has_variants(ping, status):
    ping.control.vary(unknown_token_environment=status)
    answer = Client(ping).authorise(environment="3f02de71-0000-4000-8000-000000000000")
    assert answer.status_code == int(status)


def test_a_worker_of_another_environment_reaches_this_one(ping):
    client_id, secret = ping.control.add_worker("Identity Data Admin", administrators=True)
    form = {"client_id": client_id, "client_secret": secret}
    client = Client(ping)
    assert client.authorise(form=form).status_code == 401
    assert client.authorise(form=form, environment=ping.administrators_id).status_code == 200
    assert client.users(limit=1)


def test_a_custom_domain_names_no_environment(ping):
    client = Client(ping)
    form = {
        "grant_type": "client_credentials",
        "client_id": ping.client_id,
        "client_secret": ping.client_secret,
    }
    answer = requests.post(f"{ping.url}/as/token", data=form, timeout=20)
    client.token = answer.json()["access_token"]
    assert client.users(limit=1)
    ping.ping.store.delete("customDomain", next(iter(ping.ping.store.all("customDomain")))["id"])
    assert requests.post(f"{ping.url}/as/token", data=form, timeout=20).status_code == 404


def test_a_token_ends_after_an_hour(api):
    assert api.call("GET", "/users?limit=1").status_code == 200
    api.ping.control.forward(3599)
    assert api.call("GET", "/users?limit=1").status_code == 200
    api.ping.control.forward(1)
    answer = api.call("GET", "/users?limit=1")
    assert problem(answer)[:3] == (401, "ACCESS_FAILED", "INVALID_TOKEN")


def test_ended_tokens_are_not_kept(api):
    api.ping.control.forward(3600)
    api.authorise()
    assert len(api.ping.ping.store.items("token")) == 1


@pytest.mark.parametrize("token", ["", "unknown", "eyJhbGciOiJub25lIn0.e30."])
def test_other_tokens_are_refused(api, token):
    api.token = token
    assert problem(api.call("GET", "/users"))[:3] == (401, "ACCESS_FAILED", "INVALID_TOKEN")


def test_revoked_tokens_are_refused(api):
    api.ping.control.revoke_tokens()
    assert api.call("GET", "/users").status_code == 401


def test_a_rotated_secret_ends_the_old_one_and_no_token(api):
    old = api.ping.client_secret
    answer = api.call("POST", f"/applications/{api.ping.client_id}/secret", json={})
    assert answer.json()["secret"] == api.ping.client_secret != old
    assert Client(api.ping).authorise(form={"client_secret": old}).status_code == 401
    assert api.call("GET", "/users?limit=1").status_code == 200
    assert Client(api.ping).authorise().status_code == 200


@pytest.mark.parametrize(("way", "status"), [("another: 401", 401), ("another: 404", 404)])
def test_tokens_of_another_region_have_variants(api, way, status):
    api.ping.control.vary(token_region=way)
    assert api.call("GET", "/users").status_code == status


def test_no_secret_and_no_token_is_recorded(api):
    api.call("GET", "/users?limit=1")
    record = repr(api.ping.control.requests())
    assert api.ping.client_id in record
    assert api.ping.client_secret not in record
    assert api.token not in record
    assert api.token.rpartition(".")[2] not in record
