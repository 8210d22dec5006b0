"""Mail inside TLS: a whole handshake, by STARTTLS and from the first byte, certificate and all."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

import config
from services.mail import Letter, MailFailed, send
from tests.mail_server import mail_server

LETTER = Letter("Ada", "ada@example.com", "Subject", "Plain words", "<p>Words</p>")
AT_ONCE = pytest.mark.parametrize("at_once", [False, True], ids=["starttls", "smtps"])


class Certificate(NamedTuple):
    """A self-made certificate: its file, and the server's side of TLS with it."""

    path: Path
    tls: ssl.SSLContext


def certificate(folder: Path, address: str) -> Certificate:
    """A certificate for a mail server at an IP address, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    now = datetime.datetime.now(datetime.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, secret = folder / "certificate.pem", folder / "key.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path, secret)
    return Certificate(path, tls)


@pytest.fixture
def settings(tmp_path):
    return config.load({}, data_dir=tmp_path)


@pytest.fixture
def far_away(monkeypatch):
    """Let the server look as if it were at a public address."""
    real = socket.socket

    class Far(real):
        def getpeername(self):
            return ("203.0.113.5", 25)

    monkeypatch.setattr("socket.socket", Far)


def post(settings, server):
    scheme, _, place = server.url.partition("://")
    url = SecretStr(f"{scheme}://keys:word@{place}")
    return settings.model_copy(update={"smtp_url": url, "mail_from": "keys@example.com"})


@AT_ONCE
def test_the_password_and_the_mail_travel_inside_tls(
    settings, clock, tmp_path, monkeypatch, far_away, at_once
):
    made = certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.path))
    with mail_server(made.tls, at_once=at_once) as server:
        send(post(settings, server), LETTER, now=clock())
    assert [text.strip() for text in server.texts()] == ["Plain words"]
    assert server.logins == [("keys", "word")]
    assert {"EHLO", "AUTH", "MAIL", "RCPT", "DATA"} <= set(server.in_tls)


@AT_ONCE
@pytest.mark.parametrize("wrong", ["nobody vouches for it", "it is for another host"])
def test_a_certificate_that_does_not_hold_gets_neither(
    settings, clock, tmp_path, monkeypatch, far_away, at_once, wrong
):
    another = wrong == "it is for another host"
    made = certificate(tmp_path, "198.51.100.7" if another else "127.0.0.1")
    if another:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.path))
    with (
        mail_server(made.tls, at_once=at_once) as server,
        pytest.raises(MailFailed, match="certificate verify failed") as failed,
    ):
        send(post(settings, server), LETTER, now=clock())
    assert not failed.value.again
    assert (server.logins, server.mails, server.in_tls) == ([], [], [])


def test_a_server_that_offers_tls_and_then_declines_gets_neither(
    settings, clock, tmp_path, far_away
):
    made = certificate(tmp_path, "127.0.0.1")
    with mail_server(made.tls) as server:
        server.answers["STARTTLS"] = ["454 TLS not available"] * 2
        with pytest.raises(MailFailed) as failed:
            send(post(settings, server), LETTER, now=clock())
    assert failed.value.again
    assert (server.logins, server.mails) == ([], [])
