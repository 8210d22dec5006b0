"""Access tokens of client credentials, against a token endpoint that says anything."""

from __future__ import annotations

import base64
import datetime as dt
import json
import logging
import threading
import traceback
from hashlib import sha256
from urllib.parse import parse_qs

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from directories import oauth
from directories.base import DirectoryError, Misconfigured, Refused, Transient
from directories.oauth import Assertion, Grant, SecretBasic, SecretPost, Tokens
from tests.directories.calls import NOW, session
from tests.directories.raw import answer, serving

SECRET = "kept out/of+every:log & page=%C3%A9"
TOKEN = "token-nobody-may-read.AAAA"


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


class Clock:
    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> dt.datetime:
        return self.moment


def given(token: str = TOKEN, **changes) -> bytes:
    body = {"access_token": token, "token_type": "Bearer", "expires_in": 3600} | changes
    return answer(body=json.dumps({k: v for k, v in body.items() if v is not None}).encode())


def explain(found) -> DirectoryError:
    return Refused("It said no.", code="explained", said=found.said, status=found.status)


def tokens(raw, proof=None, *, now=lambda: NOW, scope="", **changes) -> Tokens:
    grant = Grant(
        **(
            {
                "token_url": f"{raw.url}/token",
                "client_id": "client 1",
                "scope": scope,
                "proof": proof or SecretPost(SECRET),
            }
            | changes
        )
    )
    return Tokens(session(), grant, explain=explain, now=now)


def form(request: bytes) -> dict[str, str]:
    body = request.partition(b"\r\n\r\n")[2].decode("ascii")
    return {name: value for name, (value,) in parse_qs(body, strict_parsing=True).items()}


def head(request: bytes, name: str) -> str:
    for line in request.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")[1:]:
        found, _, value = line.partition(": ")
        if found.lower() == name.lower():
            return value
    return ""


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


# -- what is kept -------------------------------------------------------------------------------


def test_a_token_is_kept_for_the_process_until_a_minute_before_its_end():
    clock = Clock()
    with serving(given("first"), given("second")) as raw:
        assert tokens(raw, now=clock).token() == "first"
        clock.moment += dt.timedelta(seconds=3539)
        assert tokens(raw, now=clock).token() == "first"
        clock.moment += dt.timedelta(seconds=1)
        assert tokens(raw, now=clock).token() == "second"


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": SecretPost("another")},
        {"proof": SecretBasic(SECRET)},
        {"client_id": "another"},
        {"scope": "another"},
    ],
    ids=["secret", "method", "client", "scope"],
)
def test_a_grant_that_differs_in_anything_gets_a_token_of_its_own(changes):
    with serving(given("first"), given("second")) as raw:
        assert tokens(raw).token() == "first"
        assert tokens(raw, **changes).token() == "second"


@pytest.mark.parametrize("told", [None, 0, -5, "soon", True, [3600]])
def test_a_token_of_unknown_life_is_kept_only_briefly(told):
    clock = Clock()
    with serving(given("a", expires_in=told), given("second")) as raw:
        asking = tokens(raw, now=clock)
        assert asking.token() == asking.token() == "a"
        clock.moment += dt.timedelta(seconds=60)
        assert asking.token() == "second"


def test_a_life_told_as_text_counts_and_a_short_one_is_used_by_half():
    clock = Clock()
    with serving(given("first", expires_in="40"), given("second")) as raw:
        asking = tokens(raw, now=clock)
        assert asking.token() == "first"
        clock.moment += dt.timedelta(seconds=19)
        assert asking.token() == "first"
        clock.moment += dt.timedelta(seconds=1)
        assert asking.token() == "second"


def test_a_life_without_end_is_cut_to_a_day():
    clock = Clock()
    with serving(given("first", expires_in=10**12), given("second")) as raw:
        asking = tokens(raw, now=clock)
        assert asking.token() == "first"
        clock.moment += dt.timedelta(days=1)
        assert asking.token() == "second"


