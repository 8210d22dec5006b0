"""OAuth2 clients and client credentials (ory.md 5)."""

from __future__ import annotations

import pytest

CLIENT = {
    "client_name": "latchkey",
    "grant_types": ["client_credentials"],
    "scope": "read write",
}


def make(api, **more):
    return api.call("POST", "/admin/clients", json=CLIENT | more).json()


def token(api, client, method, **form):
    form = {"grant_type": "client_credentials", "scope": "read"} | form
    more = {}
    if method == "client_secret_basic":
        more["auth"] = (client["client_id"], client["client_secret"])
    else:
        form |= {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    return api.call("POST", "/oauth2/token", public=True, headers={}, data=form, **more)


def test_a_secret_is_told_once(api):
    client = make(api)
    shown = api.call("GET", f"/admin/clients/{client['client_id']}").json()
    assert client["client_secret"]
    assert "client_secret" not in shown
    assert client["client_secret"] not in api.call("GET", "/admin/clients").text


@pytest.mark.parametrize("registered", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("used", ["client_secret_basic", "client_secret_post"])
def test_another_method_than_registered_is_an_invalid_client(api, registered, used):
    client = make(api, token_endpoint_auth_method=registered)
    answer = token(api, client, used)
    if used == registered:
        assert answer.status_code == 200
        assert answer.json()["token_type"] == "bearer"
    else:
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_machine_token_does_not_open_the_admin_api(api):
    granted = token(api, make(api), "client_secret_basic").json()["access_token"]
    headers = {"Authorization": f"Bearer {granted}"}
    assert api.call("GET", "/admin/identities", headers=headers).status_code == 401


def test_wrong_secrets_scopes_and_grants_are_refused(api):
    client = make(api)
    wrong = client | {"client_secret": "wrong"}
    assert token(api, wrong, "client_secret_basic").status_code == 401
    scope = token(api, client, "client_secret_basic", scope="admin")
    assert (scope.status_code, scope.json()["error"]) == (400, "invalid_scope")
    other = make(api, grant_types=["authorization_code"])
    grant = token(api, other, "client_secret_basic")
    assert (grant.status_code, grant.json()["error"]) == (400, "unauthorized_client")
    kind = token(api, client, "client_secret_basic", grant_type="password")
    assert kind.json()["error"] == "unsupported_grant_type"


def test_a_chosen_id_is_taken_once(api):
    make(api, client_id="latchkey")
    assert (
        api.call("POST", "/admin/clients", json=CLIENT | {"client_id": "latchkey"}).status_code
        == 409
    )
    assert api.call("DELETE", "/admin/clients/latchkey").status_code == 204
    assert api.call("GET", "/admin/clients/latchkey").status_code == 404


def test_discovery_names_the_token_endpoint(api):
    found = api.call("GET", "/.well-known/openid-configuration", public=True, headers={}).json()
    assert found["token_endpoint"] == f"{api.ory.url}/oauth2/token"
