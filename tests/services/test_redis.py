"""A real Redis: workers are woken through it, and web processes count together in it."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest
import redis

import config
from app import create_app
from blueprints import limits
from services.deliveries.queue import make_queue
from tests.visitor import Visitor

PROGRAM = shutil.which("redis-server")
PATIENCE = 20

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Redis here: redis-server was not found")


@pytest.fixture
def address(tmp_path_factory):
    """The address of a Redis of the test's own, on a socket in a private folder."""
    folder = tmp_path_factory.mktemp("redis")
    socket = folder / "redis.sock"
    command = [PROGRAM, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        url = f"unix://{socket}"
        deadline = time.monotonic() + PATIENCE
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        with redis.Redis.from_url(url) as asked:
            assert asked.ping()
        yield url
        server.terminate()


@pytest.fixture
def settings(tmp_path, database_url, address):
    return config.load(
        {}, data_dir=tmp_path / "instance", database_url=database_url, queue_url=address
    )


def test_a_message_goes_through_it_as_json_and_comes_out_again(settings):
    sending, taking = make_queue(settings), make_queue(settings)
    sending.wake()
    [message] = taking._connected().storage.enqueued_items()
    assert message.startswith(b"{")
    assert taking._connected().dequeue().name == "look"
    assert taking._connected().dequeue() is None
    sending.close()
    taking.close()


def test_a_message_for_later_waits_in_it(settings):
    queue = make_queue(settings)
    queue._connected()
    queue._look.schedule(delay=30)
    assert queue._connected().pending() != [] or queue._connected().scheduled() != []
    queue.close()


def test_web_processes_count_together_in_it(settings, monkeypatch):
    twice = limits.Rate(address="2/minute", account="2/minute")
    monkeypatch.setitem(limits.LIMITS, "home.index", twice)
    first, second = (Visitor(create_app(settings)) for _ in range(2))
    codes = [visitor.get("/").status_code for visitor in (first, second, first, second)]
    assert codes == [200, 200, 429, 429]
    refused = second.get("/")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    for visitor in (first, second):
        visitor.client.application.extensions["portal"].close()
