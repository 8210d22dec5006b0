"""The token endpoint with a certificate's assertion (entra.md 1 [D S7 S10])."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from emulators.entra.application import make_certificate
from tests.emulators.key import b64url
from tests.emulators.test_entra_token import refusal

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def assertion(graph, *, certificate="", key="", header=None, pkcs1=False, **changes) -> str:
    """What the contract describes; `changes` replace claims, None removes them."""
    certificate = certificate or graph.entra.certificate
    key = key or graph.entra.private_key
    now = int(time.time())
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    claims = {
        "aud": f"{graph.entra.url}/{graph.entra.tenant_id}/oauth2/v2.0/token",
        "iss": graph.entra.client_id,
        "sub": graph.entra.client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "iat": now,
        "exp": now + 300,
    } | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    head = {
        "alg": "PS256",
        "typ": "JWT",
        "x5t#S256": b64url(parsed.fingerprint(hashes.SHA256())),
    } | (header or {})
    signed = ".".join(b64url(json.dumps(part).encode()) for part in (head, claims))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
    how = padding.PKCS1v15() if pkcs1 else pss
    signature = load_pem_private_key(key.encode(), None).sign(signed.encode(), how, hashes.SHA256())
    return f"{signed}.{b64url(signature)}"


def ask(graph, text: str, **changes):
    form = {"client_secret": None, "client_assertion": text, "client_assertion_type": TYPE}
    return graph.ask(**(form | changes))


def test_an_assertion_gets_a_token(graph):
    answer = ask(graph, assertion(graph))
    assert answer.status_code == 200, answer.text
    graph.bearer = answer.json()["access_token"]
    assert graph.get("/users?$top=1").status_code == 200


def test_the_audience_may_name_the_tenant_as_it_was_addressed(graph):
    url = f"{graph.entra.url}/{graph.entra.domain}/oauth2/v2.0/token"
    answer = ask(graph, assertion(graph, aud=url), tenant=graph.entra.domain)
    assert answer.status_code == 200
    assert ask(graph, assertion(graph), tenant=graph.entra.domain).status_code == 200


def test_an_assertion_works_once(graph):
    text = assertion(graph)
    assert ask(graph, text).status_code == 200
    assert refusal(ask(graph, text))[:2] == (401, "invalid_client")
    graph.entra.control.vary(assertion_replay="accepted")
    assert ask(graph, text).status_code == 200


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"aud": "https://login.microsoftonline.com/x/oauth2/v2.0/token"}, 700023),
        ({"aud": None}, 700023),
        ({"iss": str(uuid.uuid4())}, 700021),
        ({"sub": str(uuid.uuid4())}, 700021),
        ({"jti": "one"}, 50027),
        ({"jti": None}, 50027),
        ({"exp": None}, 50027),
        ({"nbf": None}, 50027),
        ({"iat": None}, 50027),
        ({"exp": int(time.time()) - 1, "nbf": int(time.time()) - 300}, 700024),
        ({"nbf": int(time.time()) + 3600, "exp": int(time.time()) + 3900}, 700024),
        ({"exp": int(time.time()) + 3600}, 700024),
    ],
    ids=[
        "another-audience", "no-audience", "another-issuer", "another-subject", "jti-no-guid",
        "no-jti", "no-exp", "no-nbf", "no-iat", "expired", "not-yet-valid", "too-long",
    ],
)  # fmt: skip
def test_each_claim_counts(graph, changes, number):
    assert refusal(ask(graph, assertion(graph, **changes))) == (401, "invalid_client", number)


@pytest.mark.parametrize(
    ("header", "number"),
    [
        ({"alg": "RS256"}, 50027),
        ({"alg": "none"}, 50027),
        ({"typ": None}, 50027),
        ({"x5t#S256": b64url(bytes(32))}, 700027),
        ({"x5t#S256": None}, 700027),
    ],
    ids=["rs256", "none", "no-type", "another-thumbprint", "no-thumbprint"],
)
def test_the_header_counts(graph, header, number):
    text = assertion(graph, header=header)
    assert refusal(ask(graph, text)) == (401, "invalid_client", number)


def test_the_signature_is_pss_by_the_certificates_key(graph):
    _other, key = make_certificate(now=graph.entra.entra.now())
    assert refusal(ask(graph, assertion(graph, key=key)))[2] == 700027
    assert refusal(ask(graph, assertion(graph, pkcs1=True)))[2] == 700027


def test_an_unregistered_certificate_is_refused_until_it_is_registered(graph):
    certificate, key = make_certificate(now=graph.entra.entra.now())
    text = assertion(graph, certificate=certificate, key=key)
    assert refusal(ask(graph, text))[2] == 700027
    graph.entra.control.register_certificate(certificate)
    assert ask(graph, text).status_code == 200


def test_an_expired_certificate_is_refused(graph):
    assert graph.entra.certificate
    graph.entra.control.forward(200 * 86400)
    later = int(time.time()) + 200 * 86400
    text = assertion(graph, nbf=later - 1, iat=later - 1, exp=later + 300)
    assert refusal(ask(graph, text))[2] == 700027


def test_a_certificate_of_another_kind_of_key_signs_nothing(graph):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Curve")])
    private = ec.generate_private_key(ec.SECP256R1())
    now = graph.entra.entra.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM).decode()
    graph.entra.control.register_certificate(pem)
    assert refusal(ask(graph, assertion(graph, certificate=pem)))[2] == 700027


@pytest.mark.parametrize("text", ["nonsense", "a.b.c", "e30.e30", "W10.W10.AA"])
def test_what_is_no_token_is_malformed(graph, text):
    assert refusal(ask(graph, text))[2] == 50027


def test_the_type_of_the_assertion_is_needed(graph):
    answer = ask(graph, assertion(graph), client_assertion_type=None)
    assert refusal(answer) == (400, "invalid_request", 900144)
