"""Signing up: a code proves a mailbox, once, in the browser that asked; it opens no account."""

from __future__ import annotations

import threading

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from models import AuditEvent, EnrolmentLink, MailState, Passkey, Person, SignUpCode
from services import (
    links,
    mails,
    people,
    people_changes,
    role_changes,
    roles,
    sign_up,
    sign_up_mail,
)
from services.refusal import Refusal
from services.sign_up import PER_MAILBOX, PER_NETWORK, TRIES, Step
from tests.mail_server import mail_server
from tests.records import Records

BROWSER, OTHER = b"b" * 32, b"o" * 32
GRACE = "grace@example.com"


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def portal(any_portal, server):
    any_portal.settings = any_portal.settings.model_copy(
        update={
            "smtp_url": SecretStr(server.url),
            "mail_from": "keys@example.com",
            "sign_up_domains": ("example.com", "xn--bcher-kva.example"),
        }
    )
    return any_portal


def ask(portal, email=GRACE, browser=BROWSER, network="192.0.2.1") -> SignUpCode:
    with portal.database.write() as session:
        return sign_up.ask(
            session,
            portal.settings,
            email=email,
            browser=browser,
            network=network,
            now=portal.now(),
        )


def mailed(portal, server, email=GRACE, browser=BROWSER, **more) -> str:
    """Ask, and let the worker send: the code of the newest mail."""
    ask(portal, email, browser, **more)
    sign_up_mail.work(portal, worker="w")
    return server.codes()[-1]


def enter(portal, code, browser=BROWSER) -> bool:
    with portal.database.write() as session:
        return sign_up.enter(session, portal.sealer, browser, code, now=portal.now())


def begin(portal, browser=BROWSER, enrolment="her browser", given="Grace") -> EnrolmentLink:
    with portal.database.write() as session:
        return sign_up.begin(
            session,
            browser,
            given_name=given,
            family_name="Hopper",
            enrolment=enrolment,
            now=portal.now(),
        )


def finish(portal, link, enrolment="her browser") -> Passkey:
    """Register a key in the enrolment."""
    with portal.database.write() as session:
        own = links.enrolment(session, link.uuid, enrolment, now=portal.now())
        passkey = Records(session, portal.now).passkey(session.get_one(Person, link.person_id))
        sign_up.finish(session, own, passkey, now=portal.now())
        return passkey


def rows(portal, table):
    with portal.database.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def wrong(code) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_nothing_secret_waits_and_nobody_is_made_before_the_code_was_right(portal, server):
    row = ask(portal)
    assert (row.code_hash, row.open_until) == (None, None)
    assert rows(portal, Person) == rows(portal, EnrolmentLink) == []


def test_the_code_comes_by_mail_and_leads_on(portal, server):
    code = mailed(portal, server)
    assert server.recipients == ["rcpt TO:<grace@example.com>"]
    assert code in server.mails[0].get_body(("html",)).get_content()
    assert code not in server.mails[0]["Subject"]
    assert enter(portal, code)
    [row] = rows(portal, SignUpCode)
    assert (row.state, sign_up.step(row)) == (MailState.SENT, Step.NAME)


def test_a_right_code_begins_an_enrolment_of_a_new_person(portal, server, clock):
    enter(portal, mailed(portal, server))
    link = begin(portal)
    [person] = rows(portal, Person)
    assert (person.email, person.display_name, person.roles) == (GRACE, "Grace Hopper", [])
    assert link.person_id == person.id
    with portal.database.read() as session:
        own = links.enrolment(session, link.uuid, "her browser", now=clock())
        with pytest.raises(Refusal, match="link_unknown"):
            links.enrolment(session, link.uuid, "another browser", now=clock())
    assert not own.finished


def test_sent_twice_the_name_begins_one_enrolment(portal, server):
    enter(portal, mailed(portal, server))
    assert begin(portal).id == begin(portal, given="Else").id
    assert len(rows(portal, Person)) == 1


def test_a_code_is_used_once(portal, server):
    code = mailed(portal, server)
    assert enter(portal, code)
    assert not enter(portal, code)


def test_five_wrong_tries_kill_it(portal, server):
    code = mailed(portal, server)
    assert [enter(portal, wrong(code)) for _ in range(TRIES)] == [False] * TRIES
    assert not enter(portal, code)
    assert rows(portal, SignUpCode)[0].tries == TRIES
    assert [event.tag for event in rows(portal, AuditEvent)][-1] == "sign_up.code_dead"


