"""What an operator does in a directory for the person to whom a record is linked.

Only for records that are linked: whose a record is, somebody has said here, and nobody acts for
whoever may do more than they do.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from directories.base import DirectoryError, Transient
from models import Directory, Identity, Person
from services import audit
from services.directories import identities
from services.directories.linking import not_linked
from services.portal import Portal
from services.refusal import Refusal
from services.roles import holds_more


def obstacle(session: Session, identity: Identity, *, actor: Person) -> Refusal | None:
    """Why nothing can be done for the person there as things stand; None when it can."""
    directory, person = identity.directory, identity.person
    if directory.verified_at is None or directory.ended_at is not None:
        return Refusal(
            "directory_not_in_service",
            "This directory is not verified yet. Test the connection first.",
            status=409,
        )
    if person.id != actor.id and holds_more(person, actor):
        return Refusal(
            "person_holds_more",
            f"{person.display_name} may do more than you, so nothing is done for them by you.",
            status=403,
        )
    return None


def demand(portal: Portal, directory: Directory, remote_id: str, *, actor: Person) -> Identity:
    """The link of a record, when the actor may act for its person.

    Raises:
        Refusal: `identity_not_linked`, or as `obstacle`.
    """
    with portal.database.read() as session:
        identity = identities.by_remote_id(session, directory, remote_id)
        if identity is None:
            raise not_linked(directory)
        refused = obstacle(session, identity, actor=actor)
    if refused is not None:
        raise refused
    return identity


def note(
    portal: Portal,
    tag: audit.Tag,
    identity: Identity,
    *,
    actor: Person,
    error: DirectoryError | None = None,
    **detail: Any,
) -> None:
    """Write down what was done there; or that nobody knows, where the answer was lost.

    Args:
        error: how the call failed. What the directory refused was not done, and is not noted.
    """
    if error is not None and not isinstance(error, Transient):
        return
    told: dict[str, Any] = {"outcome": "done"}
    if error is not None:
        told = {"outcome": "not known", "code": error.code}
    with portal.database.write() as session:
        audit.record(
            session,
            tag,
            now=portal.now(),
            actor=actor,
            person=identity.person,
            directory=identity.directory,
            remote_id=identity.remote_id,
            **told,
            **detail,
        )
