"""Ending a person's sign-ins in a directory, as after a key was lost.

A passkey that is removed opens nothing new; what it opened before goes on until its sign-ins end.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from directories.base import DirectoryError, RemoteIdentity
from models import Directory, Identity, Person
from services import audit
from services.directories import browsing, identities, on_behalf
from services.directories.connecting import connector
from services.portal import Portal
from services.refusal import Refusal


@dataclass(frozen=True)
class SignedOut:
    """What became of one request to sign a person out."""

    directory: Directory
    problem: str = ""
    """Why they were not signed out there; empty where they were."""
    said: str = ""
    """The directory's own words of it."""
    request_id: str = ""


def subject(identity: Identity) -> str:
    """What a ceremony that confirms it is about (`models.Challenge.subject`)."""
    return f"signout:{uuid.uuid5(identity.directory.uuid, identity.remote_id)}"


def can(portal: Portal, directory: Directory) -> bool:
    """Whether sign-ins there can be ended. Calls nobody."""
    try:
        return browsing.capabilities(portal, directory).revokes_sessions
    except DirectoryError:
        return False


def offered(portal: Portal, session: Session, person: Person) -> list[Identity]:
    """The person's records in the directories where their sign-ins can be ended."""
    return [
        one
        for one in identities.of_person(session, person)
        if one.directory.verified_at is not None and can(portal, one.directory)
    ]


def end(portal: Portal, identity: Identity, *, actor: Person) -> None:
    """End every sign-in of the person in one directory. It takes minutes to be felt everywhere.

    Raises:
        Refusal: as `on_behalf.obstacle`.
        DirectoryError: when it is not done, or nobody knows.
    """
    directory = identity.directory
    on_behalf.demand(portal, directory, identity.remote_id, actor=actor)
    connection = connector(portal, directory)
    remote = connection.find_identity(browsing.NOBODY, identity.remote_id)
    failed: DirectoryError | None = None
    try:
        connection.revoke_sessions(remote or RemoteIdentity(identity.remote_id, identity.remote_id))
    except DirectoryError as error:
        failed = error
    on_behalf.note(portal, audit.Tag.IDENTITY_SIGNED_OUT, identity, actor=actor, error=failed)
    if failed is not None:
        raise failed


def end_chosen(
    portal: Portal, records: Sequence[Identity], chosen: Sequence[str], *, actor: Person
) -> list[SignedOut]:
    """End the sign-ins in those of the directories that were chosen, one after the other.

    Args:
        records: from `offered`.
        chosen: the UUIDs of directories, as a form sends them.
    """
    found = []
    for one in records:
        if str(one.directory.uuid) not in chosen:
            continue
        try:
            end(portal, one, actor=actor)
        except Refusal as refusal:
            found.append(SignedOut(one.directory, refusal.sentence))
        except DirectoryError as error:
            found.append(SignedOut(one.directory, error.reason, error.said, error.request_id))
        else:
            found.append(SignedOut(one.directory))
    return found
