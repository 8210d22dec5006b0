from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import pytest

import config
from directories import registry
from models import Person
from services import ceremonies, policies
from services.ceremonies import Purpose
from tests.authenticator.world import World
from tests.fake_directory import FakeDirectory

SESSION = b"s" * 32


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def metadata_file(world, tmp_path_factory):
    return world.write(tmp_path_factory.mktemp("metadata") / "extra.json")


@pytest.fixture
def settings(tmp_path, any_database_url, metadata_file):
    return config.load(
        {},
        data_dir=tmp_path / "instance",
        database_url=any_database_url,
        metadata_file=metadata_file,
    )


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    """What every directory's record leads to."""
    directory = FakeDirectory()
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


@dataclass
class Bench:
    """The portal with a person in front of it."""

    portal: object
    woken: list = field(default_factory=list)

    @property
    def origin(self) -> str:
        return self.portal.settings.base_url

    def choose(self, kind: str) -> None:
        with self.portal.database.write() as session:
            policies.choose(session, kind, actor=None, now=self.portal.now())

    def person(self, name: str = "ada") -> int:
        with self.portal.database.write() as session:
            person = Person(
                email=f"{name}@example.com",
                display_name=name.title(),
                user_handle=secrets.token_urlsafe(32).encode(),
                created_at=self.portal.now(),
            )
            session.add(person)
            session.flush()
            return person.id

    def begin(self, person_id, purpose=Purpose.ENROL, session_hash=SESSION):
        return ceremonies.begin_registration(
            self.portal, purpose=purpose, person_id=person_id, session_hash=session_hash
        )

    def finish(self, person_id, ceremony, response, **arguments):
        return ceremonies.finish_registration(
            self.portal,
            **{
                "purpose": Purpose.ENROL,
                "ceremony": str(ceremony),
                "response": response,
                "session_hash": SESSION,
                "person_id": person_id,
                **arguments,
            },
        )

    def begin_sign_in(self, **arguments):
        return ceremonies.begin_authentication(
            self.portal,
            **{"purpose": Purpose.SIGN_IN, "session_hash": SESSION, **arguments},
        )

    def finish_sign_in(self, ceremony, response, **arguments):
        return ceremonies.finish_authentication(
            self.portal,
            **{
                "purpose": Purpose.SIGN_IN,
                "ceremony": str(ceremony),
                "response": response,
                "session_hash": SESSION,
                **arguments,
            },
        )


@pytest.fixture
def bench(portal) -> Bench:
    made = Bench(portal)
    portal.wake = lambda: made.woken.append(True)
    return made
