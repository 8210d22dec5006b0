"""A client's assertion by certificate (entra.md 1 [D S7 S10])."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from emulators.entra import jwt
from emulators.entra.errors import LoginError

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 600
"""Seconds between `nbf` and `exp` at most (entra.md 1: 5-10 minutes)."""


def _refused(number: int, text: str) -> LoginError:
    # The contract lists no numbers for assertions; a client must not rely on any (entra.md 1 [D]).
    return LoginError(401, "invalid_client", number, text)


def verify(
    text: str,
    *,
    client_id: str,
    audiences: Collection[str],
    certificates: list[x509.Certificate],
    now: datetime,
) -> str:
    """Hold an assertion against the registered certificates.

    Args:
        text: the JWT.
        client_id: which `iss` and `sub` must name.
        audiences: the token URL, by each name the tenant has.
        certificates: the registered ones.
        now: the time.

    Returns:
        Its `jti`.

    Raises:
        LoginError: with the rule it breaks.
    """
    try:
        token = jwt.read(text)
    except (ValueError, RecursionError) as error:
        raise _refused(50027, "JWT token is invalid or malformed.") from error
    _check_signature(token, certificates, now)
    claims = token.claims
    if claims.get("aud") not in audiences:
        raise _refused(700023, "Client assertion audience claim does not match Realm issuer.")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise _refused(
            700021, "Client assertion application identifier doesn't match 'client_id' parameter."
        )
    _check_times(claims, now)
    try:
        return str(uuid.UUID(claims["jti"]))
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise _refused(50027, "JWT token is invalid or malformed: jti.") from error


def _check_signature(token: jwt.Token, certificates: list[x509.Certificate], now: datetime) -> None:
    header = token.header
    if header.get("alg") != "PS256" or header.get("typ") != "JWT":
        raise _refused(50027, "JWT token is invalid or malformed: alg and typ.")
    named = [
        certificate
        for certificate in certificates
        if jwt.encode64(certificate.fingerprint(hashes.SHA256())) == header.get("x5t#S256")
    ]
    if not named:
        raise _refused(
            700027, "The certificate with identifier used to sign the client assertion is not "
            "registered on application.",
        )  # fmt: skip
    if not named[0].not_valid_before_utc <= now <= named[0].not_valid_after_utc:
        raise _refused(700027, "The certificate used to sign the client assertion is expired.")
    key = named[0].public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise _refused(700027, "The key used is not an RSA key.")
    try:
        key.verify(
            token.signature,
            token.signed,
            padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH),
            hashes.SHA256(),
        )
    except InvalidSignature as error:
        raise _refused(700027, "Client assertion failed signature validation.") from error


def _check_times(claims: dict[str, Any], now: datetime) -> None:
    times = [claims.get(name) for name in ("nbf", "exp", "iat")]
    if not all(type(value) is int for value in times):
        raise _refused(50027, "JWT token is invalid or malformed: nbf, exp and iat.")
    begins, ends, _issued = (int(value or 0) for value in times)
    if not begins <= now.timestamp() < ends or ends - begins > LONGEST:
        raise _refused(700024, "Client assertion is not within its valid time range.")
