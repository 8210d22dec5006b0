"""Who may ask for a code, and how often."""

from __future__ import annotations

import threading

import pytest

from models import SignUpCode
from services import (
    people,
    sign_up,
    sign_up_mail,
)
from services.refusal import Refusal
from services.sign_up import PER_MAILBOX, PER_NETWORK
from tests.services.sign_up.conftest import (
    BROWSER,
    GRACE,
    OTHER,
    ask,
    mailed,
    rows,
)


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
