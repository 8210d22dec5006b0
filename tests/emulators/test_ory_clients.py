"""OAuth2 clients and client credentials (ory.md 5)."""

from __future__ import annotations

import pytest

from emulators.ory.clients import SCOPES, TOKEN_LIFE
from emulators.ory.running import running
from tests.emulators.conftest import Api

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


# -- an OAuth2 gateway before a self-hosted admin port ------------------------------------------


@pytest.fixture
def gated():
    with running(flavour="self-hosted", gateway=True) as ory:
        yield Api(ory)


def own_token(gated, **form) -> dict[str, str]:
    """A header with an access token of the project's own client."""
    form = {"grant_type": "client_credentials", "scope": SCOPES} | gated.ory.ory.client | form
    answer = gated.call("POST", "/oauth2/token", public=True, data=form)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def admitted(gated, headers) -> int:
    return gated.call("GET", "/admin/identities", headers=headers, checked=False).status_code


def test_a_gateway_opens_the_admin_port_to_a_live_token_only(gated):
    headers = own_token(gated)
    assert admitted(gated, headers) == 200
    assert admitted(gated, {}) == 401
    assert admitted(gated, {"Authorization": "Bearer made-up"}) == 401
    assert admitted(gated, {"Authorization": headers["Authorization"].replace("Be", "Du")}) == 401
    assert gated.call("GET", "/health/ready", checked=False).status_code == 401
    assert gated.call("GET", "/schemas", public=True).status_code == 200


def test_a_token_without_the_scopes_is_not_sufficient(gated):
    assert admitted(gated, own_token(gated, scope="openid")) == 403


def test_a_token_is_over_in_time_by_revocation_or_with_its_client(gated):
    first = own_token(gated)
    gated.ory.control.forward(TOKEN_LIFE - 1)
    assert admitted(gated, first) == 200
    gated.ory.control.forward(1)
    assert admitted(gated, first) == 401
    second = own_token(gated)
    gated.ory.control.revoke_tokens()
    assert admitted(gated, second) == 401
    third = own_token(gated)
    client_id = gated.ory.ory.client["client_id"]
    assert gated.call("DELETE", f"/admin/clients/{client_id}", headers=third).status_code == 204
    assert admitted(gated, third) == 401


def test_the_projects_client_survives_a_reset_with_its_secret(gated):
    client = gated.ory.ory.client
    gated.ory.ory.reset()
    assert gated.ory.ory.client == client
    assert admitted(gated, own_token(gated)) == 200


def test_tokens_are_revoked_over_http(gated):
    headers = own_token(gated)
    assert gated.call("POST", "/_emulator/tokens/revoke", public=True).status_code == 204
    assert admitted(gated, headers) == 401
