"""The records of connections, and short ways to work on them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import Check, CheckState, ConnectionReport
from models import (
    AuditEvent,
    Delivery,
    Directory,
    DirectoryType,
)
from services import directories
from services.deliveries import outbox
from tests.fake_directory import FakeDirectory
from tests.records import Records

KEY = "ory_pat_a-key-that-nobody-may-see"
CLIENT_SECRET = "a-client-secret-that-nobody-may-see"
SETTINGS = {"flavour": "network", "endpoint": "https://slug.projects.oryapis.com", "schema_id": ""}
FAILED = Check(
    code="ory.identities",
    name="Identities can be read",
    state=CheckState.FAILED,
    evidence="401",
    said="The request could not be authorized",
    request_id="req-1",
    remedy="Check the key.",
)
PASSES = ConnectionReport((replace(FAILED, state=CheckState.PASSED),), True, True, "Yes.")
FAILS = ConnectionReport((FAILED,), False, None, "It cannot be told.", patch="[]")


@pytest.fixture
def fake(monkeypatch):
    double = FakeDirectory()
    monkeypatch.setattr(registry, "build", lambda *_, **__: double)
    return double


class House:
    """The portal and short ways to work on its directories."""

    def __init__(self, portal, clock) -> None:
        self.portal, self.clock = portal, clock

    def draft(self, name="Ory", secret=KEY, **more):
        with self.portal.database.write() as session:
            return directories.draft(
                session,
                self.portal.sealer,
                type=DirectoryType.ORY,
                name=name,
                settings=SETTINGS,
                secret=secret,
                actor=None,
                now=self.clock(),
                **more,
            ).uuid

    def edit(self, uuid, **more):
        with self.portal.database.write() as session:
            directories.edit(
                session,
                self.portal.sealer,
                directories.by_uuid(session, uuid),
                actor=None,
                now=self.clock(),
                **more,
            )

    def do(self, action, uuid, *args):
        with self.portal.database.write() as session:
            directory = directories.by_uuid(session, uuid)
            return action(session, directory, *args, actor=None, now=self.clock())

    def get(self, uuid) -> Directory:
        with self.portal.database.read() as session:
            directory = directories.by_uuid(session, uuid)
            session.expunge_all()
            return directory

    def events(self, tag) -> list[dict]:
        with self.portal.database.read() as session:
            return [
                event.detail
                for event in session.scalars(
                    select(AuditEvent).where(AuditEvent.tag == tag).order_by(AuditEvent.id)
                )
            ]


@pytest.fixture
def house(any_portal, clock):
    return House(any_portal, clock)


def enrolled(house, *names):
    """People with a passkey each; their ids and the passkeys'."""
    with house.portal.database.write() as session:
        records = Records(session, house.clock)
        people = [records.person(name) for name in names]
        keys = [records.passkey(person) for person in people]
        for key in keys:
            outbox.owe(session, key, cause="passkey.registered", now=house.clock())
        return people, keys


def states(house) -> dict[int, list[str]]:
    """How each passkey's deliveries stand, oldest first."""
    found: dict[int, list[str]] = {}
    with house.portal.database.read() as session:
        for row in session.scalars(select(Delivery).order_by(Delivery.id)):
            found.setdefault(row.passkey_id, []).append(row.state.value)
    return found
