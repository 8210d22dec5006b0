"""A PostgreSQL server of the tests' own, thrown away at their end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

SETTINGS = {
    "listen_addresses": "",  # a socket in a private folder only
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
}
PATIENCE = 60
OTHERS_OUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SCHEMA = """
    SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'alembic_version', version_num FROM alembic_version ORDER BY 1, 2
"""
FROM_ONE = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences
"""


class Unavailable(Exception):
    """There is no PostgreSQL to start here; the message says why."""


class Cluster:
    """One server with a migrated template, and databases that tests borrow one after another."""

    TEMPLATE = "migrated"

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._owner = _unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="latchkey-pg-"))
        self._clean: list[str] = []
        self._migrated: list[tuple[str, str]] | None = None
        self._process: subprocess.Popen | None = None
        if self._owner is not None:
            os.chown(self._folder, self._owner.pw_uid, self._owner.pw_gid)

    def start(self) -> None:
        self._run(
            "initdb", "-D", self._data, "-U", "latchkey", "-A", "trust", "-E", "UTF8", "--no-sync"
        )
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._process = self._open("postgres", "-D", self._data, "-k", str(self._folder), *options)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(**self._where("postgres")).close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise Unavailable(f"PostgreSQL did not start: {error}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def create(self, name: str, template: str = "template1") -> str:
        """Make a database; its SQLAlchemy URL."""
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return f"postgresql+psycopg://latchkey@/{name}?host={self._folder}"

    def lend(self) -> str:
        """A migrated, empty database of a test's own."""
        if self._clean:
            return self._clean.pop()
        return self.create(f"test_{uuid.uuid4().hex}", self.TEMPLATE)

    def take_back(self, url: str) -> None:
        """Empty a database for the next test, which costs far less than making one anew.

        One whose schema a test has changed is thrown away.
        """
        name = make_url(url).database
        with psycopg.connect(**self._where(name), autocommit=True) as connection:
            connection.execute(OTHERS_OUT)
            schema = connection.execute(SCHEMA).fetchall()
            if schema == self._schema():
                tables = dict.fromkeys(row[0] for row in schema if row[0] != "alembic_version")
                connection.execute("SET session_replication_role = replica")  # in any order
                for table in tables:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                connection.execute(FROM_ONE)
                self._clean.append(url)
                return
        self.drop(url)

    def drop(self, url: str) -> None:
        self._execute("DROP DATABASE {} WITH (FORCE)", make_url(url).database)

    def _schema(self) -> list[tuple[str, str]]:
        """The tables and columns of the template, and its revision."""
        if self._migrated is None:
            with psycopg.connect(**self._where(self.TEMPLATE), autocommit=True) as connection:
                self._migrated = connection.execute(SCHEMA).fetchall()
        return self._migrated

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _where(self, name: str) -> dict[str, str]:
        return {"host": str(self._folder), "dbname": name, "user": "latchkey"}

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(**self._where("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _run(self, program: str, *arguments: str) -> None:
        process = self._open(program, *arguments)
        if process.wait(PATIENCE):
            raise Unavailable(f"{program} failed, see {self._folder / 'log'}")

    def _open(self, program: str, *arguments: str) -> subprocess.Popen:
        identity = {}
        if self._owner is not None:
            identity = {
                "user": self._owner.pw_uid,
                "group": self._owner.pw_gid,
                "extra_groups": [],
            }
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._binaries / program), *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for pytest, which then stops this
                **identity,
            )


def binaries() -> Path | None:
    """Where PostgreSQL's programs are: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return versions[0].parent if versions else None


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable("PostgreSQL does not run as root, and there is no other user here")
