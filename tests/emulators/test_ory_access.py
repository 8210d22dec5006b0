"""Who reaches which API: keys, ports, redirects (ory.md 1, 7, 8)."""

from __future__ import annotations

import pytest
import requests

from emulators.ory.running import running
from tests.emulators.conftest import Api

PATH = "/admin/identities?page_size=1"


@pytest.mark.parametrize("name", ["project", "project_second"])
def test_both_kinds_of_project_key_open_the_admin_api(api, name):
    key = api.ory.ory.keys[name]
    assert key.startswith(("ory_pat_", "ory_apikey_"))
    assert api.call("GET", PATH, headers={"Authorization": f"Bearer {key}"}).status_code == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("", 401),
        ("Bearer ory_pat_wrong", 401),
        ("Basic {project}", 401),
        ("Bearer {workspace}", 403),
    ],
)
def test_other_keys_are_turned_away(api, header, status):
    headers = {"Authorization": header.format(**api.ory.ory.keys)} if header else {}
    answer = api.call("GET", PATH, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == status


@pytest.mark.parametrize(("body", "starts"), [("html", b"<!doctype"), ("empty", b"")])
def test_the_unknown_body_of_a_refused_key_has_variants(api, body, starts):
    api.ory.control.vary(unauthorized_body=body)
    answer = api.call("GET", PATH, headers={})
    assert answer.status_code == 401
    assert answer.content[:9] == starts


def test_a_self_hosted_admin_port_asks_for_no_key(old_api):
    assert old_api.ory.api_key == ""
    assert old_api.call("GET", PATH).status_code == 200


def test_a_self_hosted_admin_port_answers_without_the_admin_prefix_too(old_ory):
    assert requests.get(f"{old_ory.admin_url}/identities", timeout=10).status_code == 200


def test_a_self_hosted_public_port_sends_admin_paths_to_the_admin_port(old_api):
    answer = old_api.call("GET", PATH, public=True)
    assert answer.status_code == 307
    assert answer.headers["Location"] == old_api.ory.admin_url + PATH


@pytest.mark.parametrize("path", ["/schemas", "/self-service/login/api", "/sessions/whoami"])
def test_a_self_hosted_admin_port_sends_public_paths_to_the_public_port(old_api, path):
    answer = old_api.call("GET", path)
    assert answer.status_code == 307
    assert answer.headers["Location"] == old_api.ory.url + path


def test_a_self_hosted_kratos_tells_health_and_version(old_api):
    assert old_api.call("GET", "/health/ready").json() == {"status": "ok"}
    assert old_api.call("GET", "/version").json() == {"version": "v26.2.0"}


def test_ory_network_tells_no_health(api):
    assert api.call("GET", "/health/ready").status_code == 404


def test_a_proxy_before_the_admin_port_may_ask_for_a_header():
    with running(flavour="self-hosted", proxy_header=("X-Proxy-Key", "open sesame")) as ory:
        api = Api(ory)
        refused = api.call("GET", PATH)
        assert (refused.status_code, refused.headers["Content-Type"][:9]) == (401, "text/html")
        headers = {"X-Proxy-Key": "open sesame"}
        assert api.call("GET", PATH, headers=headers).status_code == 200
        assert ory.control.requests()[-1].headers["X-Proxy-Key"] == "***"


def test_the_page_for_people_names_identities_and_no_secret(api, key, holder):
    page = requests.get(api.ory.url + "/", timeout=10).text
    assert "mary@example.com" in page
    assert "Key" in page
    assert not any(secret in page for secret in api.ory.ory.keys.values())


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://localhost:5000"}, {"Host": "evil.example:5001"}]
)
def test_the_control_api_answers_no_web_page(ory, headers):
    answer = requests.post(f"{ory.url}/_emulator/reset", headers=headers, timeout=10)
    assert answer.status_code == 403


def test_ory_network_has_no_release_tag():
    with pytest.raises(ValueError, match="no version of its own"), running(version="v26.2.0"):
        pass
