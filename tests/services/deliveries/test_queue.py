"""The queue: messages without code, failures without victims, and a consumer that stops well."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from huey import PostgresHuey, RedisHuey, SqliteHuey

import config
from models import DeliveryState, DirectoryType
from services import directories
from services.deliveries.queue import Queue, attach, make_queue
from services.portal import open_portal
from tests.services.deliveries.conftest import World

ROOT = Path(__file__).resolve().parents[3]
DONE = DeliveryState.DONE


@pytest.fixture
def queue(any_portal):
    made = make_queue(any_portal.settings)
    yield made
    made.close()


def test_the_queue_follows_the_database(any_portal, queue):
    dialect = any_portal.database.engine.dialect.name
    expected = {"sqlite": SqliteHuey, "postgresql": PostgresHuey}[dialect]
    assert isinstance(queue._connected(), expected)


def test_a_message_names_a_task_and_carries_nothing_else(queue):
    queue.wake()
    huey = queue._connected()
    [message] = huey.storage.enqueued_items()
    read = json.loads(message)
    assert read.keys() == {"name", "id", "eta"}
    assert read["name"].endswith(".look")
    task = huey.dequeue()
    assert (task.args, task.kwargs, task.id) == ((), {}, read["id"])


def test_a_message_for_later_keeps_its_time(queue):
    queue._connected()
    queue._look.schedule(delay=30)
    [message] = queue._huey.storage.enqueued_items()
    task = queue._huey.dequeue()
    assert task.eta.isoformat() == json.loads(message)["eta"]


def test_a_pickle_in_the_queue_is_not_opened(queue, tmp_path):
    import pickle

    class Payload:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "touched",))

    huey = queue._connected()
    huey.storage.enqueue(pickle.dumps(Payload()))
    with pytest.raises(ValueError, match=r"utf-8|JSON|Expecting"):
        huey.dequeue()
    assert not (tmp_path / "touched").exists()


def test_two_processes_may_make_the_queue_at_once(any_portal, queue):
    second = make_queue(any_portal.settings)
    queue.wake()
    second.wake()
    assert len(queue._connected().storage.enqueued_items()) == 2
    second.close()


def test_tasks_run_in_the_consumer_only(queue):
    with pytest.raises(RuntimeError):
        queue._work()


def test_waking_never_fails_the_person(portal, caplog):
    """The delivery is written all the same, and the sweep finds it."""

    def unreachable():
        raise ConnectionError("redis://:pa55word@queue.example.com refused")

    portal.wake = Queue(unreachable).wake
    portal.wake()
    [record] = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "ConnectionError" in record.getMessage()
    assert "pa55word" not in caplog.text


def test_a_queue_that_came_back_is_used_again(settings):
    calls = []
    real = make_queue(settings)

    def at_the_second_time():
        calls.append(True)
        if len(calls) == 1:
            raise ConnectionError
        return real._connect()

    queue = Queue(at_the_second_time)
    queue.wake()
    queue.wake()
    assert len(queue._connected().storage.enqueued_items()) == 1
    queue.close()


def test_redis_is_used_when_it_is_set_and_is_not_waited_for_long(tmp_path, database_url, caplog):
    settings = config.load(
        {},
        data_dir=tmp_path,
        database_url=database_url,
        queue_url="redis://:pa55word@127.0.0.1:9/0",  # the discard port: nobody listens
    )
    queue = make_queue(settings)
    assert isinstance(queue._connected(), RedisHuey)
    options = queue._huey.storage.pool.connection_kwargs
    assert options["socket_connect_timeout"] <= 5
    assert options["socket_timeout"] <= 10
    queue.wake()
    assert "sweep will find" in caplog.text
    assert "pa55word" not in caplog.text
    queue.close()


def test_a_portal_wakes_through_the_queue_it_was_given(portal):
    queue = attach(portal)
    portal.wake()
    assert len(queue._connected().storage.enqueued_items()) == 1
    queue.close()


def test_the_next_look_is_arranged_once_and_only_before_the_next_sweep(any_portal, queue, clock):
    huey = queue._connected()
    queue._look_at(clock.moment.replace(year=clock.moment.year + 1), now=clock())
    assert huey.storage.enqueued_items() == []
    soon = clock()
    queue._look_at(soon, now=clock())
    queue._look_at(soon, now=clock())
    assert len(huey.storage.enqueued_items()) == 1


# The worker's process


@contextmanager
def worker_process(settings, tmp_path):
    """`flask worker run` in a process of its own."""
    environment = {
        **os.environ,
        "LATCHKEY_DATA_DIR": str(settings.data_dir),
        "LATCHKEY_DATABASE_URL": settings.database_url.get_secret_value(),
        "PORT": str(settings.port),
    }
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "worker", "run"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def until(condition, process, log, seconds=240):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


@pytest.fixture
def real_portal(tmp_path, any_database_url):
    """A portal on real time, which the worker's process shares."""
    settings = config.load({}, data_dir=tmp_path / "instance", database_url=any_database_url)
    portal = open_portal(settings)
    queue = attach(portal)
    yield portal
    queue.close()
    portal.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_the_worker_delivers_tries_again_by_itself_and_finishes_what_it_began(
    real_portal, tmp_path, number
):
    from emulators.ory.running import running

    with running() as ory, worker_process(real_portal.settings, tmp_path) as (process, log):
        world = World(real_portal, real_portal.now, None)
        with real_portal.database.write() as session:
            directory = directories.draft(
                session,
                real_portal.sealer,
                type=DirectoryType.ORY,
                name="Ory",
                settings={
                    "flavour": "network",
                    "endpoint": ory.url,
                    "schema_id": "default",
                    "mapping": {"email": "email"},
                },
                secret=ory.api_key,
                actor=None,
                now=real_portal.now(),
            )
            directories.add(session, directory, actor=None, now=real_portal.now())
            uuid = directory.uuid
        assert directories.run_test(real_portal, uuid, probe=False, actor=None).report.verified

        ory.control.fail(status=503)
        world.enrolled("grace")
        real_portal.wake()
        until(lambda: world.states() == [DONE], process, log)
        assert world.delivery().attempts == 2

        ory.control.hold(method="POST")
        world.enrolled("ada")
        real_portal.wake()
        assert ory.control.wait_until_held(30), log.read_text()
        process.send_signal(number)
        process.send_signal(number)  # Ctrl-C reaches it twice: from the terminal and from honcho
        ory.control.release()
        assert process.wait(60) == 0, log.read_text()
        assert world.states() == [DONE, DONE]
        assert ory.api_key not in log.read_text()
