"""Mail that is owed: the link is made when it is sent, and at most one of them is alive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from models import AuditEvent, EnrolmentLink, LinkPurpose, Mail, MailState, Person
from services import links, mails, role_changes, roles
from services.refusal import Refusal
from tests.mail_server import LINK, mail_server
from tests.records import Records

DAY = timedelta(days=1)


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
        ada = Records(session, clock).person("ada")
        role_changes.grant(session, ada, roles.ADMINISTRATOR, now=clock())
    return ada


@pytest.fixture
def grace(portal, clock) -> Person:
    with portal.database.write() as session:
        return Records(session, clock).person("grace")


def owe(portal, person, actor, lifetime=DAY):
    with portal.database.write() as session:
        return mails.owe_link(
            portal,
            session,
            purpose=LinkPurpose.ENROL,
            person=session.get_one(Person, person.id),
            actor=session.get_one(Person, actor.id),
            lifetime=lifetime,
        )


def rows(portal, table):
    with portal.database.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def usable(portal, path):
    with portal.database.read() as session:
        return links.look(session, path.rpartition("/")[2], None, now=portal.now())


def test_nothing_secret_waits(portal, ada, grace):
    owe(portal, grace, ada)
    [mail] = rows(portal, Mail)
    assert mail.state is MailState.WAITING
    assert rows(portal, EnrolmentLink) == []


def test_the_mail_brings_a_link_that_lives_from_its_making(portal, ada, grace, server, clock):
    owe(portal, grace, ada, lifetime=timedelta(hours=1))
    clock.forward(hours=5)
    assert mails.work(portal, worker="w") == 1
    assert server.recipients == ["rcpt TO:<grace@example.com>"]
    [path] = server.links()
    link = usable(portal, path)
    assert (link.person_id, link.created_by_id) == (grace.id, ada.id)
    assert link.expires_at == clock() + timedelta(hours=1)
    html = server.mails[0].get_body(("html",)).get_content()
    assert LINK.search(html).group(1) == path
    [mail] = rows(portal, Mail)
    assert (mail.state, mail.settled_at, mail.link_id) == (MailState.SENT, clock(), link.id)
    assert mails.work(portal, worker="w") == 0


def test_it_is_tried_again_with_a_new_link_and_the_old_one_is_dead(
    portal, ada, grace, server, clock
):
    server.answers["DATA."] = ["451 disk full", "drop"]
    owe(portal, grace, ada)
    for attempt in (1, 2):
        assert mails.work(portal, worker="w") == 1
        [mail] = rows(portal, Mail)
        assert (mail.state, mail.attempts) == (MailState.WAITING, attempt)
        assert mail.due_at > clock()
        with portal.database.read() as session:
            assert mails.next_due(session) == mail.due_at
        clock.forward(hours=1)
    assert mails.work(portal, worker="w") == 1
    first, second, third = server.links()
    for dead in (first, second):
        with pytest.raises(Refusal, match="link_revoked"):
            usable(portal, dead)
    assert usable(portal, third)
    assert rows(portal, Mail)[0].reason is None


def test_a_link_that_arrived_is_not_taken_from_the_person_who_began_with_it(
    portal, ada, grace, server, clock
):
    """The server took the mail and then hung up; Grace was quick."""
    owe(portal, grace, ada)
    send = mails.send

    def quick(settings, letter, *, now):
        send(settings, letter, now=now)
        with portal.database.write() as session:
            token = server.links()[0].rpartition("/")[2]
            links.exchange(session, token, "her browser", now=now)
        raise mails.MailFailed("gone", again=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mails, "send", quick)
        mails.work(portal, worker="w")
    [mail] = rows(portal, Mail)
    assert mail.state is MailState.SENT
    assert rows(portal, EnrolmentLink)[0].revoked_at is None


def test_a_final_no_ends_it_and_its_link(portal, ada, grace, server, clock):
    server.answers["DATA."] = ["550 we do not want it"]
    owe(portal, grace, ada)
    mails.work(portal, worker="w")
    [mail] = rows(portal, Mail)
    assert mail.state is MailState.FAILED
    assert mail.reason == "The mail server answered 550: we do not want it"
    assert rows(portal, EnrolmentLink)[0].revoked_at == clock()


def test_a_server_that_echoes_the_link_puts_no_token_into_rows_or_trail(
    portal, ada, grace, server, monkeypatch
):
    first, second = "T" * 43, "U" * 43
    given = iter((first, second))
    monkeypatch.setattr("services.links.secrets.token_urlsafe", lambda _: next(given))
    blocked = "blocked: <http://localhost:5000/links/"
    server.answers["DATA."] = [f"451 {blocked}{first}>", f"550 {blocked}{second}>"]
    owe(portal, grace, ada)
    mails.work(portal, worker="w")
    [mail] = rows(portal, Mail)
    assert mail.reason.startswith("The mail server answered 451: blocked: <http")
    portal.now.forward(hours=1)
    mails.work(portal, worker="w")
    [ended] = rows(portal, Mail)
    assert ended.state is MailState.FAILED
    trail = [str(one.detail) for one in rows(portal, AuditEvent)]
    for text in (mail.reason, ended.reason, *trail):
        assert first not in text
        assert second not in text


def test_after_a_day_it_is_given_up(portal, ada, grace, server, clock):
    server.answers["MAIL"] = ["421 busy"] * 2
    owe(portal, grace, ada)
    mails.work(portal, worker="w")
    clock.forward(hours=24)
    mails.work(portal, worker="w")
    assert rows(portal, Mail)[0].state is MailState.FAILED


def test_a_worker_that_died_is_followed_by_another(portal, ada, grace, server, clock):
    owe(portal, grace, ada)
    with pytest.MonkeyPatch.context() as patch:

        def die(*args, **kwargs):
            raise KeyboardInterrupt

        patch.setattr(mails, "send", die)
        with pytest.raises(KeyboardInterrupt):
            mails.work(portal, worker="first")
    assert mails.work(portal, worker="second") == 0, "the lease still holds"
    clock.forward(minutes=6)
    assert mails.work(portal, worker="second") == 1
    old, new = rows(portal, EnrolmentLink)
    assert (old.revoked_at, new.revoked_at) == (clock(), None)


def test_a_worker_that_lost_its_lease_settles_nothing(portal, ada, grace, server, clock):
    owe(portal, grace, ada)
    send = mails.send
    with pytest.MonkeyPatch.context() as patch:

        def slow(settings, letter, *, now):
            patch.setattr(mails, "send", send)
            clock.forward(minutes=6)
            mails.work(portal, worker="second")
            raise mails.MailFailed("too late", again=False)

        patch.setattr(mails, "send", slow)
        mails.work(portal, worker="first")
    [mail] = rows(portal, Mail)
    assert (mail.state, mail.attempts) == (MailState.SENT, 2)
    assert usable(portal, server.links()[0]).id == mail.link_id


def test_the_right_to_make_links_is_looked_at_when_it_is_sent(portal, ada, grace, server):
    owe(portal, grace, ada)
    with portal.database.write() as session:
        session.get_one(Person, ada.id).roles[0].role = "none"
    mails.work(portal, worker="w")
    [mail] = rows(portal, Mail)
    assert mail.state is MailState.FAILED
    assert "may not make links" in mail.reason
    assert (server.mails, rows(portal, EnrolmentLink)) == ([], [])


def test_nobody_mails_a_link_to_who_holds_more(portal, ada, grace):
    with pytest.raises(Refusal, match="person_holds_more"):
        owe(portal, ada, grace)


def test_a_second_click_makes_no_second_mail(portal, ada, grace):
    owe(portal, grace, ada)
    with pytest.raises(Refusal, match="mail_on_its_way"):
        owe(portal, grace, ada)
    assert len(rows(portal, Mail)) == 1


def test_a_stopped_mail_is_not_sent(portal, ada, grace, server, clock):
    mail = owe(portal, grace, ada)
    with portal.database.write() as session:
        mails.stop(session, session.get_one(Mail, mail.id), actor=ada, now=clock())
    assert mails.work(portal, worker="w") == 0
    with portal.database.write() as session, pytest.raises(Refusal, match="mail_not_waiting"):
        mails.stop(session, session.get_one(Mail, mail.id), actor=ada, now=clock())
    owe(portal, grace, ada)


def test_an_unforeseen_failure_tells_the_log_no_link(portal, ada, grace, caplog):
    owe(portal, grace, ada)
    seen = []

    def broken(settings, letter, *, now):
        seen.append(LINK.search(letter.text).group(1))
        raise RuntimeError(letter.text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mails, "send", broken)
        mails.work(portal, worker="w")
    assert rows(portal, Mail)[0].state is MailState.WAITING
    assert "RuntimeError" in caplog.text
    assert seen[0] not in caplog.text


def test_the_trail_tells_of_it_without_the_token(portal, ada, grace, server):
    owe(portal, grace, ada)
    mails.work(portal, worker="w")
    told = rows(portal, AuditEvent)
    assert [one.tag for one in told][-3:] == ["mail.asked_for", "link.made", "mail.sent"]
    token = server.links()[0].rpartition("/")[2]
    assert all(token not in str(one.detail) for one in told)
