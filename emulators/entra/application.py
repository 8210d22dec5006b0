"""The application registration that a client signs in as: its proofs, its consent, its state."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from emulators.kit.store import Store

LIFE = timedelta(days=180)
# entra.md 6: the three permissions of a usual set-up, and the ones for the optional checks.
USUAL_ROLES = (
    "User.Read.All",
    "Group.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
    "Policy.Read.AuthenticationMethod",
    "Organization.Read.All",
    "Application.Read.All",
)


class Application:
    """One registered application.

    Args:
        store: where it is kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, *, now: datetime) -> None:
        """Make it, with one secret and the usual consent."""
        self._write(
            {
                "client_id": str(uuid.uuid4()),
                "object_id": str(uuid.uuid4()),
                "display_name": "Latchkey",
                "enabled": True,
                "roles": list(USUAL_ROLES),
                "secrets": [],
                "certificates": [],
                "key": "",
            }
        )
        self.new_secret(now=now)

    @property
    def registered(self) -> bool:
        """Whether there is one."""
        return self._store.get("setting", "application") is not None

    def all(self) -> dict[str, Any]:
        """Everything about it, secrets included."""
        return self._store.get("setting", "application") or {}

    def restore(self, kept: dict[str, Any], *, now: datetime) -> None:
        """Put it back as `all` gave it: consent, state and the secrets' life as at first."""
        expires = (now + LIFE).isoformat()
        secrets_again = [secret | {"expires": expires} for secret in kept["secrets"]]
        fresh = {"enabled": True, "roles": list(USUAL_ROLES), "secrets": secrets_again}
        self._write(kept | fresh)

    @property
    def client_id(self) -> str:
        """Application (client) ID."""
        return str(self.all()["client_id"])

    @property
    def secret(self) -> str:
        """The Value of the newest secret."""
        return str(self.all()["secrets"][-1]["value"])

    @property
    def secret_id(self) -> str:
        """The Secret ID of the newest secret, which is not its Value (entra.md 1)."""
        return str(self.all()["secrets"][-1]["id"])

    @property
    def secret_expires(self) -> datetime:
        """When the newest secret expires."""
        return datetime.fromisoformat(self.all()["secrets"][-1]["expires"])

    @property
    def roles(self) -> tuple[str, ...]:
        """The application permissions that have been consented to."""
        return tuple(self.all()["roles"])

    @property
    def enabled(self) -> bool:
        """Whether the enterprise application may sign in."""
        return bool(self.all()["enabled"])

    def change(self, **changes: Any) -> None:
        """Write some of its fields anew."""
        self._write(self.all() | changes)

    def new_secret(self, *, now: datetime, life: timedelta = LIFE) -> str:
        """Add a secret; the ones before it stay. Its Value, shown only now."""
        value = f"{secrets.token_urlsafe(3)[:3]}8Q~{secrets.token_urlsafe(24)}"
        secret = {"id": str(uuid.uuid4()), "value": value, "expires": (now + life).isoformat()}
        self.change(secrets=[*self.all()["secrets"], secret])
        return value

    def register_certificate(self, pem: str) -> None:
        """Add a certificate whose key may sign assertions.

        Raises:
            ValueError: when it is none.
        """
        x509.load_pem_x509_certificate(pem.encode())
        self.change(certificates=[*self.all()["certificates"], pem])

    def certificates(self) -> list[x509.Certificate]:
        """The registered certificates."""
        return [x509.load_pem_x509_certificate(pem.encode()) for pem in self.all()["certificates"]]

    def certificate_client(self, *, now: datetime) -> tuple[str, str]:
        """Certificate and private key (PEM) of a client that signs assertions; made when asked."""
        kept = self.all()
        if not kept["key"]:
            certificate, key = make_certificate(now=now)
            self.register_certificate(certificate)
            self.change(key=key, certificate=certificate)
            kept = self.all()
        return kept["certificate"], kept["key"]

    def _write(self, application: dict[str, Any]) -> None:
        self._store.put("setting", "application", application)


def make_certificate(*, now: datetime, life: timedelta = LIFE) -> tuple[str, str]:
    """A self-signed certificate and its RSA key, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Latchkey")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + life)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
