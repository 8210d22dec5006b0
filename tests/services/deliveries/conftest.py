"""A portal with a fake directory, on SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Way
from models import Delivery, DeliveryState, Directory, DirectoryType, Identity, Passkey, Placement
from services import passkeys as passkey_records
from services import placements
from services.deliveries import outbox
from services.deliveries.worker import work
from tests.fake_directory import FakeDirectory
from tests.records import Records


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    """What every directory's record leads to."""
    directory = FakeDirectory()
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


class World:
    """What a test does to the portal, a sentence each."""

    def __init__(self, portal, clock, fake) -> None:
        self.portal = portal
        self.clock = clock
        self.fake = fake

    def records(self, session) -> Records:
        return Records(session, self.clock)

    def directory(self, **more) -> int:
        with self.portal.database.write() as session:
            return self.records(session).directory(**more).id

    def enrolled(self, name: str = "", keys: int = 1, **more) -> list[int]:
        """A person with passkeys that are owed; the passkeys' ids."""
        with self.portal.database.write() as session:
            records = self.records(session)
            person = records.person(name)
            passkeys = [records.passkey(person, **more) for _ in range(keys)]
            for passkey in passkeys:
                outbox.owe(session, passkey, cause="passkey.registered", now=self.clock())
            return [passkey.id for passkey in passkeys]

    def began(
        self, directory_id: int, *, seconds: float = 120, name: str = "", own: bool = False, **more
    ) -> int:
        """A person linked there touched a key for what it began; the passkey's id."""
        with self.portal.database.write() as session:
            records = self.records(session)
            directory = session.get_one(Directory, directory_id)
            person = records.person(name)
            records.identity(directory, person, self.fake.add(person.email).remote_id)
            return self.touched(session, person, directory, seconds=seconds, own=own, **more)

    def touched(self, session, person, directory, *, seconds=120.0, own=False, **more) -> int:
        """Somebody touches a key for what a directory began."""
        maker = {} if own else {"maker": str(directory.uuid), "rp_id": "vendor.example"}
        passkey = self.records(session).passkey(person, **maker | more)
        cause, now = "passkey.registered", self.clock()
        outbox.owe(session, passkey, cause=cause, now=now)
        outbox.owe_begun(
            session,
            passkey,
            directory.id,
            begun={"device_id": "device-1"},
            not_after=now + timedelta(seconds=seconds),
            cause=cause,
            now=now,
        )
        return passkey.id

    def passkey(self, passkey_id: int) -> Passkey:
        with self.portal.database.read() as session:
            row = session.get_one(Passkey, passkey_id)
            session.expunge_all()
            return row

    def rename(self, passkey_id: int, nickname: str) -> None:
        with self.portal.database.write() as session:
            passkey = session.get_one(Passkey, passkey_id)
            passkey_records.rename(
                session, passkey, nickname, actor=passkey.person, now=self.clock()
            )

    def end(self, passkey_id: int) -> None:
        with self.portal.database.write() as session:
            passkey = session.get_one(Passkey, passkey_id)
            passkey.ended_at = self.clock()
            outbox.owe(session, passkey, cause="passkey.ended", now=self.clock())

    def work(self, worker: str = "worker") -> int:
        return work(self.portal, worker=worker)

    def deliveries(self) -> list[Delivery]:
        """Every delivery, oldest first."""
        with self.portal.database.read() as session:
            rows = list(session.scalars(select(Delivery).order_by(Delivery.id)))
            session.expunge_all()
            return rows

    def delivery(self) -> Delivery:
        """The newest delivery."""
        return self.deliveries()[-1]

    def states(self) -> list[DeliveryState]:
        return [delivery.state for delivery in self.deliveries()]

    def placement(self, passkey_id: int) -> Placement:
        with self.portal.database.read() as session:
            row = session.scalars(select(Placement).where(Placement.passkey_id == passkey_id)).one()
            session.expunge_all()
            return row

    def identities(self) -> dict[int, str]:
        """The remote id by person."""
        with self.portal.database.read() as session:
            return {row.person_id: row.remote_id for row in session.scalars(select(Identity))}

    def person_of(self, passkey_id: int) -> tuple[int, uuid.UUID, str]:
        with self.portal.database.read() as session:
            person = session.get_one(Passkey, passkey_id).person
            return person.id, person.uuid, person.email


@pytest.fixture
def world(any_portal, clock, fake) -> World:
    return World(any_portal, clock, fake)


@pytest.fixture
def vendor(world) -> int:
    """A directory that begins registrations itself."""
    world.fake.way = Way.FOREIGN
    world.fake.takes_identities = False
    return world.directory(type=DirectoryType.PINGONE)


def refuse(world, error, times: int = 1) -> None:
    world.fake.before["put_passkey"].extend([error] * times)


def retry(world) -> None:
    with world.portal.database.write() as session:
        placements.retry(session, world.delivery().uuid, actor=None, now=world.clock())


def view(world, passkey: int, directory: int) -> placements.PlacementView:
    with world.portal.database.read() as session:
        views = placements.of_passkey(session, session.get_one(Passkey, passkey))
        name = session.get_one(Directory, directory).uuid
    return next(one for one in views if one.directory == name)