def test_the_fifth_try_may_be_right(portal, server):
    code = mailed(portal, server)
    for _ in range(TRIES - 1):
        enter(portal, wrong(code))
    assert enter(portal, code)


def test_tries_at_the_same_moment_are_all_counted(portal, server):
    code = mailed(portal, server)
    answers = []
    tries = [
        threading.Thread(target=lambda: answers.append(enter(portal, wrong(code))))
        for _ in range(2 * TRIES)
    ]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert answers == [False] * (2 * TRIES)
    assert rows(portal, SignUpCode)[0].tries == TRIES


def test_a_code_entered_twice_at_the_same_moment_leads_on_once(portal, server):
    code = mailed(portal, server)
    answers = []
    tries = [threading.Thread(target=lambda: answers.append(enter(portal, code))) for _ in range(4)]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert sorted(answers) == [False, False, False, True]


def test_ten_minutes_after_it_was_sent_it_is_dead(portal, server, clock):
    ask(portal)
    clock.forward(minutes=9)
    sign_up_mail.work(portal, worker="w")
    [code] = server.codes()
    clock.forward(minutes=10)
    assert not enter(portal, code)


def test_just_before_that_it_lives(portal, server, clock):
    code = mailed(portal, server)
    clock.forward(minutes=9, seconds=59)
    assert enter(portal, code)


def test_another_browser_cannot_use_it(portal, server):
    code = mailed(portal, server)
    ask(portal, browser=OTHER, email="else@example.com")
    assert not enter(portal, code, browser=OTHER)
    assert not enter(portal, code, browser=b"?" * 32)
    assert enter(portal, code)


def test_a_new_request_replaces_the_older_code_of_its_browser(portal, server):
    older = mailed(portal, server)
    newer = mailed(portal, server)
    assert older == newer or not enter(portal, older)
    assert enter(portal, newer)


def test_a_request_that_was_replaced_before_it_was_sent_sends_nothing(portal, server):
    ask(portal)
    ask(portal, email="ada@example.com")
    sign_up_mail.work(portal, worker="w")
    assert server.recipients == ["rcpt TO:<ada@example.com>"]


def test_an_account_gets_other_mail_and_no_digits_open_it(portal, server, clock):
    with portal.database.write() as session:
        records = Records(session, clock)
        records.passkey(records.person("grace"))
    ask(portal)
    sign_up_mail.work(portal, worker="w")
    [text] = server.texts()
    assert "You have an account there already" in text
    assert "http://localhost:5000/sign-in" in text
    assert "one to recover" in text
    assert server.codes() == []
    [row] = rows(portal, SignUpCode)
    assert row.code_hash is None
    for _ in range(TRIES):
        assert not enter(portal, "000000")
    assert rows(portal, SignUpCode)[0].tries == TRIES, "counted just as for a stranger"


def account(portal, clock, kind: str) -> None:
    with portal.database.write() as session:
        records = Records(session, clock)
        grace = records.person("grace")
        if kind == "a key that was ended":
            records.passkey(grace, ended_at=clock())
        elif kind == "a role":
            role_changes.grant(session, grace, roles.ADMINISTRATOR, now=clock())


@pytest.mark.parametrize("kind", ["an operator's record", "a key that was ended", "a role"])
def test_whatever_has_a_record_gets_no_code(portal, server, clock, kind):
    account(portal, clock, kind)
    ask(portal)
    sign_up_mail.work(portal, worker="w")
    assert len(server.mails) == 1
    assert server.codes() == []


@pytest.mark.parametrize("kind", ["an operator's record", "a key that was ended", "a role"])
def test_an_account_that_came_after_the_code_is_left_alone(portal, server, clock, kind):
    enter(portal, mailed(portal, server))
    account(portal, clock, kind)
    with pytest.raises(Refusal, match="sign_up_known"):
        begin(portal)
    assert rows(portal, EnrolmentLink) == []


def test_of_two_browsers_with_codes_the_first_key_wins(portal, server):
    enter(portal, mailed(portal, server))
    enter(portal, mailed(portal, server, browser=OTHER), browser=OTHER)
    finish(portal, begin(portal))
    with pytest.raises(Refusal, match="sign_up_known"):
        begin(portal, browser=OTHER, enrolment="the other")
    assert len(rows(portal, Person)) == 1


