"""The options of a registration: what the portal may ask for, and what keys can take."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fido2.rpid import verify_rp_id

from latchkey_agent.stop import Exit, Stop

NAME_BYTES = 64
"""Keys keep names of 64 bytes at least (CTAP 2.1 section 6.1.2); some fail beyond that."""
LONGEST_MS = 300_000
"""How long a touch is waited for, where the options name no time, or a longer one."""


@dataclass(frozen=True)
class Begun:
    """A ceremony that the portal began."""

    ceremony: str
    options: dict[str, Any]
    """PublicKeyCredentialCreationOptionsJSON, as keys can take it."""
    origin: str
    """The origin that the answer names."""

    @property
    def rp_id(self) -> str:
        """Whose passkey it will be."""
        return str(self.options["rp"]["id"])


def read(answer: Mapping[str, Any]) -> Begun:
    """The portal's answer, checked.

    Raises:
        Stop: `options_unreadable`; `origin_wrong` for an origin that could not use such a passkey:
            a browser would refuse it as well.
    """
    try:
        options = dict(answer["options"])
        rp_id, origin = options["rp"]["id"], answer["origin"]
        user = dict(options["user"])
        begun = Begun(
            ceremony=str(answer["ceremony"]),
            options={**options, "user": cut_names(user), "timeout": _time(options.get("timeout"))},
            origin=origin,
        )
    except (KeyError, TypeError, ValueError):
        raise Stop(
            Exit.UNSAFE, "options_unreadable", "The portal sent options that cannot be read."
        ) from None
    if not isinstance(rp_id, str) or not isinstance(origin, str) or not _covers(rp_id, origin):
        raise Stop(
            Exit.UNSAFE,
            "origin_wrong",
            f"The portal asks for a passkey of “{rp_id}” in the name of {origin}, which that does "
            "not cover. Nothing was done; tell your administrator.",
        )
    return begun


def cut_names(user: dict[str, Any]) -> dict[str, Any]:
    """The user's names, cut for the key alone: what the directory keeps is untouched."""
    return {
        name: cut(value) if name in ("name", "displayName") and isinstance(value, str) else value
        for name, value in user.items()
    }


def cut(text: str, limit: int = NAME_BYTES) -> str:
    """The beginning of a text that fits into `limit` bytes of UTF-8, cut between characters.

    What combines with the character before it stays with it, or goes with it.
    """
    if len(text.encode()) <= limit:
        return text
    end = len(text)
    while len(text[:end].encode()) > limit or (end and unicodedata.combining(text[end])):
        end -= 1
    return text[:end]


def _covers(rp_id: str, origin: str) -> bool:
    """Whether a page at the origin could use the RP ID (WebAuthn section 5.1.3, step 8)."""
    try:
        return bool(verify_rp_id(rp_id, origin))
    except ValueError:
        return False


def _time(timeout: Any) -> int:
    """Milliseconds; Entra says 0, which would be no limit at all."""
    given = int(timeout or 0)
    return min(given, LONGEST_MS) if given > 0 else LONGEST_MS
