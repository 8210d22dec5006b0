"""Certificates and keys for an application, made once for all tests."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

ENDS = dt.datetime(2031, 5, 31, 12, 0, tzinfo=dt.UTC)


class Pair(NamedTuple):
    """A certificate and its private key, as PEM."""

    certificate: str
    key: str
    locked_key: str
    """The same key under a passphrase."""


@cache
def pair(name: str = "one", *, size: int = 2048, ends: dt.datetime = ENDS) -> Pair:
    return _pair(name, rsa.generate_private_key(public_exponent=65537, key_size=size), ends)


@cache
def elliptic() -> Pair:
    return _pair("elliptic", ec.generate_private_key(ec.SECP256R1()), ENDS)


def _pair(name, key, ends) -> Pair:
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    plain, locked = (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()
        for how in (NoEncryption(), BestAvailableEncryption(b"passphrase"))
    )
    return Pair(certificate.public_bytes(Encoding.PEM).decode(), plain, locked)
