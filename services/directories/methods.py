"""What a record signs in with in its directory: passkeys, matched to ours, and everything else.

Every function here but `subject` calls the directory, so none may be called inside a transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from directories.base import DirectoryError, RemoteIdentity, RemoteMethod, RemotePasskey
from models import Directory, Identity, Passkey, Person, Placement
from services import audit
from services.directories import browsing, on_behalf
from services.directories.connecting import connector
from services.portal import Portal
from services.refusal import Refusal


@dataclass(frozen=True)
class KeyThere:
    """A passkey that the directory has, and which of ours it is."""

    remote: RemotePasskey
    ours: Passkey | None
    """None where it was not made here, or nobody can tell."""


@dataclass(frozen=True)
class Methods:
    """Everything that a record signs in with, as far as it can be read."""

    remote: RemoteIdentity
    passkeys: tuple[KeyThere, ...] | None
    others: tuple[RemoteMethod, ...] | None
    no_passkeys: DirectoryError | None = None
    """Why the passkeys are not known."""
    no_others: DirectoryError | None = None
    """Why the rest is not known."""


def look(portal: Portal, directory: Directory, remote_id: str) -> Methods:
    """Read everything that a record signs in with.

    Raises:
        Refusal: `identity_unknown`.
        DirectoryError: when the record itself cannot be read.
    """
    remote = browsing.find(portal, directory, remote_id)
    connection = connector(portal, directory)
    passkeys: tuple[KeyThere, ...] | None = None
    others: tuple[RemoteMethod, ...] | None = None
    no_passkeys = no_others = None
    try:
        listed = connection.list_passkeys(remote)
    except DirectoryError as error:
        no_passkeys = error
    else:
        with portal.database.read() as session:
            passkeys = matched(session, directory, listed)
    try:
        others = connection.methods(remote)
    except DirectoryError as error:
        no_others = error
    return Methods(remote, passkeys, others, no_passkeys, no_others)


def matched(
    session: Session, directory: Directory, listed: Sequence[RemotePasskey]
) -> tuple[KeyThere, ...]:
    """Each passkey with the one of ours that it is.

    By the credential id, or what that may be; else by the directory's own id, which is kept when it
    confirms a passkey: some never tell credential ids.
    """
    ids = {one.credential_id for one in listed if one.credential_id is not None}
    ids |= {each for one in listed for each in one.candidates}
    placed = (
        Placement.directory_id == directory.id,
        Placement.remote_id.in_([one.remote_id for one in listed]),
    )
    rows = session.execute(
        select(Passkey, Placement.remote_id)
        .outerjoin(
            Placement,
            (Placement.passkey_id == Passkey.id) & (Placement.directory_id == directory.id),
        )
        .where(or_(Passkey.credential_id.in_(ids), placed[0] & placed[1]))
        .order_by(Passkey.id)
    ).all()

    def ours(one: RemotePasskey) -> Passkey | None:
        for passkey, _ in rows:
            if one.is_credential(passkey.credential_id):
                return passkey
        if one.credential_id is not None:
            return None
        return next((passkey for passkey, name in rows if name == one.remote_id), None)

    return tuple(KeyThere(one, ours(one)) for one in listed)


def find(portal: Portal, directory: Directory, remote_id: str, passkey_id: str) -> KeyThere:
    """One passkey of a record, as it is there at this moment.

    Raises:
        Refusal: `identity_unknown`, `key_gone`.
        DirectoryError: when it cannot be read.
    """
    remote = browsing.find(portal, directory, remote_id)
    listed = connector(portal, directory).list_passkeys(remote)
    with portal.database.read() as session:
        for one in matched(session, directory, listed):
            if one.remote.remote_id == passkey_id:
                return one
    raise Refusal("key_gone", f"{directory.name} has no such passkey any more.", status=404)


def obstacle(key: KeyThere) -> Refusal | None:
    """Why a passkey is not removed by itself; None when it can be."""
    if key.ours is None or key.ours.ended_at is not None:
        return None
    return Refusal(
        "key_ours",
        f"This is {key.ours.nickname} of {key.ours.person.display_name}, which is known here. End "
        "it here: that removes it from every directory.",
        status=409,
    )


def subject(directory: Directory, remote_id: str, passkey_id: str) -> str:
    """What a ceremony that confirms the removal is about (`models.Challenge.subject`)."""
    return f"takeout:{uuid.uuid5(directory.uuid, f'{remote_id} {passkey_id}')}"


def remove(
    portal: Portal, directory: Directory, identity: Identity, key: KeyThere, *, actor: Person
) -> None:
    """Remove a passkey that is none of ours from a record.

    Raises:
        Refusal: `key_ours`.
        DirectoryError: when it is not removed, or nobody knows.
    """
    if (refused := obstacle(key)) is not None:
        raise refused
    remote = RemoteIdentity(identity.remote_id, identity.remote_id)
    failed: DirectoryError | None = None
    try:
        connector(portal, directory).remove_passkey(remote, key.remote)
    except DirectoryError as error:
        failed = error
    on_behalf.note(
        portal,
        audit.Tag.IDENTITY_KEY_REMOVED,
        identity,
        actor=actor,
        error=failed,
        name=key.remote.name,
        key=key.remote.remote_id,
    )
    if failed is not None:
        raise failed
