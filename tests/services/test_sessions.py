from __future__ import annotations

import pytest
from sqlalchemy import select

from models import AuditEvent, Passkey, Session
from services import sessions
from services.sessions import ABSOLUTE, IDLE, SEEN_EVERY
from tests.records import Records


@pytest.fixture
def passkey(portal, clock) -> Passkey:
    with portal.database.write() as session:
        records = Records(session, clock)
        return records.passkey(records.person("ada", roles=[]))


@pytest.fixture
def opened(portal, passkey):
    with portal.database.write() as session:
        return sessions.open_session(
            session,
            person_id=passkey.person_id,
            passkey_id=passkey.id,
            user_agent="\0\x1b" + "x" * 1000,
            now=portal.now(),
        )


def test_only_the_hash_of_its_id_is_kept(portal, opened):
    token, row = opened
    assert row.token_hash == sessions.digest(token)
    assert sessions.look_up(portal, token).person.display_name == "Ada Example"
    assert sessions.look_up(portal, token + "x") is None
    assert sessions.look_up(portal, "") is None


def test_a_browsers_name_is_cut_and_cleaned(opened):
    assert opened[1].user_agent == "x" * 256


def test_its_last_use_is_kept_to_the_minute(portal, clock, opened):
    token, _ = opened
    began = clock()
    clock.forward(seconds=SEEN_EVERY.total_seconds() - 1)
    sessions.look_up(portal, token)
    assert sessions.look_up(portal, token).last_seen_at == began
    now = clock.forward(seconds=1)
    sessions.look_up(portal, token)
    assert sessions.look_up(portal, token).last_seen_at == now


def test_it_ends_when_it_is_not_used(portal, clock, opened):
    clock.forward(seconds=IDLE.total_seconds() - 1)
    assert sessions.look_up(portal, opened[0])
    clock.forward(seconds=IDLE.total_seconds())
    assert sessions.look_up(portal, opened[0]) is None


def test_it_ends_at_last_however_much_it_is_used(portal, clock, opened):
    end = clock() + ABSOLUTE
    while clock() < end:
        assert sessions.look_up(portal, opened[0])
        clock.forward(hours=1)
    assert sessions.look_up(portal, opened[0]) is None


def test_ending_it_is_for_good_and_recorded_once(portal, opened):
    for _ in range(2):
        with portal.database.write() as session:
            sessions.end(session, opened[0], now=portal.now())
    assert sessions.look_up(portal, opened[0]) is None
    with portal.database.read() as session:
        tags = list(session.scalars(select(AuditEvent.tag).order_by(AuditEvent.id)))
    assert tags == ["session.opened", "session.ended"]


def test_it_ends_with_the_passkey_that_opened_it(portal, passkey, opened, clock):
    with portal.database.write() as session:
        session.get_one(Passkey, passkey.id).ended_at = clock()
    assert sessions.look_up(portal, opened[0]) is None


def test_removing_a_passkey_ends_the_sessions_it_opened_and_no_others(portal, passkey, opened):
    with portal.database.write() as session:
        other = Records(session, portal.now).passkey(passkey.person)
        token, _ = sessions.open_session(
            session,
            person_id=passkey.person_id,
            passkey_id=other.id,
            user_agent="",
            now=portal.now(),
        )
        sessions.end_opened_by(session, passkey, now=portal.now())
    assert sessions.look_up(portal, opened[0]) is None
    assert sessions.look_up(portal, token) is not None
    with portal.database.read() as session:
        assert session.get_one(Session, opened[1].id).ended_at == portal.now()
