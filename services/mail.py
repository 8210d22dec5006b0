"""Sending one mail: the only module that knows SMTP.

The password and the mail travel inside TLS, except to this machine and to the private
destinations that the settings name.
"""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
import sys
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

from config import Settings
from directories.answers import scrub
from directories.destinations import Destinations

TIMEOUT = 20.0
"""Seconds that one exchange with the mail server may take."""
PORTS = {"smtp": 587, "smtps": 465}
"""RFC 8314 section 3.3: submission with STARTTLS, and with TLS from the first byte."""


@dataclass(frozen=True)
class Letter:
    """What somebody is to read: the same in plain text and as simple HTML."""

    name: str
    address: str
    subject: str
    text: str
    html: str
    secret: str = field(default="", repr=False)
    """What in it nobody else may read: should the mail server echo it, its words are kept without.
    """


class MailFailed(Exception):
    """A mail that was not accepted. The message is a sentence without secrets.

    Args:
        again: whether a later attempt may succeed.
    """

    def __init__(self, sentence: str, *, again: bool) -> None:
        super().__init__(sentence)
        self.again = again


def configured(settings: Settings) -> bool:
    """Whether mail goes anywhere: to a server, or in a trial to the worker's console."""
    return bool(settings.smtp_url.get_secret_value()) or not settings.production


def send(settings: Settings, letter: Letter, *, now: datetime) -> None:
    """Hand the letter to the mail server; in a trial without one, show it on the console.

    Raises:
        MailFailed: when it was not accepted.
    """
    if not configured(settings):
        raise MailFailed("No mail server is configured (LATCHKEY_SMTP_URL).", again=False)
    if not settings.smtp_url.get_secret_value():
        _show(letter)
        return
    try:
        message = _message(settings, letter, now=now)
        with _connected(settings) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _answered(code, words, letter) from None
    except smtplib.SMTPResponseException as error:
        raise _answered(error.smtp_code, error.smtp_error, letter) from None
    except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
        raise MailFailed(f"The mail server cannot be used: {error}", again=False) from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailFailed(
            f"The mail server did not answer as it should ({type(error).__name__}).", again=True
        ) from None
    except (MessageError, ValueError) as error:
        raise MailFailed(
            f"No mail can be addressed to this person ({type(error).__name__}).", again=False
        ) from None


def _message(settings: Settings, letter: Letter, *, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    name, sender = parseaddr(settings.mail_from)
    message["From"] = Address(name or settings.rp_name, addr_spec=sender)
    message["To"] = Address(letter.name, addr_spec=letter.address)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: holiday notices stay away
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _connected(settings: Settings) -> smtplib.SMTP:
    """A connection that may carry secrets, signed in where the settings say how.

    Raises:
        smtplib.SMTPNotSupportedError: when the server offers no TLS and needs it.
    """
    url = urlsplit(settings.smtp_url.get_secret_value())
    host, port = url.hostname or "", url.port or PORTS[url.scheme]
    tls = ssl.create_default_context()
    server: smtplib.SMTP
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=tls)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        if url.scheme == "smtp":
            _secure(server, host, Destinations.of(settings.private_destinations), tls)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _secure(
    server: smtplib.SMTP, host: str, destinations: Destinations, tls: ssl.SSLContext
) -> None:
    """Change to TLS, unless the server is on this machine, or is allowed to go without."""
    assert server.sock is not None  # noqa: S101  # smtplib has connected
    peer = ipaddress.ip_address(server.sock.getpeername()[0].partition("%")[0])
    if peer.is_loopback:
        return
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=tls)
        server.ehlo()
    elif not destinations.admits(host, peer, plain=True):
        raise smtplib.SMTPNotSupportedError("it offers no STARTTLS.")


def _answered(code: int, words: bytes | str, letter: Letter) -> MailFailed:
    """The server's no: 4yz may change, 5yz stays (RFC 5321 section 4.2.1)."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    said = scrub(text, (letter.secret,))
    return MailFailed(f"The mail server answered {code}: {said}", again=code < 500)


def _show(letter: Letter) -> None:
    """Put the letter on the console, past the log: a log must never hold a link."""
    frame = "=" * 72
    sys.stdout.write(
        f"\n{frame}\nMAIL (no mail server in this trial, so it is shown here)\n"
        f"To: {f'{letter.name} <{letter.address}>'.strip()}\nSubject: {letter.subject}\n\n"
        f"{letter.text}\n{frame}\n"
    )
    sys.stdout.flush()
