"""Limits, young environments, faults, control, and what stays (pingone.md 1.4, 6.8)."""

from __future__ import annotations

import json
import stat

import pytest
import requests

from emulators.pingone.running import running
from tests.emulators.pingone.client import Client, problem

PATH = "/users?limit=1"


def control(api, method: str, path: str, **more) -> requests.Response:
    return requests.request(method, f"{api.ping.url}/_emulator{path}", timeout=20, **more)


@pytest.mark.parametrize("code", ["LIMIT_EXCEEDED", "QUOTA_EXCEEDED"])
def test_a_rate_limit_tells_when_to_come_back(api, code):
    api.ping.control.vary(rate_limit_code=code)
    api.ping.control.limit(1, seconds=30)
    assert api.call("GET", PATH).status_code == 200
    answer = api.call("GET", PATH)
    assert problem(answer)[:3] == (429, "REQUEST_LIMITED", code)
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    inner = answer.json()["details"][0]["innerError"]
    assert inner["retryAfter"] == inner["quotaResetTime"]
    assert Client(api.ping).authorise().status_code == 200
    api.ping.control.forward(30)
    assert api.call("GET", PATH).status_code == 200


def test_retry_after_has_variants(api):
    api.ping.control.limit(0)
    api.ping.control.vary(retry_after="date")
    assert api.call("GET", PATH).headers["Retry-After"].endswith("GMT")
    api.ping.control.vary(retry_after="absent")
    assert "Retry-After" not in api.call("GET", PATH).headers
    api.ping.control.clear_faults()
    assert api.call("GET", PATH).status_code == 200


@pytest.mark.parametrize("status", ["403", "404", "500"])
def test_mfa_endpoints_fail_just_after_an_environment_was_made(api, person, status):
    api.ping.control.vary(young_environment=status)
    api.ping.control.new_environment()
    for path in ("/fido2Policies", "/deviceAuthenticationPolicies", f"/users/{person}/devices"):
        assert api.call("GET", path).status_code == int(status)
    for path in ("", PATH, "/populations"):
        assert api.call("GET", path).status_code == 200
    api.ping.control.forward(17)
    assert api.call("GET", "/fido2Policies").status_code == 200


def test_faults_answer_in_pings_shape(api):
    api.ping.control.fail(status=503, path="/users")
    answer = api.call("GET", PATH)
    assert problem(answer)[:2] == (503, "UNEXPECTED_ERROR")
    assert answer.json()["id"]
    assert api.call("GET", PATH).status_code == 200


def test_a_cut_connection_may_have_done_its_work(api, person):
    api.ping.control.drop(after=True, method="POST", path="/devices$")
    with pytest.raises(requests.ConnectionError):
        api.begin(person)
    assert len(api.ping.control.devices(person)) == 1


