"""The checks that registration and sign-in share (WebAuthn L3 sections 7.1 and 7.2).

py_webauthn checks some of these again, and says all of it in one exception: they are made here
first, one by one, so that each has its own code. It checks neither crossOrigin nor topOrigin, nor
the length of a credential id.
"""

from __future__ import annotations

import hashlib
import hmac

from models import Challenge
from services.ceremonies.authenticator_data import AuthenticatorData
from services.ceremonies.refusals import CeremonyRefusal, printable
from services.ceremonies.responses import ClientData, encoded

CREATE, GET = "webauthn.create", "webauthn.get"


def check_client(client: ClientData, challenge: Challenge, *, kind: str) -> None:
    """Check what the browser says it did against what it was asked.

    Raises:
        CeremonyRefusal: `type_wrong`, `challenge_wrong`, `origin_wrong`, `cross_origin` or
            `top_origin`.
    """
    if client.type != kind:
        raise CeremonyRefusal("type_wrong", {"type": printable(client.type)})
    if not hmac.compare_digest(client.challenge, challenge.challenge):
        raise CeremonyRefusal("challenge_wrong")
    if client.origin not in challenge.origins:
        raise CeremonyRefusal("origin_wrong", {"origin": printable(client.origin)})
    if client.cross_origin:
        raise CeremonyRefusal("cross_origin", {"origin": printable(client.origin)})
    if client.top_origin is not None:
        raise CeremonyRefusal("top_origin", {"top_origin": printable(client.top_origin)})


def check_authenticator(data: AuthenticatorData, *, rp_id: str) -> None:
    """Check what the authenticator signed: for whom, touched, with PIN, backup flags that agree.

    Raises:
        CeremonyRefusal: `rp_id_wrong`, `user_not_present`, `user_not_verified` or
            `backup_state_wrong`.
    """
    if not hmac.compare_digest(data.rp_id_hash, hashlib.sha256(rp_id.encode()).digest()):
        raise CeremonyRefusal("rp_id_wrong")
    if not data.user_present:
        raise CeremonyRefusal("user_not_present")
    if not data.user_verified:
        raise CeremonyRefusal("user_not_verified")
    if data.backup_state and not data.backup_eligible:
        raise CeremonyRefusal("backup_state_wrong")


def check_id(id_text: str, raw_id: bytes) -> None:
    """Check that the credential goes by one id.

    Raises:
        CeremonyRefusal: `credential_id_mismatch`.
    """
    if id_text != encoded(raw_id):
        raise CeremonyRefusal("credential_id_mismatch")
