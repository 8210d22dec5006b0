"""Secrets at rest: sealed with Fernet under a key derived for each use, or kept as an HMAC only.

The master keys come from the settings, newest first: the first seals, all of them open, so a key
is rotated by putting a new one in front. Each use derives its own keys from them (HKDF, RFC 5869),
so that what was sealed for one use does not open for another.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import PortalFact

CANARY = "sealing_canary"


class SealBroken(Exception):
    """Sealed bytes that none of the keys can open."""


class Sealer:
    """Seals and opens secrets. Make one from the settings' sealing keys."""

    def __init__(self, master_keys: Sequence[str]) -> None:
        self._masters = tuple(base64.urlsafe_b64decode(key) for key in master_keys)
        self._uses: dict[str, MultiFernet] = {}

    def seal(self, use: str, secret: str) -> bytes:
        """Encrypt `secret` for one use, as `directory`."""
        return self._keys(use).encrypt(secret.encode())

    def open(self, use: str, sealed: bytes) -> str:
        """Decrypt what `seal` made for the same use.

        Raises:
            SealBroken: when no key opens it.
        """
        try:
            return self._keys(use).decrypt(sealed).decode()
        except InvalidToken:
            raise SealBroken(
                f"A stored secret ({use}) does not open with the sealing keys in the settings."
            ) from None

    def reseal(self, use: str, sealed: bytes) -> bytes:
        """The same secret under the newest key."""
        return self._keys(use).rotate(sealed)

    def digest(self, use: str, text: str) -> bytes:
        """HMAC-SHA256 of a text that is too short to be kept as a plain hash, under the newest key.

        Args:
            use: what it is for; another use than any that is sealed.
        """
        return _hmac(self._masters[0], use, text)

    def agrees(self, use: str, text: str, digest: bytes) -> bool:
        """Whether `digest` made this digest of the text, with any of the keys."""
        return any(hmac.compare_digest(_hmac(key, use, text), digest) for key in self._masters)

    def _keys(self, use: str) -> MultiFernet:
        if use not in self._uses:
            self._uses[use] = MultiFernet([Fernet(_derive(key, use)) for key in self._masters])
        return self._uses[use]


def _derive(master: bytes, use: str) -> bytes:
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=f"latchkey:{use}".encode()).derive(master)
    return base64.urlsafe_b64encode(derived)


def _hmac(master: bytes, use: str, text: str) -> bytes:
    return hmac.digest(_derive(master, use), text.encode(), "sha256")


def check_canary(session: Session, sealer: Sealer) -> None:
    """Prove at start that the sealing keys are the ones this database was sealed with.

    Raises:
        SealBroken: when they are not; nothing stored could be opened later.
    """
    kept = session.scalar(select(PortalFact).where(PortalFact.name == CANARY))
    if kept is None:
        session.add(PortalFact(name=CANARY, value=sealer.seal(CANARY, CANARY)))
    else:
        sealer.open(CANARY, kept.value)