def test_the_newer_of_two_enrolments_goes_on(portal, server):
    enter(portal, mailed(portal, server))
    enter(portal, mailed(portal, server, browser=OTHER), browser=OTHER)
    older = begin(portal)
    newer = begin(portal, browser=OTHER, enrolment="the other")
    assert older.person_id == newer.person_id
    with pytest.raises(Refusal, match="link_revoked") as refused:
        finish(portal, older)
    assert "newer code" in refused.value.sentence
    finish(portal, newer, "the other")
    [passkey] = rows(portal, Passkey)
    assert passkey.person_id == newer.person_id


def test_two_browsers_that_give_their_name_at_the_same_moment_make_one_person(portal, server):
    enter(portal, mailed(portal, server))
    enter(portal, mailed(portal, server, browser=OTHER), browser=OTHER)
    outcomes = []

    def go(browser, enrolment):
        try:
            outcomes.append(begin(portal, browser, enrolment).uuid)
        except Refusal as refusal:
            outcomes.append(refusal.code)

    both = [
        threading.Thread(target=go, args=args)
        for args in ((BROWSER, "her browser"), (OTHER, "the other"))
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(rows(portal, Person)) == 1
    living = [link for link in rows(portal, EnrolmentLink) if link.revoked_at is None]
    assert len(living) == 1
    assert len(outcomes) == 2


def test_a_sign_up_that_was_left_is_begun_again_by_a_new_code(portal, server, clock):
    enter(portal, mailed(portal, server))
    begin(portal)
    clock.forward(hours=2)
    enter(portal, mailed(portal, server, browser=OTHER), browser=OTHER)
    link = begin(portal, browser=OTHER, enrolment="the other", given="Amazing Grace")
    finish(portal, link, "the other")
    [person] = rows(portal, Person)
    assert person.display_name == "Amazing Grace Hopper"


def test_an_address_that_is_changed_meanwhile_is_not_taken_over(portal, server, clock):
    enter(portal, mailed(portal, server))
    left = begin(portal)
    enter(portal, mailed(portal, server))
    with portal.database.write() as session:
        ada = Records(session, clock).person("ada")
        role_changes.grant(session, ada, roles.ADMINISTRATOR, now=clock())
    begun = []
    late = threading.Thread(target=lambda: begun.append(begin(portal)))
    with portal.database.write() as session:
        people_changes.edit(
            portal,
            session,
            session.get_one(Person, left.person_id),
            people.Names("Mary", "Jackson", "Mary Jackson", "mary@example.com"),
            actor=session.get_one(Person, ada.id),
        )
        late.start()
        late.join(timeout=2)  # it waits here for what is not committed yet
    late.join(timeout=30)
    with portal.database.read() as session:
        names = {one.email: one.display_name for one in session.scalars(select(Person))}
        whose = session.get_one(Person, begun[0].person_id).email
    assert (whose, names["mary@example.com"]) == (GRACE, "Mary Jackson")


def test_a_key_that_the_person_got_meanwhile_ends_the_sign_up(portal, server, clock):
    enter(portal, mailed(portal, server))
    link = begin(portal)
    with portal.database.write() as session:
        Records(session, clock).passkey(session.get_one(Person, link.person_id))
    with pytest.raises(Refusal, match="sign_up_known"):
        finish(portal, link)
    assert len(rows(portal, Passkey)) == 1
    assert rows(portal, EnrolmentLink)[0].finished_at is None


def test_a_role_that_the_person_got_meanwhile_ends_the_sign_up(portal, server, clock):
    enter(portal, mailed(portal, server))
    link = begin(portal)
    with portal.database.write() as session:
        grace = session.get_one(Person, link.person_id)
        role_changes.grant(session, grace, roles.ADMINISTRATOR, now=clock())
    with pytest.raises(Refusal, match="sign_up_known"):
        finish(portal, link)
    assert rows(portal, Passkey) == []


def test_no_name_without_a_right_code(portal, server):
    for prepare in (lambda: None, lambda: mailed(portal, server)):
        prepare()
        with pytest.raises(Refusal, match="sign_up_over"):
            begin(portal)
    assert rows(portal, Person) == []


def test_an_hour_after_the_request_nothing_of_it_goes_on(portal, server, clock):
    enter(portal, mailed(portal, server))
    clock.forward(hours=1)
    with pytest.raises(Refusal, match="sign_up_over"):
        begin(portal)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("grace@example.org", "sign_up_domain"),
        ("grace@keys.example.com", "sign_up_domain"),
        ("grace@example.com.evil.test", "sign_up_domain"),
        ("grace@evil.test@example.com", "sign_up_email_wrong"),
        ("grace", "sign_up_email_wrong"),
        ("@example.com", "sign_up_email_wrong"),
        ("grace@", "sign_up_email_wrong"),
        ("", "sign_up_email_wrong"),
        ("grace@exa mple.com", "sign_up_email_wrong"),
        ("grace hopper@example.com", "sign_up_email_wrong"),
        ("grace@example.com\r\nBcc: all@example.com", "sign_up_email_wrong"),
        (f"{'g' * 300}@example.com", "sign_up_email_wrong"),
        (f"grace@{'e' * 64}.com", "sign_up_email_wrong"),
    ],
)
def test_only_addresses_of_an_allowed_domain(portal, typed, code):
    with pytest.raises(Refusal, match=code):
        ask(portal, typed)
    assert rows(portal, SignUpCode) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Grace@EXAMPLE.com ", "grace@example.com"),
        ("grace@example.com.", "grace@example.com"),
        ("grace@bücher.example", "grace@xn--bcher-kva.example"),
        ("grace@BÜCHER.example", "grace@xn--bcher-kva.example"),
        ("grace@xn--bcher-kva.example", "grace@xn--bcher-kva.example"),
    ],
)
def test_a_domain_is_the_same_however_it_is_written(portal, typed, kept):
    assert ask(portal, typed).email == kept


