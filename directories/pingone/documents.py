"""What PingOne sends, read with nothing taken for granted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from directories.answers import scrub
from directories.base import Group, RemoteIdentity, RemotePasskey
from directories.pingone.links import Item

FIDO2 = "FIDO2"
ACTIVE = "ACTIVE"
PENDING = "ACTIVATION_REQUIRED"
"""A device that was begun and never finished: no passkey. Other states are not all documented."""


def text(item: Item, *path: str) -> str:
    """A text inside, fit to show; empty where there is none."""
    value = inner(item, *path)
    return scrub(value, ()) if isinstance(value, str) else ""


def flag(item: Item, *path: str) -> bool | None:
    """A yes or no inside; None where there is none."""
    value = inner(item, *path)
    return value if isinstance(value, bool) else None


def inner(item: Item, *path: str) -> Any:
    """A value inside; None where there is none."""
    value: Any = item
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def moment(item: Item, name: str) -> datetime | None:
    """A moment inside; None where there is none that says its zone."""
    try:
        found = datetime.fromisoformat(text(item, name))
    except ValueError:
        return None
    return found if found.tzinfo else None


def identity(user: Item, populations: Mapping[str, str]) -> RemoteIdentity | None:
    """A user in the words of the protocol; None where it has no id.

    Args:
        user: as PingOne sends it.
        populations: the names of populations worth a word, by id.
    """
    user_id = text(user, "id")
    if not user_id:
        return None
    given, family = text(user, "name", "given"), text(user, "name", "family")
    username, email = text(user, "username"), text(user, "email")
    mfa = flag(user, "mfaEnabled")
    notes = [populations.get(text(user, "population", "id"), "")]
    notes.append("MFA is off" if mfa is False else "")
    detail = {
        name: value
        for name, value in (
            ("username", username),
            ("population_id", text(user, "population", "id")),
            ("mfa_enabled", mfa),
        )
        if value not in ("", None)
    }
    return RemoteIdentity(
        remote_id=user_id,
        label=username or email or user_id,
        detail=detail,
        name=text(user, "name", "formatted") or f"{given} {family}".strip(),
        given_name=given,
        family_name=family,
        email=email,
        enabled=flag(user, "enabled"),
        note=", ".join(note for note in notes if note),
    )


def group(item: Item) -> Group | None:
    """A group in the words of the protocol; None where it has no id."""
    group_id = text(item, "id")
    return Group(group_id, text(item, "name") or group_id) if group_id else None


def passkey(device: Item) -> RemotePasskey | None:
    """A device in the words of the protocol; None where it is no finished FIDO2 device.

    No field of a device is known to hold the credential id (section 3.3).
    """
    device_id = text(device, "id")
    if not device_id or device.get("type") != FIDO2 or pending(device):
        return None
    name = next(
        (found for key in ("nickname", "displayName", "name") if (found := text(device, key))), ""
    )
    return RemotePasskey(device_id, None, name, moment(device, "createdAt"))


def pending(device: Item) -> bool:
    """Whether a device was begun and not finished."""
    return device.get("status") == PENDING


def aaguid(value: Any) -> uuid.UUID | None:
    """An AAGUID, with or without dashes; None when it is none."""
    if not isinstance(value, str) or len(value) not in (32, 36):
        return None
    try:
        return uuid.UUID(value)
    except ValueError:
        return None
