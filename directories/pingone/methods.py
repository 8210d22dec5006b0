"""What else a user signs in with: devices that are no passkeys (PingOne contract section 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from directories.base import RemoteMethod
from directories.pingone import documents
from directories.pingone.links import Item

_KINDS: Mapping[str, str] = {
    "EMAIL": "Passcode by e-mail",
    "SMS": "Passcode by text message",
    "VOICE": "Passcode by telephone",
    "TOTP": "Authenticator app (TOTP)",
    "MOBILE": "Mobile app",
    "PINGID_DESKTOP_GEN2": "PingID on a computer",
    "PLATFORM": "Platform authenticator (older kind)",
    "SECURITY_KEY": "Security key (older kind)",
    documents.FIDO2: "Passkey that was begun and never finished",
}
"""The types that PingOne documents. One that is not known here is called as PingOne calls it."""

_UNUSUAL: tuple[tuple[str, str], ...] = (("block", "UNBLOCKED"), ("lock", "UNLOCKED"))


def listed(devices: Iterable[Item]) -> tuple[RemoteMethod, ...]:
    """Every device of a user that is no finished passkey."""
    return tuple(
        _method(one)
        for one in devices
        if documents.text(one, "id") and documents.passkey(one) is None
    )


def _method(device: Item) -> RemoteMethod:
    kind = documents.text(device, "type")
    names = ("nickname", "displayName", "name", "phone", "email")
    return RemoteMethod(
        kind=_KINDS.get(kind, kind or "Unknown device"),
        remote_id=documents.text(device, "id"),
        name=next((text for name in names if (text := documents.text(device, name))), ""),
        created_at=documents.moment(device, "createdAt"),
        state=_state(device),
    )


def _state(device: Item) -> str:
    """What keeps the device from being used: PingOne's own words, in lower case."""
    said = documents.text(device, "status")
    words = [said] if said not in ("", documents.ACTIVE) else []
    for name, usual in _UNUSUAL:
        state = documents.text(device, name, "status")
        words += [state] if state not in ("", usual) else []
    return ", ".join(word.lower().replace("_", " ") for word in words)
