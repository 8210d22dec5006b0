"""The client of one token request: how it proves who it is, and what it never does.

Authlib's client is built here on the session that carries every outgoing call, because by itself
it follows a redirect with the secret in hand, keeps a token that was refused, and writes an
authorization header that RFC 6749 section 2.3.1 does not know. The one door to Authlib and joserfc.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote_plus

from authlib.common.urls import add_params_to_qs
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from directories.base import Misconfigured
from directories.http import DirectorySession

ASSERTION_LIFE: Final = timedelta(minutes=5)
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class SecretPost:
    """The client's secret in the body (`client_secret_post`)."""

    secret: str = field(repr=False)


@dataclass(frozen=True)
class SecretBasic:
    """The client's secret in the Authorization header (`client_secret_basic`)."""

    secret: str = field(repr=False)


@dataclass(frozen=True)
class Assertion:
    """A signed statement instead of a secret (`private_key_jwt`, RFC 7523), with PS256.

    Args:
        private_key: RSA, PEM, not encrypted.
        certificate: PEM; the server knows it, and it is named by its SHA-256.
    """

    private_key: str = field(repr=False)
    certificate: str = field(repr=False)


@dataclass(frozen=True)
class Grant:
    """Who asks which server for what."""

    token_url: str
    client_id: str
    proof: SecretPost | SecretBasic | Assertion
    scope: str = ""


class _RequestAuth(ClientAuth):  # type: ignore[misc] # Authlib ships no types
    """Authlib's client authentication as requests takes it."""

    def __call__(self, request: Any) -> Any:
        request.url, request.headers, request.body = self.prepare(
            request.method, request.url, request.headers, request.body
        )
        return request


class TokenClient(OAuth2Client):  # type: ignore[misc] # Authlib ships no types
    """Authlib's client for one token request, on our session.

    `hidden` holds every form in which the secret is sent, for an answer that echoes one.
    """

    client_auth_class = _RequestAuth

    def __init__(self, session: DirectorySession, grant: Grant, now: datetime) -> None:
        proof = grant.proof
        self.hidden: list[str] = []
        method, secret = "client_assertion", ""
        if isinstance(proof, SecretPost):
            method, secret = "client_secret_post", proof.secret
        elif isinstance(proof, SecretBasic):
            method, secret = "client_secret_basic", proof.secret
        super().__init__(
            session,
            client_id=grant.client_id,
            client_secret=secret,
            token_endpoint_auth_method=method,
            scope=grant.scope,
        )
        if isinstance(proof, Assertion):
            assertion = _signed(grant, proof, now)
            self.hidden += [proof.private_key, assertion]
            self.register_client_auth_method((method, _carrying(assertion)))
        else:
            basic = _basic(grant.client_id, secret)
            self.hidden += [secret, quote_plus(secret), basic]
            self.register_client_auth_method(("client_secret_basic", _carrying_basic(basic)))

    def parse_response_token(self, resp: Any) -> Any:
        """Hand the answer over as it is: our own reading bounds it and hides what it echoes."""
        return resp


def client_of(session: DirectorySession, grant: Grant, now: datetime) -> TokenClient:
    """The client for one token request of a grant.

    Raises:
        Misconfigured: when its client ID, secret or key cannot be used.
    """
    try:
        return TokenClient(session, grant, now)
    except UnicodeError:
        pass  # its message would show the secret
    raise Misconfigured(
        "The client ID or its secret has characters that cannot be sent.", code="http.header"
    )


def _basic(client_id: str, secret: str) -> str:
    """Credentials for the Authorization header, each form-encoded first (RFC 6749 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return base64.b64encode(pair.encode("ascii")).decode("ascii")


def _carrying_basic(basic: str) -> Callable[..., tuple[Any, Any, Any]]:
    def put(
        _auth: ClientAuth, _method: str, uri: str, headers: Any, body: str
    ) -> tuple[Any, Any, Any]:
        headers["Authorization"] = f"Basic {basic}"
        return uri, headers, body

    return put


def _carrying(assertion: str) -> Callable[..., tuple[Any, Any, Any]]:
    def put(
        auth: ClientAuth, _method: str, uri: str, headers: Any, body: str
    ) -> tuple[Any, Any, Any]:
        more = [
            ("client_id", auth.client_id),
            ("client_assertion_type", _ASSERTION_TYPE),
            ("client_assertion", assertion),
        ]
        return uri, headers, add_params_to_qs(body or "", more)

    return put


def _signed(grant: Grant, proof: Assertion, now: datetime) -> str:
    """A statement for one token request: each has its own id, and is over in five minutes."""
    try:
        certificate = x509.load_pem_x509_certificate(proof.certificate.encode())
        thumbprint = sha256(certificate.public_bytes(Encoding.DER)).digest()
        header = {"alg": "PS256", "typ": "JWT", "x5t#S256": _base64url(thumbprint)}
        moment = int(now.timestamp())
        claims = {
            "aud": grant.token_url,
            "iss": grant.client_id,
            "sub": grant.client_id,
            "jti": str(uuid.uuid4()),
            "nbf": moment,
            "iat": moment,
            "exp": moment + int(ASSERTION_LIFE.total_seconds()),
        }
        key = RSAKey.import_key(proof.private_key)
        return jwt.encode(header, claims, key, algorithms=["PS256"])
    except (ValueError, TypeError, JoseError):
        pass  # what they say could show the key
    raise Misconfigured(
        "The private key and its certificate cannot be read: both are PEM, the key is RSA and "
        "has no password.",
        code="oauth.key",
    )


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
