"""Looking at the people and groups of a directory, by its own means and one page at a time.

Every function here calls the directory, so none may be called inside a transaction. Nothing that a
directory says is kept.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from directories.base import Capabilities, Group, Page, PersonRecord, RemoteIdentity
from models import Directory
from services.directories.connecting import connector
from services.portal import Portal
from services.refusal import Refusal
from services.sealing import SealBroken

LONGEST_HANDLE = 6000
"""A longer address is cut or refused somewhere on its way."""
NOBODY = PersonRecord(uuid.UUID(int=0), "", "", "", "", "")
"""Stands for no person of ours, so that a record is found by the directory's own id or not at all.
"""
_SEALED_FOR = "directory_handle"
_REMOTE_ID = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,255}")
"""Printable, and no step in a path."""


@dataclass(frozen=True)
class Search:
    """Which people of a directory are looked at."""

    text: str = ""
    """Part of a name or address; empty for everyone."""
    group: Group | None = None
    """Only its members."""
    assigned: bool = False
    """Only those assigned to the connection's own application."""

    @property
    def narrowed(self) -> bool:
        """Whether it leaves anybody out."""
        return bool(self.text or self.group or self.assigned)

    def key(self) -> list[Any]:
        """What a cursor of this search belongs to."""
        return [self.text, self.group.remote_id if self.group else None, self.assigned]


def capabilities(portal: Portal, directory: Directory) -> Capabilities:
    """What the directory can do. Calls nobody.

    Raises:
        Misconfigured: as `connecting.connector`.
    """
    return connector(portal, directory).capabilities


def people(
    portal: Portal, directory: Directory, search: Search, cursor: str | None
) -> Page[RemoteIdentity]:
    """One page of the people that a search finds.

    Args:
        cursor: the directory's own, from the page before.

    Raises:
        DirectoryError: when they cannot be read.
    """
    return connector(portal, directory).people(
        search.text,
        cursor,
        group=search.group.remote_id if search.group else None,
        assigned=search.assigned,
    )


def groups(portal: Portal, directory: Directory, text: str, cursor: str | None) -> Page[Group]:
    """One page of the directory's groups whose names hold a text.

    Raises:
        DirectoryError: when they cannot be read.
    """
    return connector(portal, directory).groups(text, cursor)


def find(portal: Portal, directory: Directory, remote_id: str) -> RemoteIdentity:
    """One record by the directory's own id, as it is there at this moment.

    Raises:
        Refusal: `identity_unknown`.
        DirectoryError: when it cannot be read.
    """
    found = None
    if _REMOTE_ID.fullmatch(remote_id):
        found = connector(portal, directory).find_identity(NOBODY, remote_id)
    # A connector may look a record up by more than its id; here only the id counts.
    if found is None or found.remote_id != remote_id:
        raise unknown(directory)
    return found


def unknown(directory: Directory) -> Refusal:
    """Why nothing can be done with a record that is not there."""
    return Refusal(
        "identity_unknown", f"{directory.name} has no such record, or no longer.", status=404
    )


def passkey_counts(
    portal: Portal, directory: Directory, remote_ids: Sequence[str]
) -> Mapping[str, int | None]:
    """How many passkeys each of these records has there; None where it cannot be told.

    Raises:
        DirectoryError: when nothing can be read.
    """
    return connector(portal, directory).passkey_counts(remote_ids)


def seal(portal: Portal, directory: Directory, kind: str, value: Any) -> str | None:
    """A value as an address or a form of this directory's pages may carry it.

    A cursor or an id that comes back through a browser is what we gave out, for this directory and
    for this use; nobody else's text ever reaches a connector as one.

    Args:
        kind: what it is used for, as `cursor`.
        value: JSON.

    Returns:
        None where the text would be too long for an address.
    """
    written = json.dumps([directory.uuid.hex, kind, value], separators=(",", ":"))
    sealed = portal.sealer.seal(_SEALED_FOR, written).decode()
    return sealed if len(sealed) <= LONGEST_HANDLE else None


def opened(portal: Portal, directory: Directory, kind: str, sealed: str) -> Any:
    """What `seal` sealed for the same directory and use; None for any other text."""
    try:
        text = portal.sealer.open(_SEALED_FOR, sealed.encode())
    except (SealBroken, UnicodeEncodeError):
        return None
    owner, use, value = json.loads(text)
    return value if (owner, use) == (directory.uuid.hex, kind) else None
