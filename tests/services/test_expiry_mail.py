"""Warnings of secrets that expire: 30, 7 and 1 days ahead, once each, to who can mend it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

import config
from models import Directory, DirectoryType, ExpiryNotice, MailState, Person
from services import directories, expiry_mail, role_changes, roles
from services.directories import expiry
from tests.mail_server import mail_server
from tests.records import Records

SETTINGS = {
    "tenant_id": "8f2c1e4b-0d7a-4c35-9e61-2b90a7d4c813",
    "client_id": "5b1d9a60-7c2e-4f18-8a43-d6e0f2b7c951",
    "credential": "secret",
    "certificate": "",
}


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def portal(any_portal, server):
    any_portal.settings = any_portal.settings.model_copy(
        update={"smtp_url": SecretStr(server.url), "mail_from": "keys@example.com"}
    )
    return any_portal


@pytest.fixture
def ada(portal, clock) -> Person:
    with portal.database.write() as session:
        records = Records(session, clock)
        ada = records.person("ada")
        records.person("grace")
        role_changes.grant(session, ada, roles.ADMINISTRATOR, now=clock())
    return ada


def expiring(portal, clock, *, days: int, **more) -> Directory:
    """An Entra ID whose secret's last day is in so many days."""
    on = (clock() + timedelta(days=days)).date().isoformat()
    with portal.database.write() as session:
        return Records(session, clock).directory(
            "Staff",
            type=DirectoryType.ENTRA,
            settings={**SETTINGS, "secret_expires_on": on},
            sealed_secret=b"sealed",
            **more,
        )


def work(portal) -> int:
    return expiry_mail.work(portal, worker="w")


def notices(portal) -> list[ExpiryNotice]:
    with portal.database.read() as session:
        return list(session.scalars(select(ExpiryNotice).order_by(ExpiryNotice.id)))


def test_it_warns_three_times_ahead_and_once_each(portal, clock, ada, server):
    expiring(portal, clock, days=40)
    warned = {}
    for day in range(45):
        for _ in range(2):
            if work(portal):
                warned[40 - day] = str(server.mails[-1]["Subject"])
        clock.forward(days=1)
    assert list(warned) == [30, 7, 1]
    assert "expires in 30 days" in warned[30] and "expires tomorrow" in warned[1]
    assert {mail["To"] for mail in server.mails} == {"Ada Example <ada@example.com>"}
    assert [one.state for one in notices(portal)] == [MailState.SENT] * 3


def test_the_mail_leads_to_the_page_where_the_secret_is_replaced(portal, clock, ada, server):
    directory = expiring(portal, clock, days=5)
    assert work(portal) == 1
    [text] = server.texts()
    assert f"/admin/directories/{directory.uuid}/edit" in text
    assert "Staff" in text and "its last day is" in text


def test_a_directory_that_is_connected_late_is_warned_of_once(portal, clock, ada):
    expiring(portal, clock, days=3)
    assert work(portal) == 1 and work(portal) == 0
    assert [one.days_ahead for one in notices(portal)] == [7]


@pytest.mark.parametrize("days", [31, -1])
def test_nobody_is_warned_too_early_or_too_late(portal, clock, ada, days):
    expiring(portal, clock, days=days)
    assert work(portal) == 0 and notices(portal) == []


def test_nobody_is_warned_of_a_draft_or_a_deleted_directory(portal, clock, ada):
    draft = expiring(portal, clock, days=5, in_service=False)
    assert work(portal) == 0
    with portal.database.write() as session:
        found = session.get_one(Directory, draft.id)
        found.added_at = found.ended_at = clock()
    assert work(portal) == 0 and notices(portal) == []


def test_a_secret_that_was_replaced_is_warned_of_anew(portal, clock, ada):
    directory = expiring(portal, clock, days=5)
    assert work(portal) == 1
    later = (clock() + timedelta(days=6)).date().isoformat()
    with portal.database.write() as session:
        found = session.get_one(Directory, directory.id)
        found.settings = {**found.settings, "secret_expires_on": later}
    assert work(portal) == 1
    assert len({one.expires_on for one in notices(portal)}) == 2


def test_a_mail_that_fails_is_tried_again_and_the_next_has_no_point_once_replaced(
    portal, clock, ada, server
):
    directory = expiring(portal, clock, days=5)
    server.answers["MAIL"] = ["451 later"]
    assert work(portal) == 1
    [waiting] = notices(portal)
    assert waiting.state is MailState.WAITING and "451" in waiting.reason
    with portal.database.read() as session:
        assert expiry_mail.next_due(session) > clock()
    with portal.database.write() as session:
        found = session.get_one(Directory, directory.id)
        found.settings = {**found.settings, "secret_expires_on": "2040-01-01"}
    clock.forward(hours=2)
    work(portal)
    assert [one.state for one in notices(portal)] == [MailState.STOPPED]
    assert server.mails == []


def test_without_a_mail_server_nothing_is_written_down_in_production(portal, clock, ada):
    expiring(portal, clock, days=5)
    settings = {"smtp_url": SecretStr(""), "environment": config.Environment.PRODUCTION}
    portal.settings = portal.settings.model_copy(update=settings)
    assert work(portal) == 0 and notices(portal) == []


@pytest.mark.parametrize(
    ("days", "stage", "word"),
    [
        (31, None, "expires in 31 days"),
        (30, 30, "expires in 30 days"),
        (8, 30, "expires in 8 days"),
        (7, 7, "expires in 7 days"),
        (1, 1, "expires tomorrow"),
        (0, 1, "expires today"),
        (-1, 1, "expired yesterday"),
        (-9, 1, "expired 9 days ago"),
    ],
)
def test_how_near_it_is(portal, clock, days, stage, word):
    seen = expiry.of(expiring(portal, clock, days=days), clock())
    assert (seen.days, seen.stage, seen.word, seen.past) == (days, stage, word, days < 0)


def test_a_connection_without_a_secret_expires_never(portal, clock):
    with portal.database.write() as session:
        found = Records(session, clock).directory()
    assert expiry.of(found, clock()) is None
    broken = expiring(portal, clock, days=5)
    broken.settings = {}
    assert expiry.of(broken, clock()) is None
    assert directories.report_of(broken) is None
