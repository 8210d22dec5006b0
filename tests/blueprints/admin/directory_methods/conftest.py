"""What records sign in with in their directory, and whoever looks at it."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from sqlalchemy import select

from directories import registry
from directories.base import (
    PasskeyRecord,
    Transient,
)
from models import AuditEvent, DirectoryType
from services import people, role_changes
from services.roles import Action, Privilege, of_any_type
from tests.blueprints.test_removal import touched
from tests.fake_directory import FakeDirectory
from tests.records import Records
from tests.visitor import Visitor

DOWN = Transient("No answer came.", code="fake.down", said="upstream gone", request_id="req-7")
ALL = (
    *of_any_type(Action.VIEW),
    Privilege.VIEW_PEOPLE,
    Privilege.VIEW_PASSKEYS,
    Privilege.END_PASSKEYS,
    Privilege.END_SESSIONS,
    Privilege.LINK_IDENTITIES,
    Privilege.MAKE_LINKS,
)


@pytest.fixture
def fake(monkeypatch) -> FakeDirectory:
    directory = FakeDirectory()
    directory.revokes_sessions = directory.makes_passes = True
    monkeypatch.setattr(registry, "build", lambda *_, **__: directory)
    return directory


class Staff:
    """An Entra with Grace's record, and whoever looks at it."""

    def __init__(self, portal, visitor: Visitor, clock, fake: FakeDirectory) -> None:
        self.portal, self.visitor, self.clock, self.fake = portal, visitor, clock, fake
        self.record = fake.add("grace@corp.example", name="Grace H.")
        with portal.database.write() as session:
            rows = Records(session, clock)
            made = rows.directory("Staff", type=DirectoryType.ENTRA)
            grace = people.by_email(session, "grace@example.com")
            rows.identity(made, grace, self.record.remote_id)
            self.directory = made.uuid
        self.page = f"/admin/directories/{self.directory}/people"

    def open(self, path: str = "/methods", **query):
        return self.visitor.get(
            self.page + path, query_string={"identity": self.record.remote_id, **query}
        )

    def key(self, credential_id: bytes = b"k" * 16, nickname: str = "Old key") -> None:
        """Give the record a passkey that was not made here."""
        self.record.passkeys[credential_id] = PasskeyRecord(
            credential_id=credential_id,
            public_key=b"",
            rp_id="login.example.com",
            user_handle=b"somebody",
            aaguid=uuid.UUID(int=1),
            sign_count=0,
            transports=("usb",),
            user_verified=True,
            backup_eligible=False,
            backup_state=False,
            nickname=nickname,
            created_at=self.clock(),
        )

    def confirmed(self, page) -> dict[str, str]:
        """The answer of the visitor's own touch to the form of a page."""
        subject = re.search(r'data-subject="([^"]+)"', page.text).group(1)
        begun = self.visitor.options("confirm", subject=subject)
        assert begun.status_code == 200, begun.text
        return touched(self.visitor, begun.json)

    def send(self, path: str, page, **fields):
        hidden = {
            name: unescape(value)
            for name, value in re.findall(
                r'<input type="hidden" name="(identity|key)" value="([^"]*)"', page.text
            )
        }
        return self.visitor.send(self.page + path, hidden | fields)

    def events(self, tag: str) -> list[AuditEvent]:
        with self.portal.database.read() as session:
            return list(session.scalars(select(AuditEvent).where(AuditEvent.tag == tag)))


@pytest.fixture
def staff(portal, administrator, somebody, clock, fake) -> Staff:
    return Staff(portal, administrator, clock, fake)


@pytest.fixture
def deputy(app, world, invite, portal):
    """Somebody who holds few privileges; which, the test says."""

    def made(*held: Privilege) -> Visitor:
        visitor = Visitor(app, world.key())
        visitor.open_link(invite("Dan Deputy"))
        visitor.enrol()
        with portal.database.write() as session:
            dan = people.by_email(session, "dan@example.com")
            role = role_changes.create(
                session, name="Deputy", description="", privileges={*held}, actor=None,
                now=portal.now(),
            )  # fmt: skip
            role_changes.grant(session, dan, role.key, now=portal.now())
        visitor.sign_in()
        return visitor

    return made


def remove_link(page) -> str:
    return unescape(re.search(r'href="([^"]+/methods/remove[^"]*)"', page.text).group(1))
