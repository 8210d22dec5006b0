"""The token endpoint with a secret (entra.md 1, 6)."""

from __future__ import annotations

import base64
import json
import uuid

import pytest
import requests

from tests.emulators.graph import Graph, error


def claims(token: str) -> dict:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def refusal(answer: requests.Response) -> tuple[int, str, int]:
    """Status, error and number; every field that the contract lists is there."""
    body = answer.json()
    assert set(body) == {
        "error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id",
        "error_uri",
    }  # fmt: skip
    number = body["error_codes"][0]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body["trace_id"] in body["error_description"]
    assert body["error_uri"].endswith(f"/error?code={number}")
    return answer.status_code, body["error"], number


def test_a_secret_gets_a_token_and_never_a_refresh_token(graph):
    answer = graph.ask()
    assert answer.status_code == 200
    assert set(answer.json()) == {"token_type", "expires_in", "access_token"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3599)


def test_the_tenant_is_named_by_its_id_or_by_a_verified_domain(graph):
    assert graph.ask(graph.entra.domain).status_code == 200
    assert graph.ask(graph.entra.tenant_id.upper()).status_code == 200


def test_a_token_tells_its_tenant_its_application_and_its_roles(graph):
    graph.entra.control.consent("User.Read.All", "Group.Read.All")
    found = claims(graph.ask().json()["access_token"])
    assert found["aud"] == "https://graph.microsoft.com"
    assert (found["tid"], found["appid"]) == (graph.entra.tenant_id, graph.entra.client_id)
    assert found["roles"] == ["User.Read.All", "Group.Read.All"]
    assert found["exp"] - found["iat"] == 3599


def test_the_scope_may_name_the_emulated_graph_or_its_application(graph):
    for resource in (graph.entra.url, "00000003-0000-0000-c000-000000000000"):
        answer = graph.ask(scope=f"{resource}/.default")
        assert claims(answer.json()["access_token"])["aud"] == resource


def test_without_consent_a_token_has_no_roles_and_opens_nothing(graph):
    graph.entra.control.consent()
    graph.renew()
    assert "roles" not in claims(graph.bearer)
    assert error(graph.get("/users")) == (403, "Authorization_RequestDenied")


def test_a_token_keeps_the_roles_it_was_issued_with(graph):
    graph.entra.control.revoke("User.Read.All")
    before = Graph(graph.entra, bearer=graph.ask().json()["access_token"])
    graph.entra.control.grant("User.Read.All")
    assert before.get("/users").status_code == 403
    assert graph.get("/users").status_code == 200


@pytest.mark.parametrize("kind", ["opaque", "jwt without claims"])
def test_a_token_need_not_tell_anything(graph, kind):
    graph.entra.control.vary(access_token=kind)
    graph.renew()
    assert "roles" not in (claims(graph.bearer) if kind != "opaque" else {})
    assert ("." in graph.bearer) is (kind != "opaque")
    assert graph.get("/users?$top=1").status_code == 200


def test_an_audience_may_be_written_in_each_way(graph):
    graph.entra.control.vary(audience="00000003-0000-0000-c000-000000000000")
    found = claims(graph.ask().json()["access_token"])
    assert found["aud"] == "00000003-0000-0000-c000-000000000000"


def test_a_wrong_secret_is_refused(graph):
    assert refusal(graph.ask(client_secret="wrong")) == (401, "invalid_client", 7000215)


def test_the_secret_id_is_no_secret(graph):
    answer = graph.ask(client_secret=graph.entra.client_secret_id)
    assert refusal(answer) == (401, "invalid_client", 7000215)
    assert "not the client secret ID" in answer.json()["error_description"]


def test_an_expired_secret_is_refused(graph):
    graph.entra.control.expire_secret()
    assert refusal(graph.ask()) == (401, "invalid_client", 7000222)


def test_a_secret_expires_by_itself(graph):
    graph.entra.control.expire_secret(in_days=2)
    assert graph.ask().status_code == 200
    graph.entra.control.forward(2 * 86400)
    assert refusal(graph.ask()) == (401, "invalid_client", 7000222)


def test_a_rotated_secret_takes_the_place_of_the_old_one(graph):
    old = graph.entra.client_secret
    new = graph.entra.control.rotate_secret()
    assert graph.ask(client_secret=new).status_code == 200
    assert refusal(graph.ask(client_secret=old))[2] == 7000215


