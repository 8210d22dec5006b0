"""Where calls go: to the judged address only, never by redirect or proxy, with TLS on the name."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from directories.base import Misconfigured, Transient
from tests.directories.calls import ask, session
from tests.directories.raw import answer, drip, serving


def test_redirects_are_never_followed_nor_read():
    there = answer(body=b'{"there": true}')
    huge = b"x" * 300_000
    with serving(there) as other:
        elsewhere = answer("307 Go", huge, headers=(f"Location: {other.url}/x", "Set-Cookie: a=b"))
        with serving(elsewhere) as raw:
            with pytest.raises(Misconfigured) as caught:
                ask(raw.url)
            with pytest.raises(Misconfigured):
                ask(raw.url, limits={"size": 1000})
    assert caught.value.code == "http.redirect"
    assert other.requests == []


def test_cookies_are_not_kept_and_the_environment_is_not_asked(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    calls = session()
    with serving(answer(headers=("Set-Cookie: sid=1; Path=/",))) as raw:
        calls.exchange("GET", raw.url)
        calls.exchange("GET", raw.url)
    assert len(raw.requests) == 2
    assert b"cookie" not in raw.requests[1].lower()
    assert len(calls.cookies) == 0


def test_a_proxy_is_refused():
    with pytest.raises(Misconfigured) as caught:
        session().get_adapter("https://a.example").proxy_manager_for("http://127.0.0.1:1")
    assert caught.value.code == "http.proxy"


@contextlib.contextmanager
def greeting(script):
    """A server that speaks first, before any request; its port."""

    def accept():
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                script(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def test_a_handshake_that_drips_is_given_up():
    # A TLS record header announces 16 KiB, which then come a byte at a time.
    with greeting(drip(b"\x16\x03\x03\x40\x00")) as port, pytest.raises(Transient) as caught:
        ask(f"https://127.0.0.1:{port}", limits={"total": 0.3})
    assert caught.value.code == "http.timeout"


def test_https_to_a_port_without_tls_is_a_wrong_address():
    def plain(connection):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.recv(65536)

    with greeting(plain) as port, pytest.raises(Misconfigured) as caught:
        ask(f"https://127.0.0.1:{port}")
    assert caught.value.code == "http.tls"


@pytest.mark.parametrize(
    "url",
    [
        "http://user:word@127.0.0.1:1/",
        "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "http://ory.example.com/",
        "https://[::ffff:127.0.0.1]/",
    ],
)
def test_forbidden_places_are_not_called(url, monkeypatch):
    public = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: public)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(Misconfigured) as caught:
        ask(url)
    assert caught.value.code == "http.destination"


@pytest.mark.parametrize(
    "found", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
)
def test_a_public_name_at_a_private_address_is_not_called(found, monkeypatch):
    family = socket.AF_INET6 if ":" in found else socket.AF_INET
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, **_: [(family, socket.SOCK_STREAM, 6, "", (found, port))],
    )
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(Misconfigured) as caught:
        ask("https://ory.example.com")
    assert caught.value.code == "http.destination"


def test_a_name_is_resolved_once_and_the_judged_address_is_the_one_called(monkeypatch):
    asked = []

    with serving(answer(body=b'{"right": true}')) as raw:

        def changing(host, port, **_):
            asked.append(host)
            place = ("127.0.0.1", raw.port) if len(asked) == 1 else ("169.254.169.254", 80)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]

        monkeypatch.setattr(socket, "getaddrinfo", changing)
        assert ask(f"http://ory.internal:{raw.port}").data == {"right": True}
    assert asked == ["ory.internal"]
    assert f"Host: ory.internal:{raw.port}".encode() in raw.requests[0]


def test_an_address_that_fails_leads_to_the_next_one(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    with serving(answer()) as raw:
        places = [("127.0.0.1", closed), ("10.0.0.1", 1), ("127.0.0.1", raw.port)]
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", p) for p in places],
        )
        assert ask("http://127.0.0.1:1").status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for ory.internal, and the file that holds it with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ory.internal")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("ory.internal")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "ory.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def here(monkeypatch):
    """Every name leads to this machine."""
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))],
    )


@pytest.mark.parametrize(
    ("host", "trusted", "passes"),
    [("ory.internal", True, True), ("localhost", True, False), ("ory.internal", False, False)],
)
def test_tls_holds_the_name_in_the_address_against_the_certificate(
    here, certificate, monkeypatch, host, trusted, passes
):
    if trusted:
        monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(answer(), tls=context) as raw:
        if passes:
            assert ask(f"https://{host}:{raw.port}").status == 200
        else:
            with pytest.raises(Misconfigured) as caught:
                ask(f"https://{host}:{raw.port}")
            assert caught.value.code == "http.tls"
    assert raw.server_names == [host]
    assert len(raw.requests) == (1 if passes else 0)
