"""Faults and limits on request, the record, persistence, and the program (ory.md 2.7, 7)."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from emulators.ory.running import running
from tests.emulators.conftest import Api

ROOT = Path(__file__).resolve().parents[2]
PATH = "/admin/identities?page_size=1"


def test_the_next_matching_requests_fail_and_then_no_more(api):
    api.ory.control.fail(times=2, status=503, method="GET", path="/admin/identities")
    seen = [api.call("GET", PATH, checked=False).status_code for _ in range(3)]
    assert seen == [503, 503, 200]
    assert api.call("GET", "/schemas", public=True).status_code == 200


def test_a_failure_may_bring_its_own_body_and_headers(api):
    body = '{"error":{"message":"Unable to serialize access"}}'
    api.ory.control.fail(status=400, body=body, headers={"Ory-Error-Id": "e1"})
    answer = api.call("GET", PATH, checked=False)
    assert (answer.text, answer.headers["Ory-Error-Id"]) == (body, "e1")


def test_a_gateway_may_answer_html(api):
    api.ory.control.html()
    answer = api.call("GET", PATH, checked=False)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")


def test_a_request_may_be_redirected(api):
    api.ory.control.redirect("http://127.0.0.1:1/elsewhere")
    assert api.call("GET", PATH).headers["Location"] == "http://127.0.0.1:1/elsewhere"


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_may_be_cut_before_or_after_the_work(api, after):
    api.ory.control.drop(method="POST", path="/admin/identities$", after=after)
    with pytest.raises(requests.ConnectionError):
        api.create()
    emails = [identity["traits"]["email"] for identity in api.ory.control.identities()]
    assert ("mary@example.com" in emails) is after
    assert api.ory.control.requests()[-1].status == 0


def test_a_second_concurrent_create_is_too_many(api):
    api.ory.control.hold(method="POST", path="/admin/identities$")
    first: list[int] = []
    thread = threading.Thread(target=lambda: first.append(api.create().status_code))
    thread.start()
    assert api.ory.control.wait_until_held()
    second = api.create("second@example.com")
    reading = api.call("GET", PATH)
    api.ory.control.release()
    thread.join()
    assert (first, second.status_code, reading.status_code) == ([201], 429, 200)
    assert second.headers["x-ratelimit-limit"] == "10, 10;w=1, 300;w=60"
    assert second.headers["x-ratelimit-remaining"] == "0"
    assert int(second.headers["x-ratelimit-reset"]) >= 1
    assert "Retry-After" not in second.headers
    assert api.create("second@example.com").status_code == 201


def test_a_self_hosted_kratos_has_no_limits(old_api):
    old_api.ory.control.hold(method="POST", path="/admin/identities$")
    thread = threading.Thread(target=old_api.create)
    thread.start()
    assert old_api.ory.control.wait_until_held()
    assert old_api.create("second@example.com").status_code == 201
    old_api.ory.control.release()
    thread.join()


def test_a_limit_holds_until_its_time_is_over(api):
    api.ory.control.vary(retry_after="present")
    api.ory.control.limit(1, seconds=30)
    assert api.call("GET", PATH).status_code == 200
    refused = api.call("GET", PATH)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == refused.headers["x-ratelimit-reset"]
    assert api.call("GET", "/schemas", public=True).status_code == 200
    api.ory.control.forward(31)
    assert api.call("GET", PATH).status_code == 200


def test_the_record_masks_every_secret(api, key, holder):
    flow, challenge = api.begin()
    signed = key.sign(challenge)
    token = api.submit(flow, signed).json()["session_token"]
    body = {"session_token": token}
    api.call("DELETE", "/self-service/logout/api", public=True, headers={}, json=body)
    password = {"config": {"password": "correct horse battery"}}
    api.create("p@example.com", credentials={"password": password})
    seen = api.ory.control.requests()
    recorded = str(seen) + requests.get(f"{api.ory.url}/_emulator/requests", timeout=10).text
    secrets = [api.ory.api_key, token, signed["response"]["signature"], "correct horse battery"]
    assert not [secret for secret in secrets if secret in recorded]
    assert seen[-1].headers["Authorization"] == "Bearer ory_pat_***"
    assert seen[-1].status == 201


def test_the_control_api_does_what_python_does(api):
    base = f"{api.ory.url}/_emulator"

    def control(method, path, body=None):
        answer = requests.request(method, base + path, json=body, timeout=10)
        assert answer.status_code == 204, answer.text

    control("POST", "/faults", {"kind": "status", "status": 500})
    assert api.call("GET", PATH, checked=False).status_code == 500
    control("POST", "/faults", {"kind": "html"})
    control("DELETE", "/faults")
    control("PUT", "/variants", {"links": "absolute"})
    control("PUT", "/relying-party", {"id": "example.com", "origins": ["https://example.com"]})
    state = requests.get(base + "/", timeout=10).json()
    assert state["variants"]["links"] == "absolute"
    assert state["relying_party"] == {"id": "example.com", "origins": ["https://example.com"]}
    flow, _challenge = api.begin()
    control("POST", "/flows/expire")
    assert api.submit(flow, {}).status_code == 410
    control("PUT", "/limit", {"left": 0, "seconds": 60})
    assert api.call("GET", PATH).status_code == 429
    control("POST", "/clock", {"forward": 61})
    assert api.call("GET", PATH).status_code == 200
    control("DELETE", "/requests")
    assert api.ory.control.requests() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/variants", {"links": "sideways"}),
        ("PUT", "/variants", {"nonsense": "x"}),
        ("POST", "/faults", {"kind": "nonsense"}),
        ("POST", "/faults", {"kind": "drop", "nonsense": 1}),
        ("POST", "/clock", []),
    ],
)
def test_the_control_api_refuses_nonsense(ory, method, path, body):
    answer = requests.request(method, f"{ory.url}/_emulator{path}", json=body, timeout=10)
    assert answer.status_code == 400


def test_a_reset_makes_a_fresh_project_with_the_same_key(api, holder):
    before = api.ory.api_key
    api.ory.control.fail(times=5)
    api.ory.control.reset()
    assert api.ory.api_key == before
    emails = {identity["traits"]["email"] for identity in api.ory.control.identities()}
    assert "mary@example.com" not in emails
    assert api.call("GET", PATH).status_code == 200


def test_a_second_start_keeps_the_data_and_the_key(tmp_path, key):
    with running(data_dir=tmp_path) as ory:
        Api(ory).create(credentials={"passkey": key.passkey()})
        first, client = ory.api_key, ory.ory.client
    with running(data_dir=tmp_path) as ory:
        assert ory.api_key == first
        assert Api(ory).sign_in(key).status_code == 200
        assert json.loads((tmp_path / "connection.json").read_text()) == {
            "endpoint": ory.url,
            "api_key": first,
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }
    for name in ("connection.json", "ory.db"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_self_hosted_connection_names_the_admin_endpoint_and_where_tokens_are(tmp_path):
    with running(flavour="self-hosted", data_dir=tmp_path) as ory:
        assert json.loads((tmp_path / "connection.json").read_text()) == {
            "endpoint": ory.url,
            "api_key": "",
            "admin_endpoint": ory.admin_url,
            "token_url": ory.token_url,
            **ory.ory.client,
        }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_serves_loopback_and_stops_cleanly(tmp_path, number):
    command = [sys.executable, "-m", "emulators.ory", "--port", "0", "--data-dir", str(tmp_path)]
    program = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = program.stdout.readline()
    url = re.search(r"http://127\.0\.0\.1:\d+", line).group()
    key = json.loads((tmp_path / "connection.json").read_text())["api_key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert requests.get(url + PATH, headers=headers, timeout=10).status_code == 200
    assert key not in line
    program.send_signal(number)
    _out, err = program.communicate(timeout=20)
    assert (program.returncode, err) == (0, "")
