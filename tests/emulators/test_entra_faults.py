"""Faults, limits, the record, the control API, persistence and the program (entra.md 2.7, 3)."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests

from emulators.entra.running import running
from tests.emulators.graph import Graph, error

ROOT = Path(__file__).resolve().parents[2]
CONNECTION = {
    "tenant_id", "client_id", "credential", "certificate", "secret_expires_on", "login_url",
    "graph_url", "secret",
}  # fmt: skip


def test_a_failure_has_graphs_shape(graph):
    graph.entra.control.fail(status=503, path="/users")
    answer = graph.get("/users")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "UnknownError"
    assert graph.get("/users?$top=1").status_code == 200


def test_the_token_endpoint_fails_on_request_too(graph):
    graph.entra.control.fail(status=500, path="/token$")
    graph.entra.control.html(path="/token$")
    assert [graph.ask().status_code for _ in range(3)] == [500, 502, 200]


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_is_cut_before_or_after_the_work(graph, after):
    user_id = graph.person["id"]
    graph.entra.control.add_passkey(user_id, credential_id=b"\x01" * 16)
    method = graph.entra.control.passkeys(user_id)[0]["id"]
    graph.entra.control.drop(method="DELETE", path="fido2Methods", after=after)
    with pytest.raises(requests.ConnectionError):
        graph.call("DELETE", graph.methods(user_id, f"/{method}"))
    assert len(graph.entra.control.passkeys(user_id)) == (0 if after else 1)


def test_a_limit_says_how_long_to_wait(graph):
    graph.entra.control.limit(1, seconds=30)
    assert graph.get("/users?$top=1").status_code == 200
    refused = graph.get("/users?$top=1")
    assert error(refused) == (429, "TooManyRequests")
    assert refused.headers["Retry-After"] == "30"
    assert refused.headers["x-ms-throttle-scope"]
    assert refused.headers["x-ms-throttle-information"]
    assert float(refused.headers["x-ms-throttle-limit-percentage"]) > 0.8
    graph.entra.control.forward(31)
    assert graph.get("/users?$top=1").status_code == 200


def test_a_refused_call_counts_and_starts_the_time_anew(graph):
    graph.entra.control.limit(0, seconds=30)
    for _ in range(2):
        assert graph.get("/users?$top=1").status_code == 429
        graph.entra.control.forward(20)
    assert graph.get("/users?$top=1").status_code == 429


def test_some_limits_send_no_retry_after(graph):
    graph.entra.control.vary(retry_after="absent")
    graph.entra.control.limit(0)
    assert "Retry-After" not in graph.get("/users").headers
    graph.entra.control.clear_faults()
    assert graph.get("/users?$top=1").status_code == 200


def test_the_token_endpoint_is_not_limited(graph):
    graph.entra.control.limit(0)
    assert graph.ask().status_code == 200


def test_every_answer_of_graph_names_its_request(graph):
    sent = {"client-request-id": "0f3c1b7e-1111-4222-8333-444455556666"}
    for path in ("/users?$top=1", "/users/nobody", "/nonsense"):
        answer = graph.call("GET", path, headers=sent)
        assert answer.headers["client-request-id"] == sent["client-request-id"]
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["request-id"])
    assert graph.get("/nonsense").headers["request-id"] != answer.headers["request-id"]


def test_the_date_is_the_emulators(graph):
    graph.entra.control.forward(1800)
    answer = graph.get("/users?$top=1")
    ahead = parsedate_to_datetime(answer.headers["Date"]) - graph.entra.entra.now()
    assert abs(ahead) < timedelta(seconds=30)
    assert "," not in answer.headers["Date"][5:]


def test_the_record_masks_every_secret(graph):
    graph.ask(
        client_secret=None,
        client_assertion="eyJhbGciOiJQUzI1NiJ9.eyJhIjoxfQ.c2ln",
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )
    secret = graph.entra.client_secret
    graph.renew()
    options = graph.options()
    body = {"displayName": "x", "publicKeyCredential": {"response": {"clientDataJSON": "AAAA"}}}
    graph.register(body)
    inner = {"id": "1", "method": "GET", "url": "/users"}
    held = {"Authorization": f"Bearer {graph.bearer}"}
    graph.call("POST", "/$batch", json={"requests": [inner | {"headers": held}]})
    seen = graph.entra.control.requests()
    recorded = str(seen) + requests.get(f"{graph.entra.url}/_emulator/requests", timeout=10).text
    hidden = [secret, graph.bearer, "c2ln", options["publicKey"]["challenge"], "AAAA"]
    assert not [one for one in hidden if one in recorded]
    assert seen[-1].headers["Authorization"] == "Bearer ***"
    assert graph.entra.client_id in recorded


def test_the_control_api_does_what_python_does(graph):
    base = f"{graph.entra.url}/_emulator"

    def control(method, path, body=None):
        answer = requests.request(method, base + path, json=body, timeout=10)
        assert answer.status_code == 204, answer.text

    control("PUT", "/roles", {"roles": ["Group.Read.All"]})
    control("PUT", "/policy", {"state": "disabled"})
    control("PUT", "/variants", {"cloud": "china"})
    state = requests.get(base + "/", timeout=10).json()
    assert (state["roles"], state["policy"]["state"]) == (["Group.Read.All"], "disabled")
    assert state["variants"]["cloud"] == "china"
    assert graph.entra.client_secret not in json.dumps(state)
    control("PUT", "/limit", {"left": 0, "seconds": 5, "path": "groups"})
    assert graph.get("/groups").status_code == 429
    control("DELETE", "/faults")
    assert graph.get("/groups?$top=1").status_code == 200
    control("POST", "/tokens/expire")
    assert graph.get("/groups").status_code == 401
    control("PUT", "/application", {"enabled": False})
    assert graph.ask().status_code == 400
    control("PUT", "/application", {"enabled": True})
    control("POST", "/secret/expire", {})
    assert graph.ask().status_code == 401
    control("POST", "/faults", {"kind": "status", "status": 500})
    assert graph.ask().status_code == 500
    control("DELETE", "/requests")
    assert graph.entra.control.requests() == []
    control("POST", "/reset")
    assert requests.get(base + "/", timeout=10).json()["policy"]["state"] == "enabled"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/variants", {"cloud": "pink"}),
        ("PUT", "/policy", {"colour": "red"}),
        ("POST", "/faults", {"kind": "nonsense"}),
        ("PUT", "/limit", {"left": "many"}),
        ("PUT", "/roles", []),
    ],
)
def test_the_control_api_refuses_nonsense(graph, method, path, body):
    url = f"{graph.entra.url}/_emulator{path}"
    assert requests.request(method, url, json=body, timeout=10).status_code == 400


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Host": "evil.example"}])
def test_no_web_page_reaches_the_control_api(graph, headers):
    url = f"{graph.entra.url}/_emulator/"
    assert requests.get(url, headers=headers, timeout=10).status_code == 403


def test_the_page_for_people_shows_no_secret(graph):
    page = requests.get(graph.entra.url, timeout=10)
    assert page.status_code == 200
    assert graph.entra.client_id in page.text
    assert "User.Read.All" in page.text
    assert graph.entra.client_secret not in page.text


def test_a_reset_makes_a_fresh_tenant_with_the_same_credentials(graph):
    kept = (graph.entra.tenant_id, graph.entra.client_id, graph.entra.client_secret)
    user_id = graph.person["id"]
    graph.entra.control.add_passkey(user_id, credential_id=b"\x01" * 16)
    graph.entra.control.add_user(displayName="New Person")
    graph.entra.control.enable_application(False)
    graph.entra.control.consent()
    graph.entra.control.expire_secret()
    graph.entra.control.token_life(1)
    graph.entra.control.fail(times=9)
    graph.entra.control.limit(0)
    graph.entra.control.reset()
    assert (graph.entra.tenant_id, graph.entra.client_id, graph.entra.client_secret) == kept
    assert graph.entra.control.passkeys(user_id) == []
    assert len(graph.entra.control.users()) == 60
    assert graph.ask().json()["expires_in"] == 3599
    assert graph.get("/users?$top=1").status_code == 200


def test_a_second_start_keeps_data_and_credentials(tmp_path):
    with running(data_dir=tmp_path, people=30) as entra:
        entra.control.add_user(displayName="New Person")
        entra.control.policy(state="disabled")
        graph = Graph(entra)
        graph.renew()
        first = (entra.tenant_id, entra.client_id, entra.client_secret, entra.certificate)
    with running(data_dir=tmp_path, people=30) as entra:
        assert first == (entra.tenant_id, entra.client_id, entra.client_secret, entra.certificate)
        assert entra.control.user("New Person")
        again = Graph(entra, bearer=graph.bearer)
        assert len(again.get("/users").json()["value"]) == 31
        assert entra.entra.policy.enabled is False
        written = json.loads((tmp_path / "connection.json").read_text())
        assert set(written) == CONNECTION
        assert written["secret"] == entra.client_secret
        assert written["login_url"] == written["graph_url"] == entra.url
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", written["secret_expires_on"])
    for name in ("connection.json", "entra.db"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_serves_loopback_and_stops_cleanly(tmp_path, number):
    command = [sys.executable, "-m", "emulators.entra", "--port", "0", "--data-dir", str(tmp_path)]
    program = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = program.stdout.readline()
    url = re.search(r"http://127\.0\.0\.1:\d+", line).group()
    written = json.loads((tmp_path / "connection.json").read_text())
    form = {
        "client_id": written["client_id"],
        "client_secret": written["secret"],
        "scope": f"{url}/.default",
        "grant_type": "client_credentials",
    }
    endpoint = f"{url}/{written['tenant_id']}/oauth2/v2.0/token"
    assert requests.post(endpoint, data=form, timeout=10).status_code == 200
    assert written["secret"] not in line
    program.send_signal(number)
    _out, err = program.communicate(timeout=20)
    assert (program.returncode, err) == (0, "")
