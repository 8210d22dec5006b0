"""What proves the application: a secret, or a certificate and its private key."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

if TYPE_CHECKING:
    from directories.entra.settings import EntraSettings

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
SMALLEST_RSA = 2048
LONGEST = 32 * 1024
"""Characters. Certificates and keys have two or three thousand."""


def secret_problem(settings: EntraSettings, secret: str | None) -> str:
    """What is wrong with a secret or private key, as a sentence; empty when nothing is.

    Never shows it.
    """
    if settings.credential == "certificate":
        return _key_problem(settings, secret or "")
    if not secret:
        return "Give the client secret's Value."
    if GUID.fullmatch(secret):
        return (
            "That is the Secret ID. Copy the secret's Value, which Entra shows only once, when "
            "the secret is made."
        )
    if "-----BEGIN" in secret:
        return "That is a key or a certificate. Choose certificate, or give the secret's Value."
    if len(secret) > LONGEST or not all(0x21 <= ord(character) <= 0x7E for character in secret):
        return "A client secret has no spaces or special characters: copy its Value again."
    return ""


def certificate_problem(pem: str) -> str:
    """What is wrong with a certificate, as a sentence; empty when nothing is.

    One that has expired is no problem here: its own date is shown and checked.
    """
    if not pem:
        return "Give the certificate that was uploaded to the application, in PEM form."
    if "PRIVATE KEY" in pem:
        return "This holds a private key. Give only the certificate here, and the key in its field."
    certificate = _certificate(pem)
    if certificate is None:
        return "This is not one certificate in PEM form (-----BEGIN CERTIFICATE-----)."
    public = certificate.public_key()
    if not isinstance(public, RSAPublicKey) or public.key_size < SMALLEST_RSA:
        return f"Entra takes certificates with an RSA key of {SMALLEST_RSA} bits or more."
    return ""


def expires_on(settings: EntraSettings) -> date | None:
    """The day on which the credential stops working (UTC); None where it is not known."""
    if settings.credential == "certificate":
        certificate = _certificate(settings.certificate)
        return None if certificate is None else certificate.not_valid_after_utc.date()
    return date.fromisoformat(settings.secret_expires_on) if settings.secret_expires_on else None


def _key_problem(settings: EntraSettings, pem: str) -> str:
    if not pem:
        return "Give the certificate's private key, in PEM form."
    if "-----BEGIN" not in pem or len(pem) > LONGEST:
        return "This is not a private key in PEM form (-----BEGIN PRIVATE KEY-----)."
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        return "This private key is protected by a passphrase. Give it without one."
    except (ValueError, UnsupportedAlgorithm):
        return "This is not a private key in PEM form (-----BEGIN PRIVATE KEY-----)."
    certificate = _certificate(settings.certificate)
    if not isinstance(key, RSAPrivateKey):
        return "The certificate's key is an RSA key; this one is not."
    if certificate is None or certificate.public_key() != key.public_key():
        return "This private key does not belong to the certificate."
    return ""


def _certificate(pem: str) -> x509.Certificate | None:
    if pem.count("-----BEGIN CERTIFICATE-----") != 1 or len(pem) > LONGEST:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return certificate
