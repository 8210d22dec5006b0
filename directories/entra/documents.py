"""People, groups and passkeys as Graph sends them, read with nothing taken for granted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from directories.answers import scrub
from directories.base import Group, RemoteIdentity, RemotePasskey
from directories.entra.ids import readings

USER_FIELDS = "id,displayName,givenName,surname,userPrincipalName,mail,accountEnabled,userType"
"""The default set lacks accountEnabled and userType (Entra contract section 3)."""
GROUP_FIELDS = "id,displayName"

_ID = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,512}")
"""Printable, and no step in a path: `.` and `..` would lead to another address."""


def text(values: Any, name: str) -> str:
    """A text from an object, fit to show; empty where there is none."""
    found = values.get(name) if isinstance(values, Mapping) else None
    return scrub(found, ()) if isinstance(found, str) else ""


def object_id(values: Any, name: str = "id") -> str:
    """An id from an object; empty where it holds none that can be used."""
    found = values.get(name) if isinstance(values, Mapping) else None
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


def person(values: Any) -> RemoteIdentity | None:
    """A `user`; None where it is no such object.

    Without the permission to read users, members of a group come with their ids only.
    """
    remote_id = object_id(values)
    if not remote_id:
        return None
    upn, mail, name = (
        text(values, field) for field in ("userPrincipalName", "mail", "displayName")
    )
    enabled = values.get("accountEnabled")
    guest = text(values, "userType").casefold() == "guest"
    return RemoteIdentity(
        remote_id=remote_id,
        label=upn or mail or name or remote_id,
        detail={"userPrincipalName": upn} if upn else {},
        name=name,
        given_name=text(values, "givenName"),
        family_name=text(values, "surname"),
        email=mail,
        enabled=enabled if isinstance(enabled, bool) else None,
        note="guest" if guest else "",
        guest=guest,
    )


def people(entries: Iterable[Any]) -> tuple[RemoteIdentity, ...]:
    """Each person once, in the order in which they came."""
    found = (person(entry) for entry in entries)
    return tuple({one.remote_id: one for one in found if one is not None}.values())


def group(values: Any) -> Group | None:
    """A `group`; None where it is no such object."""
    remote_id = object_id(values)
    return Group(remote_id, text(values, "displayName") or remote_id) if remote_id else None


def passkey(values: Any) -> RemotePasskey | None:
    """A `fido2AuthenticationMethod`; None where it is no such object.

    Its id there is opaque. It is seen to encode the credential id, never with certainty.
    """
    remote_id = object_id(values)
    if not remote_id:
        return None
    return RemotePasskey(
        remote_id=remote_id,
        credential_id=None,
        name=text(values, "displayName"),
        created_at=moment(values.get("createdDateTime")),
        candidates=readings(remote_id),
        model=text(values, "model"),
    )


def moment(value: Any) -> datetime | None:
    """A DateTimeOffset; None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None
