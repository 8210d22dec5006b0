"""Handing one mail to a mail server: what it looks like, how it travels, what comes back."""

from __future__ import annotations

import socket

import pytest
from pydantic import SecretStr

from config.settings import Environment
from services.mail import Letter, MailFailed, configured, send
from tests.mail_server import mail_server

LETTER = Letter(
    "Ada, Countess", "ada@example.com", "A subject — long", "Plain words", "<p>Words</p>"
)


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def post(settings, server):
    return with_server(settings, server.url)


def with_server(settings, url, **more):
    given = {"smtp_url": SecretStr(url), "mail_from": "Keys <keys@example.com>", **more}
    return settings.model_copy(update=given)


def test_a_mail_is_plain_text_with_html_beside_it(post, server, clock):
    send(post, LETTER, now=clock())
    [mail] = server.mails
    assert mail["To"].addresses[0].display_name == "Ada, Countess"
    assert mail["To"].addresses[0].addr_spec == "ada@example.com"
    assert mail["From"] == "Keys <keys@example.com>"
    assert mail["Subject"] == "A subject — long"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == clock()
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail.get_body(("plain",)).get_content().strip() == "Plain words"
    assert mail.get_body(("html",)).get_content().strip() == "<p>Words</p>"


def test_the_user_and_password_of_the_url_sign_in(settings, server, clock):
    url = f"smtp://keys%40example.com:a%2Fword@127.0.0.1:{server.port}"
    send(with_server(settings, url), LETTER, now=clock())
    assert server.logins == [("keys@example.com", "a/word")]


@pytest.mark.parametrize(
    ("verb", "answer", "again"),
    [
        ("RCPT", "550 no such person", False),
        ("RCPT", "450 full at the moment", True),
        ("MAIL", "421 too busy", True),
        ("AUTH", "535 wrong password", False),
        ("DATA", "554 looks like spam", False),
        ("DATA.", "451 disk full", True),
    ],
)
def test_the_servers_no_is_told_in_its_own_words(settings, server, clock, verb, answer, again):
    server.answers[verb] = [answer] * 2
    post = with_server(settings, f"smtp://keys:word@127.0.0.1:{server.port}")
    with pytest.raises(MailFailed) as failed:
        send(post, LETTER, now=clock())
    assert str(failed.value) == f"The mail server answered {answer[:3]}: {answer[4:]}"
    assert failed.value.again is again


@pytest.mark.parametrize("verb", ["EHLO", "DATA", "DATA."])
def test_a_server_that_hangs_up_is_tried_again(post, server, clock, verb):
    server.answers[verb] = ["drop"] * 2
    with pytest.raises(MailFailed) as failed:
        send(post, LETTER, now=clock())
    assert failed.value.again


def test_a_server_that_is_not_there_is_tried_again(settings, clock):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        post = with_server(settings, f"smtp://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(MailFailed, match="ConnectionRefused") as failed:
            send(post, LETTER, now=clock())
    assert failed.value.again


@pytest.fixture
def far_away(monkeypatch):
    """Let the server look as if it were at a public address."""
    real = socket.socket

    class Far(real):
        def getpeername(self):
            return ("203.0.113.5", 25)

    monkeypatch.setattr("socket.socket", Far)


def test_nothing_is_said_to_a_far_server_without_tls(settings, server, clock, far_away):
    post = with_server(settings, f"smtp://keys:word@127.0.0.1:{server.port}")
    with pytest.raises(MailFailed, match="STARTTLS") as failed:
        send(post, LETTER, now=clock())
    assert not failed.value.again
    assert (server.logins, server.mails) == ([], [])


def test_a_private_destination_may_go_without_tls(settings, server, clock, far_away):
    post = with_server(settings, server.url, private_destinations=("203.0.113.0/24",))
    send(post, LETTER, now=clock())
    assert len(server.mails) == 1


@pytest.mark.parametrize("address", ["a..b@example.com", "ada@example.com\r\nBcc: x@example.com"])
def test_an_address_that_cannot_stand_in_a_header_is_not_tried_again(post, server, clock, address):
    with pytest.raises(MailFailed, match="addressed") as failed:
        send(post, Letter("Ada", address, "s", "t", "h"), now=clock())
    assert not failed.value.again
    assert server.mails == []


def test_a_trial_shows_its_mail_on_the_console(settings, clock, capsys, caplog):
    assert configured(settings)
    send(settings, LETTER, now=clock())
    shown = capsys.readouterr().out
    assert "To: Ada, Countess <ada@example.com>" in shown
    assert "Plain words" in shown
    assert "Plain words" not in caplog.text


def test_production_without_a_server_sends_nothing(settings, clock, capsys):
    production = settings.model_copy(update={"environment": Environment.PRODUCTION})
    assert not configured(production)
    with pytest.raises(MailFailed, match="LATCHKEY_SMTP_URL"):
        send(production, LETTER, now=clock())
    assert capsys.readouterr().out == ""
