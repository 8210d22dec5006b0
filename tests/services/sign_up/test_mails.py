"""The mails of codes: tried again, given up, and nothing of a code kept anywhere."""

from __future__ import annotations

import pytest

from models import AuditEvent, MailState, SignUpCode
from services import (
    mails,
    sign_up_mail,
)
from tests.services.sign_up.conftest import (
    ask,
    begin,
    enter,
    mailed,
    rows,
    wrong,
)


def test_a_failed_mail_is_tried_again_with_a_new_code(portal, server, clock):
    server.answers["DATA."] = ["451 disk full"]
    ask(portal)
    sign_up_mail.work(portal, worker="w")
    [row] = rows(portal, SignUpCode)
    assert (row.state, row.attempts) == (MailState.WAITING, 1)
    with portal.database.read() as session:
        assert sign_up_mail.next_due(session) == row.due_at
    clock.forward(minutes=1)
    sign_up_mail.work(portal, worker="w")
    first, second = server.codes()
    assert first == second or not enter(portal, first)
    assert enter(portal, second)


def test_a_server_that_echoes_the_code_puts_it_into_neither_rows_nor_trail(
    portal, server, monkeypatch
):
    monkeypatch.setattr(sign_up_mail.secrets, "randbelow", lambda _: 765432)
    server.answers["DATA."] = ["550 spam: Your code: 765432"]
    ask(portal)
    sign_up_mail.work(portal, worker="w")
    [row] = rows(portal, SignUpCode)
    assert row.reason == "The mail server answered 550: spam: Your code: [hidden]"
    assert all("765432" not in str(one.detail) for one in rows(portal, AuditEvent))


def test_it_is_given_up_when_nobody_waits_for_it_any_more(portal, server, clock):
    server.answers["MAIL"] = ["421 busy"] * 2
    ask(portal)
    sign_up_mail.work(portal, worker="w")
    clock.forward(minutes=10)
    sign_up_mail.work(portal, worker="w")
    assert rows(portal, SignUpCode)[0].state is MailState.FAILED
    event = rows(portal, AuditEvent)[-1]
    assert event.tag == "sign_up.mail_failed"
    assert event.detail["reason"] == "The mail server answered 421: busy"


def test_a_code_that_was_entered_while_its_mail_seemed_to_fail_did_arrive(portal, server):
    ask(portal)
    send = sign_up_mail.send

    def quick(settings, letter, *, now):
        send(settings, letter, now=now)
        assert enter(portal, server.codes()[0])
        raise mails.MailFailed("gone", again=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sign_up_mail, "send", quick)
        sign_up_mail.work(portal, worker="w")
    assert rows(portal, SignUpCode)[0].state is MailState.SENT


def test_the_rows_and_the_trail_hold_no_code(portal, server):
    code = mailed(portal, server)
    enter(portal, wrong(code))
    enter(portal, code)
    begin(portal)
    assert [event.tag for event in rows(portal, AuditEvent)] == [
        "sign_up.mailed",
        "person.added",
        "link.made",
        "link.exchanged",
        "sign_up.begun",
    ]
    assert all(code not in str(event.detail) for event in rows(portal, AuditEvent))
    [row] = rows(portal, SignUpCode)
    assert row.code_hash not in (code.encode(), None)


def test_a_code_holds_while_the_sealing_keys_are_rotated(portal, server):
    from services.sealing import Sealer

    code = mailed(portal, server)
    older = portal.settings.sealing_keys[0].get_secret_value()
    portal.sealer = Sealer(["bmV3ZXIta2V5LW5ld2VyLWtleS1uZXdlci1rZXktbmU=", older])
    assert enter(portal, code)


def test_an_unforeseen_failure_tells_the_log_no_code(portal, caplog):
    ask(portal)
    seen = []

    def broken(settings, letter, *, now):
        seen.append(letter.text.partition("Your code: ")[2][:6])
        raise RuntimeError(letter.text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sign_up_mail, "send", broken)
        sign_up_mail.work(portal, worker="w")
    assert "RuntimeError" in caplog.text
    assert len(seen[0]) == 6 and seen[0] not in caplog.text


def test_a_waiting_mail_outlives_no_hour(portal, server, clock):
    """A worker that was away for an hour mails nobody who has long gone."""
    ask(portal)
    clock.forward(hours=1)
    sign_up_mail.work(portal, worker="w")
    assert server.mails == []
    assert rows(portal, SignUpCode)[0].settled_at == clock()
