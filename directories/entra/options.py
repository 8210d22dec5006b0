"""Creation options of Entra's, made into what every WebAuthn client understands.

Entra contract section 2.1. Only the members that WebAuthn L3 section 5.1.8 has are carried over;
Graph adds some of its own, and writes ids in three encodings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from directories.base import Misconfigured
from directories.entra import documents
from directories.entra.ids import base64url, readings

LONGEST_NAME = 64
"""Bytes. Longer user names make keys and Windows ask for the PIN without end (section 7)."""

LONGEST_CHALLENGE = 64 * 1024
"""Characters; real ones have about 6,900. They are long on purpose, and never cut."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}")
_EXTENSIONS: Mapping[str, type] = {
    "hmacCreateSecret": bool,
    "enforceCredentialProtectionPolicy": bool,
    "credentialProtectionPolicy": str,
}


@dataclass(frozen=True)
class Challenge:
    """What Entra asks a new key for, and until when."""

    options: dict[str, Any]
    rp_id: str
    challenge: str
    not_after: datetime


def read(data: Any) -> Challenge:
    """Read `webauthnCredentialCreationOptions`, which some samples wrap in `value`.

    Raises:
        Misconfigured: when it is none.
    """
    if isinstance(data, Mapping) and isinstance(data.get("value"), Mapping):
        data = data["value"]
    key = data.get("publicKey") if isinstance(data, Mapping) else None
    if not isinstance(key, Mapping):
        raise _not_options()
    until = documents.moment(data.get("challengeTimeoutDateTime"))
    rp, user, challenge = key.get("rp"), key.get("user"), key.get("challenge")
    rp_id = rp.get("id") if isinstance(rp, Mapping) else None
    user_id = user.get("id") if isinstance(user, Mapping) else None
    if (
        until is None
        or not isinstance(rp_id, str)
        or not _HOST.fullmatch(rp_id)
        or not _is_base64url(challenge, LONGEST_CHALLENGE)
        or not _is_base64url(user_id, 128)
    ):
        raise _not_options()
    options: dict[str, Any] = {
        "rp": {"id": rp_id, "name": documents.text(rp, "name") or rp_id},
        "user": {
            "id": user_id,
            "name": _cut(documents.text(user, "name")),
            "displayName": _cut(documents.text(user, "displayName")),
        },
        "challenge": challenge,
        "pubKeyCredParams": _algorithms(key.get("pubKeyCredParams")),
        "excludeCredentials": excluded(key.get("excludeCredentials")),
        "authenticatorSelection": _selection(key.get("authenticatorSelection")),
        "attestation": documents.text(key, "attestation") or "direct",
        "extensions": _extensions(key.get("extensions")),
    }
    timeout = key.get("timeout")  # milliseconds; 0 stands for none (section 2.1)
    if isinstance(timeout, int) and 0 < timeout < 2**31:
        options["timeout"] = int(timeout)
    return Challenge(options, rp_id, str(challenge), until)


def excluded(entries: Any) -> list[dict[str, Any]]:
    """The keys that there are already: each by every reading of its id (section 2.2).

    One entry too many is harmless; the right one missing lets a key be registered twice.
    """
    found = []
    for entry in entries if isinstance(entries, list) else ():
        name = entry.get("id") if isinstance(entry, Mapping) else None
        for reading in readings(name) if isinstance(name, str) else ():
            one: dict[str, Any] = {"type": "public-key", "id": base64url(reading)}
            if transports := _texts(entry.get("transports")):
                one["transports"] = transports
            found.append(one)
    return found


def _algorithms(entries: Any) -> list[dict[str, Any]]:
    found = [
        {"type": "public-key", "alg": entry["alg"]}
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, Mapping)
        and entry.get("type", "public-key") == "public-key"
        and isinstance(entry.get("alg"), int)
        and -(2**31) < entry["alg"] < 2**31
    ]
    if not found:
        raise _not_options()
    return found


def _selection(value: Any) -> dict[str, Any]:
    """What the key must be; Graph leaves out `residentKey`, which newer clients read."""
    selection = value if isinstance(value, Mapping) else {}
    resident = selection.get("requireResidentKey") is not False
    found: dict[str, Any] = {
        "requireResidentKey": resident,
        "residentKey": "required" if resident else "preferred",
        "userVerification": documents.text(selection, "userVerification") or "required",
    }
    if attachment := documents.text(selection, "authenticatorAttachment"):
        found["authenticatorAttachment"] = attachment
    return found


def _extensions(value: Any) -> dict[str, Any]:
    extensions = value if isinstance(value, Mapping) else {}
    return {
        name: extensions[name]
        for name, kind in _EXTENSIONS.items()
        if isinstance(extensions.get(name), kind)
    }


def _texts(value: Any) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _is_base64url(value: Any, longest: int) -> bool:
    return (
        isinstance(value, str) and len(value) <= longest and _BASE64URL.fullmatch(value) is not None
    )


def _cut(text: str) -> str:
    """A text of at most 64 bytes, cut between characters."""
    return text.encode()[:LONGEST_NAME].decode("utf-8", "ignore")


def _not_options() -> Misconfigured:
    return Misconfigured(
        "What came back is no challenge for a passkey, so this is not Microsoft Graph.",
        code="entra.not_graph",
    )
