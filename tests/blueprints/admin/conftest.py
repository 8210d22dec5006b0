from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emulators.ory.running import Running, running
from models import Directory
from services import directories
from services.deliveries.worker import work
from tests.visitor import Visitor

START = "/admin/directories"


@pytest.fixture
def ory():
    with running() as started:
        yield started


@pytest.fixture
def kratos():
    """A self-hosted server of today, whose proxy asks for a header."""
    with running(flavour="self-hosted", proxy_header=("X-Proxy-Key", "open-sesame")) as started:
        yield started


@dataclass
class Wizard:
    """An administrator who connects an Ory, page by page."""

    visitor: Visitor
    ory: Running
    directory: str = ""
    typed: dict[str, str] = field(default_factory=dict)

    def begin(self) -> str:
        """NEW, the type, CONTINUE; returns the address of the connection's page."""
        self.visitor.get(f"{START}/new")
        answer = self.visitor.send(f"{START}/new", {"type": "ory"})
        assert answer.status_code == 303
        return answer.location

    def connect(self, page: str = "", **changes: str):
        """CONNECT; a good answer leads to the schema's page."""
        page = page or self.begin()
        self.visitor.get(page)
        self.typed = {
            "name": "Ory of the house",
            "flavour": "network",
            "endpoint": self.ory.url,
            "auth": "none",
            "secret": self.ory.api_key,
            **changes,
        }
        answer = self.visitor.send(page, self.typed)
        if answer.status_code == 303:
            self.directory = answer.location.split("/")[3]
        return answer

    def choose(self, schema: str = "default"):
        return self.step("schema", {"schema_id": schema})

    def map(self, **changes: str):
        """ADD."""
        fields = {
            "email": "email",
            "given_name": "name.first",
            "family_name": "name.last",
            "display_name": "",
            "naming": "own",
            **changes,
        }
        return self.step("mapping", fields)

    def add(self) -> str:
        """The whole way; returns the directory's address."""
        assert self.connect().status_code == 303
        assert self.choose().location == f"{START}/{self.directory}/mapping"
        assert self.map().location == self.page
        return self.directory

    def step(self, name: str, fields: dict[str, str]):
        return self.visitor.send(f"{self.page}/{name}", fields)

    def open(self, name: str = ""):
        return self.visitor.get(f"{self.page}/{name}" if name else self.page)

    @property
    def page(self) -> str:
        return f"{START}/{self.directory}"


def beside(portal, kind: str) -> Path:
    """Where an emulated directory keeps its data in a trial."""
    return portal.settings.data_dir / "emulators" / kind


class Typist:
    """An administrator who connects a directory of a type, in a trial with an emulated one.

    A type's own class says what is typed (`fields`).
    """

    kind: str

    def __init__(self, visitor: Visitor, emulated, portal) -> None:
        self.visitor, self.emulated = visitor, emulated
        self.directory = ""
        self.typed: dict[str, str] = {}
        self.note = beside(portal, self.kind) / "connection.json"
        self.written = json.loads(self.note.read_text())

    def forget_emulated(self) -> None:
        """As in production: nothing is known of an emulated one."""
        self.note.unlink()

    def fields(self, **changes: str) -> dict[str, str]:
        raise NotImplementedError

    def begin(self) -> str:
        """NEW, the type, CONTINUE; returns the address of the connection's page."""
        self.visitor.get(f"{START}/new")
        answer = self.visitor.send(f"{START}/new", {"type": self.kind})
        assert answer.status_code == 303
        return answer.location

    def connect(self, page: str = "", **changes: str):
        """CONNECT, or ADD where that is all."""
        page = page or self.begin()
        self.visitor.get(page)
        self.typed = self.fields(**changes)
        answer = self.visitor.send(page, self.typed)
        if answer.status_code == 303:
            self.directory = answer.location.split("/")[3]
        return answer

    def step(self, name: str, fields: dict[str, str]):
        return self.visitor.send(f"{self.page}/{name}", fields)

    def open(self, name: str = ""):
        return self.visitor.get(f"{self.page}/{name}" if name else self.page)

    @property
    def page(self) -> str:
        return f"{START}/{self.directory}"


@pytest.fixture
def wizard(administrator, ory) -> Wizard:
    return Wizard(administrator, ory)


@pytest.fixture
def stored(portal):
    """Read a directory as it is stored."""

    def read(name: str) -> Directory:
        with portal.database.read() as session:
            return directories.by_uuid(session, uuid.UUID(name))

    return read


@pytest.fixture
def deliver(portal):
    """Let a worker do what is due."""

    def run() -> int:
        return work(portal, worker="test")

    return run
