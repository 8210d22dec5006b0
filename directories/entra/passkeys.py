"""Passkeys that people have in Entra: how many, which, and taking one out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from directories.base import NotFound, RemotePasskey, Transient
from directories.entra import documents, permissions
from directories.entra.api import BATCH_SIZE, EntraApi
from directories.entra.credentials import GUID

MOST_PAGES = 20
"""A person has a few passkeys, on one page."""


def listed(api: EntraApi, user_id: str) -> tuple[RemotePasskey, ...]:
    """Every passkey of a person."""
    found: dict[str, RemotePasskey] = {}
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = api.fido2_methods(user_id, cursor)
        for entry in page.entries:
            if (one := documents.passkey(entry)) is not None:
                found.setdefault(one.remote_id, one)
        cursor = page.cursor
        if cursor is None:
            break
    return tuple(found.values())


def counts(api: EntraApi, user_ids: Sequence[str]) -> dict[str, int | None]:
    """How many passkeys each person has, 20 people in one call; None where Graph did not say.

    Each is answered, refused and limited by itself, so one that fails spoils no other.
    """
    found: dict[str, int | None] = dict.fromkeys(user_ids)
    asked = [one for one in found if GUID.fullmatch(one)]
    for first in range(0, len(asked), BATCH_SIZE):
        some = asked[first : first + BATCH_SIZE]
        requests = [
            {"method": "GET", "url": f"/users/{one}/authentication/fido2Methods"} for one in some
        ]
        answers = api.batch(requests, permissions.PASSKEYS_READ)
        for one, item in zip(some, answers, strict=True):
            entries = item.body.get("value") if isinstance(item.body, Mapping) else None
            if item.status == 200 and isinstance(entries, list):
                found[one] = len(entries)
    return found


def remove(api: EntraApi, user_id: str, method_id: str) -> None:
    """Remove one passkey and read back that it is gone. Fine if it was gone already.

    Raises:
        Transient: `entra.still_there` while Graph's copies still show it.
    """
    try:
        api.delete_fido2_method(user_id, method_id)
        left = listed(api, user_id)
    except NotFound:
        return  # the passkey is gone, or the person with every passkey
    if any(one.remote_id == method_id for one in left):
        raise Transient(
            "Entra took the removal and still shows the passkey.",
            code="entra.still_there",
            request_id=api.request_id,
        )