def test_an_account_is_found_in_whichever_letters_its_domain_was_written(portal, server, clock):
    with portal.database.write() as session:
        names = people.Names("Grace", "Hopper", "Grace", "grace@bücher.example")
        people.add(session, names, actor=None, now=clock())
    ask(portal, "grace@xn--bcher-kva.example")
    sign_up_mail.work(portal, worker="w")
    assert server.codes() == []
    assert "You have an account" in server.texts()[0]


def test_one_stranger_sends_a_mailbox_few_mails_and_leaves_others_theirs(portal, clock):
    for number in range(PER_NETWORK):
        ask(portal, f"grace+{number}@example.com", browser=bytes([number]) * 32)
    with pytest.raises(Refusal, match="sign_up_often") as refused:
        ask(portal)
    assert refused.value.status == 429
    ask(portal, network="198.51.100.7")
    ask(portal, "ada@example.com")
    clock.forward(hours=1)
    ask(portal)


def test_all_strangers_together_send_a_mailbox_no_more_than_that(portal):
    for number in range(PER_MAILBOX):
        ask(portal, network=f"192.0.2.{number}", browser=bytes([number]) * 32)
    with pytest.raises(Refusal, match="sign_up_often"):
        ask(portal, network="198.51.100.7")


def test_requests_at_the_same_moment_are_counted_too(portal):
    for number in range(PER_NETWORK - 1):
        ask(portal, browser=bytes([number]) * 32)
    refused = []

    def one_too_many() -> None:
        with pytest.raises(Refusal) as caught:
            ask(portal, browser=OTHER)
        refused.append(caught.value.code)

    late = threading.Thread(target=one_too_many)
    with portal.database.write() as session:
        sign_up.ask(
            session,
            portal.settings,
            email=GRACE,
            browser=BROWSER,
            network="192.0.2.1",
            now=portal.now(),
        )
        late.start()
        late.join(timeout=2)  # it waits here for the one that is not committed yet
    late.join(timeout=30)
    assert refused == ["sign_up_often"]
    assert len(rows(portal, SignUpCode)) == PER_NETWORK


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


def test_old_requests_are_purged(portal, server, clock):
    mailed(portal, server)
    clock.forward(hours=23)
    ask(portal)
    clock.forward(hours=2)
    with portal.database.write() as session:
        assert sign_up.purge(session, now=clock()) == 1
    assert len(rows(portal, SignUpCode)) == 1


def test_an_unset_up_portal_lets_nobody_sign_up(portal):
    with portal.database.read() as session:
        assert not sign_up.is_open(session, portal.settings)


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
