"""The queue that wakes workers and keeps the schedule: the only module that knows huey.

The queue carries no work. A message says "look", and the worker looks into the delivery table,
which is the truth; a sweep each minute finds what no message announced. So a message that is lost,
doubled or late costs a minute at most, and a queue that can not be reached fails nobody.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import psycopg
import redis
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy import URL, make_url

from config import Settings
from services import agent_tickets, limits, sign_up
from services.ceremonies import challenges
from services.deliveries.jobs import JOBS
from services.portal import Portal

log = logging.getLogger(__name__)

NAME = "latchkey"
THREADS = 4
"""Workers in one process. More processes may run beside it."""
POLL = 1.0
"""Seconds that a message may lie in a queue that can only be polled (SQLite)."""
SWEEP = 60.0
"""Seconds between two sweeps, as the schedule below has it."""
HEALTH = 10.0
"""Seconds between two looks at whether the worker threads live."""
PATIENCE = 30.0
"""Seconds that a stopping process waits for running deliveries; leases cover the rest."""
CONNECT_SECONDS = 3
"""How long a person's request may wait for a queue that does not answer."""


class Queue:
    """One process's end of the queue. It connects when it is first used.

    Args:
        connect: makes the huey instance; called again after it failed.
    """

    def __init__(self, connect: Callable[[], Huey]) -> None:
        self._connect = connect
        self._guard = threading.Lock()
        self._huey: Huey | None = None
        self._look: Any = None
        self._portal: Portal | None = None
        self._stopping = False
        self._next_look = 0.0

    def wake(self) -> None:
        """Tell the workers to look. Never raises: the sweep finds what this could not announce."""
        try:
            self._connected()
            self._look()
        except Exception as error:
            # Only its type: its words could hold the queue's address with the password.
            log.warning(
                "The queue took no message (%s); the sweep will find what is due.",
                type(error).__name__,
            )

    def run_consumer(self, portal: Portal) -> None:
        """Work until SIGINT, SIGTERM or SIGHUP; then finish what runs and return.

        Call it in the main thread of a process of its own.
        """
        self._portal = portal
        consumer = self._connected().create_consumer(
            workers=THREADS, max_delay=POLL, shutdown_timeout=PATIENCE
        )
        consumer.start()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # After start(), which installs huey's own: those know only one graceful signal.
            signal.signal(number, self._stop)
        log.info("Worker %s started.", _worker())
        self.wake()
        checked = time.monotonic()
        while not self._stopping:
            time.sleep(POLL / 4)
            if time.monotonic() - checked > HEALTH:
                checked = time.monotonic()
                consumer.check_worker_health()
        consumer.stop(graceful=True)
        log.info("Worker %s stopped.", _worker())

    def close(self) -> None:
        """Let go of the connection."""
        with self._guard:
            if self._huey is not None:
                self._huey.storage.close()
                self._huey = None

    def _connected(self) -> Huey:
        with self._guard:
            if self._huey is None:
                huey = self._connect()
                self._look = huey.task(name="look")(self._work)
                huey.periodic_task(crontab(minute="*"), name="sweep")(self._work)
                huey.periodic_task(crontab(minute="17"), name="purge")(self._purge)
                self._huey = huey
            return self._huey

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True

    def _work(self) -> None:
        portal = self._consuming()
        for job in JOBS:
            job.work(portal, worker=_worker(), stopping=lambda: self._stopping)
        with portal.database.read() as session:
            due = [moment for job in JOBS if (moment := job.next_due(session)) is not None]
        if due and not self._stopping:
            self._look_at(min(due), now=portal.now())

    def _look_at(self, due: datetime, *, now: datetime) -> None:
        """Look again when the next delivery is due, if that is before the next sweep."""
        seconds = max((due - now).total_seconds(), POLL)
        if seconds >= SWEEP:
            return
        with self._guard:
            moment = time.monotonic()
            if moment < self._next_look <= moment + seconds:
                return  # another thread has arranged it already
            self._next_look = moment + seconds
        self._look.schedule(delay=seconds)

    def _purge(self) -> None:
        portal = self._consuming()
        with portal.database.write() as session:
            count = challenges.purge(session, now=portal.now())
            limits.purge(session, now=portal.now())
            sign_up.purge(session, now=portal.now())
            agent_tickets.purge(session, now=portal.now())
        log.info("Purged %d old challenges.", count)

    def _consuming(self) -> Portal:
        if self._portal is None:
            raise RuntimeError("tasks run in the consumer only")
        return self._portal


def attach(portal: Portal) -> Queue:
    """Give the portal a queue to wake workers through, and hand that queue back."""
    queue = make_queue(portal.settings)
    portal.wake = queue.wake
    return queue


def make_queue(settings: Settings) -> Queue:
    """The queue that the settings name: Redis, the PostgreSQL database, or a file."""
    address = settings.queue_url.get_secret_value()
    database = make_url(settings.database_url.get_secret_value())
    if address:
        return Queue(partial(_on_redis, address))
    if database.get_backend_name() == "postgresql":
        return Queue(partial(_on_postgresql, database))
    return Queue(partial(_on_sqlite, settings))


def _on_redis(address: str) -> Huey:
    pool = redis.ConnectionPool.from_url(
        address, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=2 * CONNECT_SECONDS
    )
    return RedisHuey(NAME, results=False, serializer=_Names(), connection_pool=pool)


def _on_postgresql(database: URL) -> Huey:
    _, options = database.get_dialect()().create_connect_args(database)
    connect = partial(psycopg.connect, connect_timeout=CONNECT_SECONDS, **options)
    make = partial(
        PostgresHuey,
        NAME,
        results=False,
        serializer=_Names(),
        connection=connect,
        table_prefix="queue",
    )
    try:
        return make()
    except psycopg.errors.IntegrityError:
        # Another process made the tables at this moment; IF NOT EXISTS does not cover that.
        return make()


def _on_sqlite(settings: Settings) -> Huey:
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SqliteHuey(
        NAME, results=False, serializer=_Names(), filename=str(settings.data_dir / "queue.db")
    )


class _Names(Serializer):  # type: ignore[misc]  # huey ships no types
    """Messages as JSON: a task's name, id and time.

    huey's own format is pickle, by which whoever can write to the queue runs code in the worker.
    """

    def _serialize(self, data: Message) -> bytes:
        eta = data.eta.isoformat() if data.eta else None
        return json.dumps({"name": data.name, "id": data.id, "eta": eta}).encode()

    def _deserialize(self, data: bytes) -> Message:
        read = json.loads(bytes(data))
        eta = datetime.fromisoformat(read["eta"]) if read["eta"] else None
        return Message(id=read["id"], name=read["name"], eta=eta, args=(), kwargs={})


def _worker() -> str:
    return f"{socket.gethostname()}.{os.getpid()}"