def test_everything_is_controlled_over_http_too(api, person):
    assert control(api, "PUT", "/limit", json={"left": 0}).status_code == 204
    assert api.call("GET", PATH).status_code == 429
    control(api, "DELETE", "/faults")
    assert api.call("GET", PATH).status_code == 200
    control(api, "PUT", "/roles", json={"names": ["Identity Data Admin"]})
    assert api.call("GET", "/fido2Policies").status_code == 403
    control(api, "PUT", "/variants", json={"identity_data_reads_policies": "accepted"})
    assert api.call("GET", "/fido2Policies").status_code == 200
    control(api, "PUT", "/mfa-policy", json={"pairingDisabled": True})
    assert api.begin(person).status_code == 400
    control(api, "PUT", "/mfa-policy", json={"pairingDisabled": False})
    control(api, "PUT", "/fido-policy", json={"relyingPartyId": "shop.example"})
    listed = api.get("/fido2Policies")["_embedded"]["fido2Policies"]
    assert "shop.example" in {policy["relyingPartyId"] for policy in listed}
    control(api, "PUT", "/mfa-settings", json={"devices": 1})
    made = control(api, "POST", "/devices", json={"user": person, "type": "TOTP"}).json()
    assert api.begin(person).status_code == 429
    assert api.get(f"/users/{person}/devices/{made['id']}")["type"] == "TOTP"
    control(api, "PUT", "/users", json={"username": "kiosk.one", "enabled": False})
    assert api.get(f"/users/{person}")["enabled"] is False
    control(api, "PUT", "/sign-on", json={"assigned": False})
    control(api, "POST", "/environment/new", json={})
    assert api.call("GET", "/fido2Policies").status_code == 403
    assert control(api, "POST", "/secret").json()["secret"] == api.ping.client_secret
    control(api, "PUT", "/auth-method", json={"method": "CLIENT_SECRET_BASIC"})
    assert Client(api.ping).authorise().status_code == 401
    control(api, "DELETE", "/tokens")
    assert api.call("GET", PATH).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/roles", {"names": ["Boss"]}),
        ("PUT", "/auth-method", {"method": "PIGEON"}),
        ("PUT", "/variants", {"colour": "blue"}),
        ("PUT", "/fido-policy", {"id": "nothing"}),
        ("PUT", "/users", {"username": "nobody"}),
        ("PUT", "/limit", []),
    ],
)
def test_wrong_control_requests_are_refused(api, method, path, body):
    assert control(api, method, path, json=body).status_code == 400


def test_control_tells_its_state_without_secrets_and_answers_no_web_page(api):
    state = control(api, "GET", "/")
    assert state.json()["environment_id"] == api.ping.environment_id
    assert api.ping.client_secret not in state.text
    headers = {"Origin": "http://localhost:5000"}
    assert control(api, "GET", "/", headers=headers).status_code == 403


def test_the_page_names_policies_and_keys_and_no_secret(api):
    page = requests.get(api.ping.url + "/", timeout=20).text
    assert "Passkeys of the portal" in page
    assert "ada.byron.000" in page
    assert api.ping.client_secret not in page


def test_a_reset_brings_back_the_seed_and_keeps_the_secret(api, person):
    secret = api.ping.client_secret
    client_id, _ = api.ping.control.add_worker("Identity Data Admin")
    api.begin(person)
    api.call("DELETE", f"/users/{person}")
    api.ping.control.vary(insufficient="401")
    api.ping.control.reset()
    assert api.ping.client_secret == secret
    assert api.ping.ping.store.get("secret", client_id) is None
    assert api.ping.ping.variants["insufficient"] == "403"
    assert api.call("GET", PATH).status_code == 401  # tokens are gone
    api.authorise()
    assert api.get(f"/users/{person}")["username"] == "kiosk.one"
    assert api.get(f"/users/{person}/devices")["count"] == 0


def test_the_data_stays_and_the_connection_is_private(tmp_path):
    with running(data_dir=tmp_path, people=5, rp_id="portal.example") as first:
        client = Client(first)
        client.authorise()
        person = first.control.user("kiosk.one")["id"]
        assert client.begin(person).status_code == 201
        secret = first.client_secret
    file = tmp_path / "connection.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    connection = json.loads(file.read_text())
    assert connection["secret"] == secret
    assert connection["api_url"] == connection["auth_url"] == first.url
    with running(data_dir=tmp_path, people=5) as second:
        again = Client(second, client.token)
        assert again.get(f"/users/{person}/devices")["count"] == 1
        assert again.authorise(form={"client_secret": secret}).status_code == 200
        listed = again.get("/fido2Policies")["_embedded"]["fido2Policies"]
        assert "portal.example" in {policy["relyingPartyId"] for policy in listed}


def test_seeded_ids_are_the_same_everywhere_and_secrets_are_not(ping):
    with running(people=1) as other:
        assert other.environment_id == ping.environment_id
        assert other.client_id == ping.client_id
        assert other.client_secret != ping.client_secret
