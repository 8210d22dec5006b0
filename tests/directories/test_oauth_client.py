"""What a token request shows of who asks: as much as it must, and nowhere else."""

from __future__ import annotations

import base64
import datetime as dt
import json
import logging
import traceback
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from directories import oauth, oauth_client
from directories.base import DirectoryError, Misconfigured
from directories.oauth_client import Assertion, SecretBasic, SecretPost
from tests.directories.calls import NOW
from tests.directories.grants import SECRET, TOKEN, Clock, form, given, head, tokens
from tests.directories.raw import answer, serving


@pytest.fixture(autouse=True)
def nothing_kept():
    oauth.forget_all()
    yield
    oauth.forget_all()


@pytest.fixture(scope="module")
def certified() -> Assertion:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "latchkey")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return Assertion(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        certificate.public_bytes(pem).decode(),
    )


# -- what is sent -------------------------------------------------------------------------------


def test_a_secret_in_the_body_is_sent_as_a_form():
    with serving(given()) as raw:
        assert tokens(raw, scope="offline openid").token() == TOKEN
    (request,) = raw.requests
    assert request.startswith(b"POST /token HTTP/1.1\r\n")
    assert head(request, "content-type").startswith("application/x-www-form-urlencoded")
    assert head(request, "authorization") == ""
    assert form(request) == {
        "grant_type": "client_credentials",
        "scope": "offline openid",
        "client_id": "client 1",
        "client_secret": SECRET,
    }


def test_a_secret_in_the_header_is_form_encoded_before_it_is_joined():
    with serving(given()) as raw:
        tokens(raw, SecretBasic("s:e/c r+é")).token()
    scheme, _, value = head(raw.requests[0], "authorization").partition(" ")
    assert (scheme, base64.b64decode(value)) == ("Basic", b"client+1:s%3Ae%2Fc+r%2B%C3%A9")
    assert form(raw.requests[0]) == {"grant_type": "client_credentials"}


def test_an_assertion_is_signed_for_the_token_endpoint_and_names_its_certificate(certified):
    with serving(given()) as raw:
        tokens(raw, certified).token()
        url = f"{raw.url}/token"
    sent = form(raw.requests[0])
    assert sent["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert sent["client_id"] == "client 1"
    assert "client_secret" not in sent
    read = jwt.decode(
        sent["client_assertion"], RSAKey.import_key(certified.certificate), algorithms=["PS256"]
    )
    der = x509.load_pem_x509_certificate(certified.certificate.encode()).public_bytes(
        serialization.Encoding.DER
    )
    thumbprint = base64.urlsafe_b64encode(sha256(der).digest()).rstrip(b"=").decode()
    assert read.header == {"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}
    claims = dict(read.claims)
    assert len(claims.pop("jti")) == 36
    moment = int(NOW.timestamp())
    assert claims == {
        "aud": url, "iss": "client 1", "sub": "client 1",
        "nbf": moment, "iat": moment, "exp": moment + 300,
    }  # fmt: skip


def test_each_token_request_has_an_assertion_of_its_own(certified):
    clock = Clock()
    with serving(given()) as raw:
        asking = tokens(raw, certified, now=clock)
        asking.token()
        clock.moment += dt.timedelta(hours=2)
        asking.token()
    ids = [
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["jti"]
        for request in raw.requests
        for part in [form(request)["client_assertion"].split(".")[1]]
    ]
    assert len(ids) == len(set(ids)) == 2


@pytest.mark.parametrize("broken", ["private_key", "certificate"])
def test_a_key_or_certificate_that_cannot_be_read_is_said_without_showing_it(certified, broken):
    parts = {"private_key": certified.private_key, "certificate": certified.certificate}
    parts[broken] = "-----BEGIN nothing----- hush"
    with serving(given()) as raw, pytest.raises(Misconfigured) as caught:
        tokens(raw, Assertion(**parts)).token()
    assert caught.value.code == "oauth.key"
    assert "hush" not in "".join(traceback.format_exception(caught.value))
    assert raw.requests == []


# -- nothing shows ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SecretPost, SecretBasic])
@pytest.mark.parametrize("status", ["200 OK", "400 No", "401 No", "429 No", "500 No", "307 No"])
def test_no_secret_shows_in_logs_errors_or_reprs(caplog, kind, status):
    caplog.set_level(logging.DEBUG)
    basic = oauth_client._basic("client 1", SECRET)
    encoded = SECRET.replace("%", "%25").replace("/", "%2F")
    echo = {"error": "no", "error_description": f"you sent {SECRET} {basic} {encoded}"}
    sent = answer(status, json.dumps(echo).encode(), headers=(f"X-Request-Id: {SECRET}",))
    with serving(sent) as raw:
        asking = tokens(raw, kind(SECRET))
        with pytest.raises(DirectoryError) as caught:
            asking.exchange("GET", f"{raw.url}/things")
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    shown += repr(asking) + repr(asking._grant) + repr(oauth._all_kept) + caplog.text
    assert "[hidden]" in caught.value.said
    for secret in (SECRET, basic):
        assert secret not in shown


def test_no_token_or_assertion_shows_in_logs_or_errors(caplog, certified):
    caplog.set_level(logging.DEBUG)
    with serving(given(), answer("403 No", f'{{"error": "{TOKEN}"}}'.encode())) as raw:
        asking = tokens(raw, certified)
        with pytest.raises(Misconfigured) as caught:
            asking.exchange("GET", f"{raw.url}/things")
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    shown += repr(asking._grant) + repr(oauth._all_kept) + caplog.text
    assertion = form(raw.requests[0])["client_assertion"]
    for secret in (TOKEN, assertion, certified.private_key, certified.certificate):
        assert secret not in shown
    assert any(record.name.startswith("urllib3") for record in caplog.records)


@pytest.mark.parametrize("kind", [SecretPost, SecretBasic])
def test_a_secret_that_cannot_be_sent_is_not_shown(kind):
    proof = kind("-".join(("hush", "hush")) + "\ud800")
    with serving(given()) as raw, pytest.raises(Misconfigured) as caught:
        tokens(raw, proof).token()
    assert caught.value.code == "http.header"
    assert "hush-hush" not in "".join(traceback.format_exception(caught.value))