@pytest.mark.parametrize("secret", ["", None])
def test_an_empty_secret_is_none(graph, secret):
    assert refusal(graph.ask(client_secret=secret)) == (401, "invalid_client", 7000218)


def test_an_unknown_application_is_not_found_in_the_tenant(graph):
    answer = graph.ask(client_id=str(uuid.uuid4()))
    assert refusal(answer) == (400, "unauthorized_client", 700016)


def test_a_disabled_application_gets_no_token(graph):
    graph.entra.control.enable_application(False)
    assert refusal(graph.ask()) == (400, "unauthorized_client", 7000112)


@pytest.mark.parametrize("tenant", ["5c1ad8a1-7d0b-4c2b-8a1e-1f0f6d6c2f11", "other.example"])
def test_an_unknown_tenant_is_not_found(graph, tenant):
    assert refusal(graph.ask(tenant)) == (400, "invalid_request", 90002)


@pytest.mark.parametrize(
    "scope",
    [
        None,
        "",
        ".default",
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/User.Read.All",
        "https://graph.microsoft.us/.default",
    ],
)
def test_a_scope_is_a_resource_with_default(graph, scope):
    assert refusal(graph.ask(scope=scope)) == (400, "invalid_scope", 70011)


@pytest.mark.parametrize("grant", ["password", "authorization_code"])
def test_only_client_credentials_are_granted(graph, grant):
    assert refusal(graph.ask(grant_type=grant)) == (400, "unsupported_grant_type", 70003)


def test_a_grant_type_is_needed(graph):
    assert refusal(graph.ask(grant_type=None)) == (400, "invalid_request", 900144)


def test_a_body_is_a_form(graph):
    form = {"client_id": graph.entra.client_id, "client_secret": graph.entra.client_secret}
    answer = graph.ask(
        raw=json.dumps(form | {"grant_type": "client_credentials"}),
        headers={"Content-Type": "application/json"},
    )
    assert refusal(answer) == (400, "invalid_request", 900144)


def test_a_form_in_parts_is_no_form_here(graph):
    form = {
        "client_id": graph.entra.client_id,
        "client_secret": graph.entra.client_secret,
        "scope": "https://graph.microsoft.com/.default",
        "grant_type": "client_credentials",
    }
    url = f"{graph.entra.url}/{graph.entra.tenant_id}/oauth2/v2.0/token"
    parts = {name: (None, value) for name, value in form.items()}
    answer = requests.post(url, files=parts, timeout=10)
    assert refusal(answer) == (400, "invalid_request", 900144)


def test_a_client_id_is_needed(graph):
    assert refusal(graph.ask(client_id=None)) == (400, "invalid_request", 900144)


def test_basic_credentials_work_only_where_a_switch_says_so(graph):
    basic = (graph.entra.client_id, graph.entra.client_secret)
    how = {"auth": basic, "client_id": None, "client_secret": None}
    assert refusal(graph.ask(**how))[2] == 7000218
    graph.entra.control.vary(basic_credentials="accepted")
    assert graph.ask(**how).status_code == 200


def test_only_posts_get_tokens(graph):
    url = f"{graph.entra.url}/{graph.entra.tenant_id}/oauth2/v2.0/token"
    assert requests.get(url, timeout=10).status_code == 405


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic x"}])
def test_graph_demands_a_token(graph, header):
    answer = requests.get(f"{graph.entra.url}/v1.0/users", headers=header, timeout=10)
    assert error(answer) == (401, "InvalidAuthenticationToken")
    assert answer.json()["error"]["message"] == "Access token is empty."


def test_graph_refuses_a_token_it_never_saw(graph):
    graph.renew()
    graph.bearer = graph.bearer[:-4] + "AAAA"
    assert error(graph.get("/users")) == (401, "InvalidAuthenticationToken")
    assert error(graph.get("/nothing/here")) == (401, "InvalidAuthenticationToken")


def test_a_token_expires(graph):
    assert graph.get("/users?$top=1").status_code == 200
    graph.entra.control.forward(3600)
    assert error(graph.get("/users")) == (401, "InvalidAuthenticationToken")
    graph.renew()
    graph.entra.control.expire_tokens()
    assert error(graph.get("/users")) == (401, "InvalidAuthenticationToken")


def test_the_life_of_tokens_can_be_short(graph):
    graph.entra.control.token_life(30)
    assert graph.ask().json()["expires_in"] == 30
    graph.renew()
    graph.entra.control.forward(31)
    assert graph.get("/users").status_code == 401
