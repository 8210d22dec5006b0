"""The keys that people have in PingOne (PingOne contract section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from directories.base import DirectoryError, NotFound, Refused, RemotePasskey
from directories.pingone import documents
from directories.pingone.api import PingOneApi
from directories.pingone.links import Item

AT_ONCE = 4
"""Calls side by side: limits are per licence and per address (section 1.4)."""

DEAD = timedelta(hours=1)
"""After which nothing that was begun can be finished: a policy gives ten minutes at most
(section 3.1)."""
CLEARED = 5
"""How many are deleted before a registration: somebody waits for it."""

LONGEST_NICKNAME = 100
"""Characters (section 3.3)."""


def passkeys(api: PingOneApi, user_id: str) -> tuple[RemotePasskey, ...]:
    """The FIDO2 devices of a user that were paired to the end."""
    read = (documents.passkey(device) for device in api.devices(user_id))
    return tuple(one for one in read if one is not None)


def counts(api: PingOneApi, user_ids: Sequence[str]) -> Mapping[str, int | None]:
    """How many each of these users has, one call each: no list tells it."""

    def count(user_id: str) -> int | None:
        try:
            return len(passkeys(api, user_id))
        except DirectoryError:
            return None

    ids = list(dict.fromkeys(user_ids))
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return dict(zip(ids, threads.map(count, ids), strict=True))


def discard(api: PingOneApi, user_id: str, device_id: Any) -> None:
    """Delete a device that still waits to be activated; one that was activated is a key."""
    if not isinstance(device_id, str):
        return
    with suppress(NotFound):
        if documents.pending(api.device(user_id, device_id)):
            api.delete_device(user_id, device_id)


def clear(api: PingOneApi, user_id: str, now: datetime) -> None:
    """Delete what somebody began long ago and can finish no more: whoever began it may have died
    before they noted what it was. A few at a time, and as well as can be: nothing depends on it.
    """
    with suppress(DirectoryError):
        left = [one for one in api.devices(user_id) if _is_left(one, now - DEAD)]
        for device in left[:CLEARED]:
            api.delete_device(user_id, documents.text(device, "id"))


def _is_left(device: Item, before: datetime) -> bool:
    begun = documents.moment(device, "createdAt")
    is_key = device.get("type") == documents.FIDO2 and documents.pending(device)
    return is_key and begun is not None and begun < before and bool(documents.text(device, "id"))


def rename(api: PingOneApi, user_id: str, passkey: RemotePasskey, name: str) -> RemotePasskey:
    """Give a key another nickname and read it back. A policy may show one name for all keys.

    Raises:
        NotFound: when the key is not there.
        Refused: when it kept its name.
    """
    api.name_device(user_id, passkey.remote_id, cut(name))
    found = documents.passkey(api.device(user_id, passkey.remote_id))
    if found is None or found.name != cut(name):
        raise Refused("PingOne kept the name that the key had.", code="pingone.name_kept")
    return found


def cut(name: str) -> str:
    """As much of a name as a nickname holds (section 3.3)."""
    return name[:LONGEST_NICKNAME].rstrip()


def remove(api: PingOneApi, user_id: str, device_id: str) -> None:
    """Remove a device and read back that it is gone. Fine if it was gone already."""
    with suppress(NotFound):
        api.delete_device(user_id, device_id)
    try:
        api.device(user_id, device_id)
    except NotFound:
        return
    raise Refused(
        "PingOne kept the key. It can be removed there: Directory, Users, the user, Services, "
        "Authentication.",
        code="pingone.not_removed",
    )
