"""The record of a connection: begun, edited, added, discarded. Nothing here calls a directory."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Directory, DirectoryType, Person
from services import audit
from services.portal import Portal
from services.refusal import Refusal
from services.sealing import Sealer

SEALED_FOR = "directory"
"""The use that a directory's secret is sealed for."""
SEALED_CLIENT_FOR = "directory-client"
"""The use that the secret of its OAuth2 client is sealed for."""

DESTINATIONS: Mapping[DirectoryType, tuple[str, ...]] = {
    DirectoryType.ORY: ("endpoint", "admin_endpoint", "token_url"),
    DirectoryType.ENTRA: ("tenant_id", "login_url", "graph_url"),
    DirectoryType.PINGONE: (
        "environment_id",
        "token_environment_id",
        "region",
        "custom_domain",
        "auth_url",
        "api_url",
    ),
}
"""The settings that say where a secret is sent to."""


def moves(type: DirectoryType, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether other settings would send a secret to another place. Absent is as good as empty."""
    places = DESTINATIONS.get(type, ())
    return any((before.get(place) or "") != (after.get(place) or "") for place in places)


class _Keep(Enum):
    KEEP = "keep"


KEEP: Final = _Keep.KEEP
"""Stands for the secret that is stored already."""


def draft(
    session: Session,
    sealer: Sealer,
    *,
    type: DirectoryType,
    name: str,
    settings: Mapping[str, Any],
    secret: str | None,
    client_secret: str | None = None,
    actor: Person | None,
    now: datetime,
) -> Directory:
    """Begin a connection, which serves nobody until it is added and verified.

    Args:
        settings: what is not secret, in the connector's own shape.
        secret: the API key or header value; sealed before it is stored.
        client_secret: of its OAuth2 client, sealed on its own; None where it has none.

    Raises:
        Refusal: `directory_name_taken`.
    """
    directory = Directory(
        type=type, name=_free_name(session, name), settings=dict(settings), created_at=now
    )
    _seal(sealer, directory, secret, now=now)
    _seal_client(sealer, directory, client_secret, now=now)
    session.add(directory)
    _flush(session, name)
    audit.record(
        session,
        audit.Tag.DIRECTORY_BEGUN,
        now=now,
        actor=actor,
        directory=directory,
        name=name,
        type=type.value,
    )
    return directory


def edit(
    session: Session,
    sealer: Sealer,
    directory: Directory,
    *,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    secret: str | _Keep | None = KEEP,
    client_secret: str | _Keep | None = KEEP,
    actor: Person | None,
    now: datetime,
) -> None:
    """Change a connection. New settings or a new secret have to be tested again.

    Raises:
        Refusal: `directory_name_taken`; `directory_secret_needed` when the destination changes
            while the stored secret is kept: whoever edits could otherwise send it anywhere; as
            `hold`.
    """
    hold(session, directory)
    changed: dict[str, list[str]] = {}
    if name is not None and name != directory.name:
        changed["name"] = [directory.name, name]
        directory.name = _free_name(session, name, but=directory)
    if settings is not None and dict(settings) != directory.settings:
        moved = moves(directory.type, directory.settings, settings)
        keeps = (secret is KEEP and directory.sealed_secret is not None) or (
            client_secret is KEEP and directory.sealed_client_secret is not None
        )
        if moved and keeps:
            raise Refusal(
                "directory_secret_needed",
                "The address changed. Enter the key again: a stored key is never sent to a new "
                "address.",
            )
        before = directory.settings
        names = sorted(before.keys() | settings.keys())
        changed["settings"] = [key for key in names if before.get(key) != settings.get(key)]
        directory.settings = dict(settings)
    if secret is not KEEP:
        changed["secret"] = []
        _seal(sealer, directory, secret, now=now)
    if client_secret is not KEEP and (client_secret or directory.sealed_client_secret):
        changed["client_secret"] = []
        _seal_client(sealer, directory, client_secret, now=now)
    if not changed:
        return
    if changed.keys() - {"name"}:
        directory.verified_at = directory.tested_at = directory.test_report = None
    _flush(session, directory.name)
    audit.record(
        session,
        audit.Tag.DIRECTORY_EDITED,
        now=now,
        actor=actor,
        directory=directory,
        changed=changed,
    )


def add(session: Session, directory: Directory, *, actor: Person | None, now: datetime) -> None:
    """Add a begun connection to the portal; nothing happens when it was added already."""
    if directory.added_at is not None:
        return
    directory.added_at = now
    audit.record(
        session,
        audit.Tag.DIRECTORY_ADDED,
        now=now,
        actor=actor,
        directory=directory,
        name=directory.name,
        type=directory.type.value,
        serves=directory.serves.value,
    )


def discard(session: Session, directory: Directory, *, actor: Person | None, now: datetime) -> None:
    """Give up a connection that was never added, and forget its secret.

    Raises:
        Refusal: `directory_added` when it was added in the meantime; as `hold`.
    """
    hold(session, directory)
    if directory.added_at is not None:
        raise Refusal(
            "directory_added", "This directory was added and can not be discarded.", status=409
        )
    directory.ended_at = now
    forget_secrets(directory)
    audit.record(session, audit.Tag.DIRECTORY_DISCARDED, now=now, actor=actor, directory=directory)


def forget_secrets(directory: Directory) -> None:
    """Drop what a connection that ends was let in with."""
    directory.sealed_secret = directory.secret_set_at = None
    directory.sealed_client_secret = directory.client_secret_set_at = None


def by_uuid(session: Session, name: uuid.UUID | str) -> Directory:
    """The directory with this UUID, unless it has ended.

    Raises:
        Refusal: `directory_unknown`, also for a text that is no UUID.
    """
    try:
        wanted = name if isinstance(name, uuid.UUID) else uuid.UUID(name)
    except ValueError:
        wanted = None
    found = wanted and session.scalar(
        select(Directory).where(Directory.uuid == wanted, Directory.ended_at.is_(None))
    )
    if not found:
        raise _unknown()
    return found


def hold(session: Session, directory: Directory) -> None:
    """Read the directory as it is now, and keep it so until the transaction ends.

    Whoever changes it, or writes down what a test of it came to, comes one after the other: so
    that neither a secret nor a verdict ends up with settings that it was not meant for.

    Raises:
        Refusal: `directory_unknown` where somebody ended it at this moment.
    """
    session.refresh(directory, with_for_update={"of": Directory})
    if directory.ended_at is not None:
        raise _unknown()


def type_of(portal: Portal, name: uuid.UUID) -> DirectoryType | None:
    """The type of the directory with this UUID, ended or not; None where there is none."""
    with portal.database.read() as session:
        return session.scalar(select(Directory.type).where(Directory.uuid == name))


def is_deleted(portal: Portal, name: uuid.UUID) -> bool:
    """Whether a directory with this UUID was added once and has ended."""
    with portal.database.read() as session:
        ended = Directory.ended_at.is_not(None) & Directory.added_at.is_not(None)
        return session.scalar(select(Directory.id).where(Directory.uuid == name, ended)) is not None


def _unknown() -> Refusal:
    return Refusal("directory_unknown", "There is no such directory.", status=404)


def _seal(sealer: Sealer, directory: Directory, secret: str | None, *, now: datetime) -> None:
    directory.sealed_secret = sealer.seal(SEALED_FOR, secret) if secret else None
    directory.secret_set_at = now if secret else None


def _seal_client(
    sealer: Sealer, directory: Directory, secret: str | None, *, now: datetime
) -> None:
    sealed = sealer.seal(SEALED_CLIENT_FOR, secret) if secret else None
    directory.sealed_client_secret = sealed
    directory.client_secret_set_at = now if secret else None


def _free_name(session: Session, name: str, *, but: Directory | None = None) -> str:
    taken = select(Directory.id).where(Directory.name == name, Directory.ended_at.is_(None))
    if but is not None:
        taken = taken.where(Directory.id != but.id)
    with session.no_autoflush:
        if session.scalar(taken) is not None:
            raise _name_taken(name)
    return name


def _flush(session: Session, name: str) -> None:
    """Write now, so that a name that somebody else took meanwhile is refused as such."""
    try:
        session.flush()
    except IntegrityError:
        raise _name_taken(name) from None


def _name_taken(name: str) -> Refusal:
    return Refusal(
        "directory_name_taken", f"A directory is called “{name}” already. Choose another name."
    )
