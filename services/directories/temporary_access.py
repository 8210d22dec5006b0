"""A passcode for one sign-in at a directory, for somebody who registers their key there themselves.

It is handed to the page that shows it, and is kept, logged and written down nowhere.
"""

from __future__ import annotations

import uuid

from directories.base import DirectoryError, RemoteIdentity, TemporaryPass
from models import Identity, Person
from services import audit
from services.directories import on_behalf
from services.directories.connecting import connector
from services.portal import Portal

LIFETIMES = (10, 60, 480, 1440)
"""Minutes that are offered: Entra takes 10 to 43,200, and a tenant's policy fewer (an hour to
eight, where nobody changed it)."""


def subject(identity: Identity) -> str:
    """What a ceremony that confirms it is about (`models.Challenge.subject`)."""
    return f"pass:{uuid.uuid5(identity.directory.uuid, identity.remote_id)}"


def make(portal: Portal, identity: Identity, *, minutes: int, actor: Person) -> TemporaryPass:
    """Make a pass that opens one sign-in. One that the person has is replaced.

    Raises:
        Refusal: as `on_behalf.demand`.
        DirectoryError: when none is made, or nobody knows.
    """
    directory = identity.directory
    on_behalf.demand(portal, directory, identity.remote_id, actor=actor)
    made: TemporaryPass | None = None
    failed: DirectoryError | None = None
    try:
        made = connector(portal, directory).temporary_pass(
            RemoteIdentity(identity.remote_id, identity.remote_id), minutes=minutes
        )
    except DirectoryError as error:
        failed = error
    on_behalf.note(
        portal, audit.Tag.IDENTITY_PASS_MADE, identity, actor=actor, error=failed, minutes=minutes
    )
    if made is None:
        raise failed or RuntimeError("a connector gave neither a pass nor an error")
    return made
