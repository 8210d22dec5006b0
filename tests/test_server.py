"""`script/server` as a person runs it: what starts, what stays, what stops, what is refused."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet

from tests.ports import free_row, listening

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "script" / "server"
START_SECONDS = 240
EMULATED = ("ory", "entra", "pingone")
"""On ports in a row, in this order."""


def environment(**settings: str) -> dict[str, str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LATCHKEY_") and name != "PORT"
    }
    return clean | settings


def wait_until(true: Callable[[], bool], process: subprocess.Popen, log: Path) -> None:
    """Wait while the server runs; what it said tells why it never came to that."""
    until = time.monotonic() + START_SECONDS
    while not true():
        assert process.poll() is None, f"it ended before:\n{log.read_text()}"
        assert time.monotonic() < until, f"it takes too long:\n{log.read_text()}"
        time.sleep(0.2)


def answers(url: str, host: str | None = None) -> bool:
    try:
        answer = requests.get(url, headers={"Host": host} if host else {}, timeout=30)
        return answer.status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def server(log: Path, **settings: str):
    """The processes, in a group of their own; Ctrl-C at the end reaches all of them."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [SERVER],
            env=environment(**settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=60)


@pytest.fixture
def trial(tmp_path) -> dict[str, str]:
    emulator = free_row(len(EMULATED))
    return {
        "LATCHKEY_DATA_DIR": str(tmp_path / "data"),
        "LATCHKEY_EMULATOR_PORT": str(emulator),
        "PORT": str(free_row()),
    }


def test_a_trial_starts_keeps_its_data_and_stops(trial, tmp_path):
    log = tmp_path / "log"
    portal = f"http://localhost:{trial['PORT']}"
    emulator = f"http://127.0.0.1:{trial['LATCHKEY_EMULATOR_PORT']}"
    folder = tmp_path / "data" / "emulators"
    ports = [int(trial["LATCHKEY_EMULATOR_PORT"]) + place for place in range(len(EMULATED))]
    connection = folder / "ory" / "connection.json"
    links, known = [], []
    for _ in range(2):
        with server(log, **trial) as process:
            wait_until(lambda: answers(f"{portal}/health"), process, log)
            for url in [f"http://127.0.0.1:{one}/_emulator/" for one in ports]:
                wait_until(lambda url=url: answers(url), process, log)
            for name in EMULATED:
                assert stat.S_IMODE((folder / name / "connection.json").stat().st_mode) == 0o600
            (link,) = re.findall(rf"{portal}/links/[\w-]+", log.read_text())
            assert "Begin" in requests.get(link, timeout=30).text
            links.append(link)
            key = json.loads(connection.read_text())["api_key"]
            mine = requests.post(
                f"{emulator}/admin/identities",
                json={"schema_id": "default", "traits": {"email": f"{len(links)}@example.com"}},
                headers={"Authorization": f"Bearer {key}"},
                timeout=30,
            )
            assert mine.status_code == 201, mine.text
            known.append(
                requests.get(
                    f"{emulator}/admin/identities",
                    headers={"Authorization": f"Bearer {key}"},
                    timeout=30,
                ).json()
            )
        assert process.returncode is not None
        assert not listening(int(trial["PORT"])), "Ctrl-C stops the portal"
        assert not any(listening(one) for one in ports), "and the emulators"
        assert "Traceback" not in log.read_text()
    assert len(known[1]) == len(known[0]) + 1
    assert links[0] != links[1], "a set-up link is printed until set-up is over"


def test_production_starts_no_emulator(tmp_path):
    emulator = free_row(len(EMULATED))
    port = free_row()
    log = tmp_path / "log"
    settings = {
        "LATCHKEY_ENVIRONMENT": "production",
        "LATCHKEY_DATA_DIR": str(tmp_path / "data"),
        "LATCHKEY_DATABASE_URL": f"sqlite:///{tmp_path}/production.db",
        "LATCHKEY_EMULATOR_PORT": str(emulator),
        "LATCHKEY_ORIGINS": "https://keys.example.com",
        "LATCHKEY_SEALING_KEYS": Fernet.generate_key().decode(),
        "LATCHKEY_SECRET_KEYS": "a-signing-key-of-more-than-32-characters",
        "PORT": str(port),
    }
    with server(log, **settings) as process:
        health = f"http://127.0.0.1:{port}/health"
        wait_until(lambda: answers(health, "keys.example.com"), process, log)
        assert not any(listening(emulator + place) for place in range(len(EMULATED)))
        assert "https://keys.example.com/links/" in log.read_text()
    assert not (tmp_path / "data" / "keys").exists()
    assert not (tmp_path / "data" / "emulators").exists()


def test_half_set_production_is_refused_in_a_sentence(tmp_path):
    done = subprocess.run(
        [SERVER],
        env=environment(LATCHKEY_ENVIRONMENT="production", LATCHKEY_DATA_DIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert "Latchkey cannot start. LATCHKEY_ORIGINS must be set in production." in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
