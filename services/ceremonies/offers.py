"""Whether what a directory began can lead to a key that is accepted here, told before the touch.

Nothing of it is changed: the directory verifies what it asked for. A directory is not believed
more than a browser is: it may be broken, or somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from directories.base import CreationOptions, Misconfigured
from directories.pingone.relying_party import covers
from services.attestation.policy import Policy
from services.ceremonies.options import ALGORITHMS
from services.ceremonies.responses import BASE64URL, decoded

SHORTEST_CHALLENGE = 16
"""Bytes (WebAuthn L3 section 13.4.3)."""
LONGEST_CHALLENGE = 24 * 1024
"""Bytes. Those of Entra have some 7,000 (Entra contract section 2.1); an answer repeats them in an
encoding half as long again, and has to fit into `responses.MAX_RESPONSE`."""
LONGEST_HANDLE = 64
"""Bytes (section 5.4.3)."""
LONGEST_LIFE = timedelta(days=1)


@dataclass(frozen=True)
class Offer:
    """What a directory began, as far as it is read here."""

    challenge: bytes
    handle: bytes
    not_after: datetime


def read(
    begun: CreationOptions, *, declared: str, own: bool, policy: Policy, now: datetime
) -> Offer:
    """Judge what was begun.

    Args:
        declared: the relying party ID of the directory's settings; empty where they tell none.
        own: whether the key is to sign in here as well.
        policy: that the key will be judged by.

    Raises:
        Misconfigured: `ceremony.…` with the first thing that is in the way.
    """
    options = begun.options
    _relying_party(begun, declared)
    challenge = _bytes(options.get("challenge"))
    if not SHORTEST_CHALLENGE <= len(challenge) <= LONGEST_CHALLENGE:
        raise _no("challenge", "It began a registration with a challenge that cannot be used.")
    handle = _bytes(_inner(options, "user").get("id"))
    if not 0 < len(handle) <= LONGEST_HANDLE:
        raise _no("user_handle", "It began a registration for a user without a usable name.")
    if not algorithms(options):
        raise _no("algorithms", "It asks for no kind of signature that is accepted here.")
    if begun.not_after <= now:
        raise _no(
            "too_late",
            "The time that it gives for the touch is over before it begins: its clock and ours "
            "differ.",
        )
    _policy(options, own=own, policy=policy)
    return Offer(challenge, handle, min(begun.not_after, now + LONGEST_LIFE))


def algorithms(options: Mapping[str, Any]) -> tuple[int, ...]:
    """The algorithms that a key may answer with: those asked for that we accept."""
    asked = options.get("pubKeyCredParams")
    named = [one.get("alg") for one in _mappings(asked)]
    return tuple(one for one in ALGORITHMS if one in named)


def _relying_party(begun: CreationOptions, declared: str) -> None:
    """That it is one, the one that was declared, and that the origins are its own."""
    rp_id = begun.rp_id
    if not rp_id or _inner(begun.options, "rp").get("id") != rp_id:
        raise _no("relying_party", "It began a registration without a relying party ID.")
    if declared and rp_id != declared:
        raise _no(
            "relying_party",
            f"It began a registration for {rp_id[:253]}, and its configuration says {declared}.",
        )
    if not begun.origins or not all(_belongs(origin, rp_id) for origin in begun.origins):
        raise _no("origins", f"It names pages that keys for {rp_id[:253]} cannot be made on.")


def _belongs(origin: str, rp_id: str) -> bool:
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    place = f"https://{host}" + (f":{port}" if port else "")
    return origin == place and covers(rp_id, host)


def _policy(options: Mapping[str, Any], *, own: bool, policy: Policy) -> None:
    """That a key which does as it is asked can be accepted."""
    if policy.demand_attestation and options.get("attestation", "none") == "none":
        raise _no(
            "no_attestation",
            "It asks keys for no proof of their model, which our attestation policy demands: every "
            "key would be refused. Have it ask for attestation.",
        )
    selection = _inner(options, "authenticatorSelection")
    if selection.get("userVerification") == "discouraged":
        raise _no(
            "no_verification",
            "It tells keys not to ask for the PIN, which is demanded here: every key would be "
            "refused. Have it ask for user verification.",
        )
    resident = selection.get("residentKey")
    if own and (resident == "discouraged" or not (resident or selection.get("requireResidentKey"))):
        raise _no(
            "not_discoverable",
            "It tells keys not to keep the passkey themselves, so it would not sign in here. Have "
            "it ask for discoverable credentials.",
        )


def _inner(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = options.get(name)
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> Iterable[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _bytes(value: Any) -> bytes:
    """What base64url text stands for; nothing where it is none."""
    if not isinstance(value, str) or not BASE64URL.fullmatch(value) or len(value) % 4 == 1:
        return b""
    return decoded(value)


def _no(word: str, reason: str) -> Misconfigured:
    return Misconfigured(reason, code=f"ceremony.{word}")