def test_many_who_need_a_token_at_once_cause_one_fetch():
    go = threading.Event()

    def slowly(connection):
        go.wait(5)
        connection.sendall(given())

    with serving(slowly) as raw:
        got: list[str] = []
        threads = [
            threading.Thread(target=lambda: got.append(tokens(raw).token())) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        go.set()
        for thread in threads:
            thread.join(10)
    assert got == [TOKEN] * 6
    assert len(raw.requests) == 1


def test_no_more_than_so_many_grants_are_kept(monkeypatch):
    monkeypatch.setattr(oauth, "MOST_GRANTS", 2)
    with serving(given()) as raw:
        for client in ("a", "b", "c", "c", "b", "a"):
            tokens(raw, client_id=client).token()
    assert len(raw.requests) == 4


# -- what the token endpoint may answer ---------------------------------------------------------


def test_a_refusal_is_explained_in_the_vendors_words():
    body = b'{"error": "invalid_client", "error_description": "No such client."}'
    with serving(answer("401 No", body)) as raw, pytest.raises(Refused) as caught:
        tokens(raw).token()
    assert (caught.value.code, caught.value.said) == ("explained", "No such client.")


def test_an_error_answered_as_good_is_a_refusal_all_the_same():
    with serving(answer(body=b'{"error": "nope"}')) as raw, pytest.raises(Refused):
        tokens(raw).token()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Elsewhere", "308 Elsewhere"])
def test_a_redirect_is_not_followed_with_the_secret(status):
    with serving(given()) as elsewhere:
        sent = answer(status, headers=(f"Location: {elsewhere.url}/token",))
        with serving(sent) as raw, pytest.raises(Misconfigured) as caught:
            tokens(raw).token()
        assert caught.value.code == "http.redirect"
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("sent", "error", "code"),
    [
        (answer("429 Slow", headers=("Retry-After: 7",)), Transient, "http.rate"),
        (answer("503 Busy"), Transient, "http.unavailable"),
        (answer("404 No", b"<p>no", kind="text/html"), Misconfigured, "http.html"),
        (answer(body=b"<!doctype html>", kind="text/html"), Misconfigured, "http.html"),
        (answer(body=b"token"), Misconfigured, "http.not_json"),
        (answer(body=b"[]"), Misconfigured, "oauth.no_token"),
        (given(token_type=None), Misconfigured, "oauth.no_token"),
        (given(token_type="mac"), Misconfigured, "oauth.no_token"),
        (given(""), Misconfigured, "oauth.no_token"),
        (given("two words"), Misconfigured, "oauth.no_token"),
        (given("line\r\nX: y"), Misconfigured, "oauth.no_token"),
        (given("a" * 40_000), Misconfigured, "oauth.no_token"),
        (given(padding="a" * 300_000), Misconfigured, "http.too_large"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Misconfigured, "oauth.no_token"),
    ],
)
def test_what_is_no_token_answer_is_told_apart(sent, error, code):
    with serving(sent) as raw, pytest.raises(error) as caught:
        tokens(raw).token()
    assert caught.value.code == code


def test_a_failed_fetch_leaves_nothing_behind():
    with serving(answer("503 Busy"), given()) as raw:
        with pytest.raises(Transient):
            tokens(raw).token()
        assert tokens(raw).token() == TOKEN


# -- calls that carry a token -------------------------------------------------------------------


def test_a_call_carries_the_token_and_its_own_headers():
    with serving(given(), answer(body=b'{"a": 1}')) as raw:
        got = tokens(raw).exchange(
            "GET", f"{raw.url}/things", params={"q": "1"}, headers={"Prefer": "x"}
        )
    assert got.data == {"a": 1}
    assert raw.requests[1].startswith(b"GET /things?q=1 ")
    assert head(raw.requests[1], "authorization") == f"Bearer {TOKEN}"
    assert head(raw.requests[1], "prefer") == "x"


def test_a_refused_token_is_renewed_once_and_the_call_sent_again():
    with serving(given("old"), answer("401 No"), given("new"), answer(body=b"[1]")) as raw:
        asking = tokens(raw)
        assert asking.exchange("POST", f"{raw.url}/things", json={"b": 2}).data == [1]
        assert asking.token() == "new"
    assert [head(request, "authorization") for request in raw.requests] == [
        "", "Bearer old", "", "Bearer new",
    ]  # fmt: skip
    assert raw.requests[1].endswith(b'{"b": 2}')
    assert raw.requests[3].endswith(b'{"b": 2}')


def test_a_second_refusal_is_for_an_operator():
    body = b'{"error": {"message": "expired, you said token-nobody-may-read.AAAA"}}'
    refused = answer("401 No", body)
    with (
        serving(given(), refused, given(), refused) as raw,
        pytest.raises(Misconfigured) as caught,
    ):
        tokens(raw).exchange("GET", f"{raw.url}/things")
    assert (caught.value.code, caught.value.status) == ("oauth.token_refused", 401)
    assert caught.value.said == "expired, you said [hidden]"
    assert len(raw.requests) == 4


def test_a_call_that_accepts_401_gets_the_second_one():
    with serving(given(), answer("401 No"), given(), answer("401 No")) as raw:
        got = tokens(raw).exchange("GET", f"{raw.url}/things", accept=(401,))
    assert got.status == 401


def test_a_redirect_gets_no_token():
    with serving(answer()) as elsewhere:
        sent = answer("307 Elsewhere", headers=(f"Location: {elsewhere.url}",))
        with serving(given(), sent) as raw, pytest.raises(Misconfigured) as caught:
            tokens(raw).exchange("GET", f"{raw.url}/things")
        assert caught.value.code == "http.redirect"
        assert elsewhere.requests == []


def test_a_token_that_another_call_renewed_already_is_not_dropped():
    def refuse_late(connection):
        tokens(raw)._forget("old")
        assert tokens(raw).token() == "new"
        connection.sendall(answer("401 No"))

    with serving(given("old"), refuse_late, given("new"), answer(body=b"[1]")) as raw:
        assert tokens(raw).exchange("GET", f"{raw.url}/things").data == [1]
    fetches = [request for request in raw.requests if request.startswith(b"POST /token")]
    assert len(fetches) == 2


# -- nothing shows ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SecretPost, SecretBasic])
@pytest.mark.parametrize("status", ["200 OK", "400 No", "401 No", "429 No", "500 No", "307 No"])
def test_no_secret_shows_in_logs_errors_or_reprs(caplog, kind, status):
    caplog.set_level(logging.DEBUG)
    basic = oauth._basic("client 1", SECRET)
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
