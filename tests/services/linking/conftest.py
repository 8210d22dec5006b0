"""A portal with one directory, an operator, and records there to link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from directories import registry
from models import (
    AuditEvent,
    Directory,
    Identity,
    Person,
)
from services import people, role_changes, roles
from services.deliveries import outbox
from services.deliveries.worker import work
from services.directories import browsing, bulk, identities, inviting, linking, matching
from tests.fake_directory import FakeDirectory
from tests.records import Records

NAMES = people.Names("Grace", "Hopper", "Grace Hopper", "grace@example.com")
DAY = timedelta(days=1)


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    directory = FakeDirectory()
    directory.takes_identities = False
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


class House:
    """A portal with one directory and an operator, and what is done there, a sentence each."""

    def __init__(self, portal, clock, fake) -> None:
        self.portal, self.clock, self.fake = portal, clock, fake
        with portal.database.write() as session:
            self.directory = self.records(session).directory("Staff")
            self.operator = self.person("ada", administrator=True, session=session)

    def records(self, session) -> Records:
        return Records(session, self.clock)

    def person(self, name, *, administrator=False, session=None, **more) -> Person:
        if session is None:
            with self.portal.database.write() as session:
                return self.person(name, administrator=administrator, session=session, **more)
        made = self.records(session).person(name, **more)
        if administrator:
            role_changes.grant(session, made, roles.ADMINISTRATOR, now=self.clock())
        return made

    def passkey(self, person, *, owed=True) -> int:
        with self.portal.database.write() as session:
            made = self.records(session).passkey(session.get_one(Person, person.id))
            if owed:
                outbox.owe(session, made, cause="passkey.registered", now=self.clock())
            return made.id

    def link(self, record, person, *, actor=None, directory=None) -> int:
        remote = browsing.find(self.portal, directory or self.directory, record.remote_id)
        with self.portal.database.write() as session:
            return linking.link(
                session,
                session.get_one(Directory, (directory or self.directory).id),
                remote,
                session.get_one(Person, person.id),
                how="by hand",
                actor=session.get_one(Person, (actor or self.operator).id),
                now=self.clock(),
            )

    def unlink(self, record, *, actor=None) -> None:
        with self.portal.database.write() as session:
            found = identities.by_remote_id(session, self.directory, record.remote_id)
            linking.unlink(
                session,
                found,
                actor=session.get_one(Person, (actor or self.operator).id),
                now=self.clock(),
            )

    def invite(self, record, names=NAMES, *, by_mail=False):
        remote = browsing.find(self.portal, self.directory, record.remote_id)
        with self.portal.database.write() as session:
            return inviting.invite(
                self.portal,
                session,
                session.get_one(Directory, self.directory.id),
                remote,
                names,
                lifetime=DAY,
                by_mail=by_mail,
                actor=session.get_one(Person, self.operator.id),
            )

    def suggest(self, *, actor=None) -> dict[str, matching.Suggestion]:
        page = browsing.people(self.portal, self.directory, browsing.Search(), None)
        with self.portal.database.read() as session:
            found = matching.suggest(
                session,
                self.directory,
                page.items,
                actor=session.get_one(Person, (actor or self.operator).id),
            )
        return {one.remote.label: one for one in found}

    def pairs(self, *labels) -> list[bulk.Pair]:
        """The pairs that a preview offers for these records, through a form and back."""
        offered = self.suggest()
        texts = [bulk.sealed(self.portal, self.directory, offered[label]) for label in labels]
        return bulk.opened(self.portal, self.directory, texts)

    def bulk(self, pairs) -> bulk.Linked:
        return bulk.link(self.portal, self.directory.uuid, pairs, actor=self.operator)

    def work(self) -> int:
        return work(self.portal, worker="test")

    def rows(self, kind):
        with self.portal.database.read() as session:
            return list(session.scalars(select(kind).order_by(kind.id)))

    def links(self) -> dict[str, int]:
        """The linked person by record."""
        return {one.remote_id: one.person_id for one in self.rows(Identity)}

    def events(self, tag) -> list[AuditEvent]:
        return [one for one in self.rows(AuditEvent) if one.tag == tag]


@pytest.fixture
def house(portal, clock, fake) -> House:
    return House(portal, clock, fake)


@pytest.fixture
def grace(house) -> Person:
    return house.person("grace")
