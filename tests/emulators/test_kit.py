"""What every emulator is built from, with no vendor in it."""

from __future__ import annotations

import json
import re

import pytest
import requests

from emulators.kit.control import Control
from emulators.kit.edge import Edge
from emulators.kit.emulator import Emulator
from emulators.kit.recorder import Masks
from emulators.kit.serving import serving
from emulators.kit.store import Taken
from emulators.kit.variants import Switch

SWITCHES = {"colour": Switch("a contract, section 1 [I]", ("red", "blue"), "which colour")}
MASKS = Masks(
    headers=frozenset({"x-key"}), fields=frozenset({"secret"}), token=re.compile(r"(tok_)\w+")
)


def make(data_dir=None) -> Emulator:
    return Emulator(
        data_dir,
        database="kit.db",
        switches=SWITCHES,
        masks=MASKS,
        error_body=lambda status: json.dumps({"status": status}),
    )


@pytest.fixture
def emulator():
    made = make()
    yield made
    made.close()


def app(environ, start_response):
    dated = [("Date", "Thu, 01 Jan 2026 00:00:00 GMT")] if "dated" in environ["PATH_INFO"] else []
    start_response("200 OK", [("Content-Type", "text/plain"), *dated])
    return [environ["wsgi.input"].read()]


@pytest.fixture
def url(emulator):
    with serving(Edge(app, emulator, "only"), 0) as address:
        yield address
        emulator.faults.clear()


def test_a_request_is_answered_and_recorded_without_its_secrets(emulator, url):
    answer = requests.post(
        f"{url}/a?t=tok_abc",
        json={"secret": "s3", "kept": ["tok_def"], "headers": {"Authorization": "Bearer s4"}},
        headers={"X-Key": "s5", "Cookie": "s6", "Authorization": "Bearer tok_ghi"},
        timeout=10,
    )
    assert answer.json()["secret"] == "s3"
    seen = emulator.recorder.all()[0]
    assert (seen.face, seen.method, seen.path, seen.status) == ("only", "POST", "/a", 200)
    assert seen.body == {"secret": "***", "kept": ["tok_***"], "headers": {"Authorization": "***"}}
    assert seen.query == "t=tok_***"
    assert seen.headers["Authorization"] == "Bearer tok_***"
    assert (seen.headers["X-Key"], seen.headers["Cookie"]) == ("***", "***")


@pytest.mark.parametrize(
    ("body", "kind", "masked"),
    [
        (b"secret=s3&a=1", "application/x-www-form-urlencoded", "secret=%2A%2A%2A&a=1"),
        (b"words tok_abc", "text/plain", "words tok_***"),
        (b"", "text/plain", None),
    ],
)
def test_bodies_of_each_kind_are_masked(body, kind, masked):
    assert MASKS.of_body(body, kind) == masked


def test_an_app_may_say_what_time_it_is_and_otherwise_the_server_does(url):
    dated = requests.get(f"{url}/dated", timeout=10)
    assert dated.headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert requests.get(f"{url}/other", timeout=10).headers["Date"].endswith("GMT")


def test_a_status_on_request_has_the_vendors_body(emulator, url):
    Control(emulator).fail(status=418, path="/a$")
    assert requests.get(f"{url}/b", timeout=10).status_code == 200
    failed = requests.get(f"{url}/a", timeout=10)
    assert (failed.status_code, failed.json()) == (418, {"status": 418})


def test_a_switch_takes_its_values_only(emulator):
    control = Control(emulator)
    assert emulator.variants["colour"] == "red"
    control.vary(colour="blue")
    assert emulator.variants.all() == {"colour": "blue"}
    with pytest.raises(ValueError, match="pink"):
        control.vary(colour="pink")
    with pytest.raises(ValueError, match="shape"):
        control.vary(shape="round")
    control.reset()
    assert emulator.variants["colour"] == "red"


def test_time_moves_forward_on_request(emulator):
    before = emulator.now()
    emulator.forward(3600)
    assert (emulator.now() - before).total_seconds() >= 3600


def test_what_is_written_stays_and_is_its_owners(tmp_path):
    first = make(tmp_path)
    first.store.put("thing", "1", {"a": "ä"})
    first.write_connection({"secret": "s3"})
    first.close()
    second = make(tmp_path)
    assert second.store.get("thing", "1") == {"a": "ä"}
    second.close()
    for name in ("kit.db", "connection.json"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_unique_value_has_one_owner_and_a_failure_undoes_all(emulator):
    emulator.store.claim("a", [("name", "x")])
    with pytest.raises(Taken), emulator.store.transaction():
        emulator.store.put("thing", "1", {})
        emulator.store.claim("b", [("name", "y"), ("name", "x")])
    assert emulator.store.get("thing", "1") is None
    assert (emulator.store.owner("name", "x"), emulator.store.owner("name", "y")) == ("a", None)
