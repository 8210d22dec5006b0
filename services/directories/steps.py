"""Connecting a directory of any type: verified first, then kept under the attempt's id.

Every call to the directory is made outside any transaction. A connection that is begun is a draft,
named by an id that its page made up (`attempt`): sent twice, or again after going back, it stays
one draft. A type without further steps is added at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directories import registry
from directories.base import ConnectionReport, InvalidSettings
from models import Directory, DirectoryType, Person
from services.directories.records import (
    KEEP,
    SEALED_CLIENT_FOR,
    SEALED_FOR,
    add,
    draft,
    edit,
    moves,
)
from services.directories.testing import record_test
from services.portal import Portal
from services.refusal import Refusal
from services.sealing import SealBroken


class FieldProblems(Exception):
    """What was typed does not make a connection: a sentence for each field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class NotConnected(Exception):
    """The directory was asked, and a check that it cannot do without has failed."""

    def __init__(self, report: ConnectionReport) -> None:
        super().__init__(report.sentence)
        self.report = report


def begun(session: Session, attempt: uuid.UUID) -> Directory | None:
    """The connection that this attempt made, added or not; None before, and once discarded."""
    return session.scalar(
        select(Directory).where(Directory.uuid == attempt, Directory.ended_at.is_(None))
    )


def connect(
    portal: Portal,
    attempt: uuid.UUID,
    *,
    type: DirectoryType,
    name: str,
    settings: Mapping[str, Any],
    secret: str | None,
    client_secret: str | None = None,
    actor: Person | None,
    finish: bool = False,
) -> Directory:
    """Verify the connection and store it.

    Args:
        attempt: the draft's id; when it is there already, it is changed.
        settings: what was typed, in the connector's own shape; what later steps chose is kept.
        secret: the key as typed; None keeps the one of the draft, for the same address only.
        client_secret: of its OAuth2 client as typed; None keeps the one of the draft likewise,
            for the same client.
        finish: also add it, with the report: its type has no further step.

    Raises:
        FieldProblems: nothing was sent.
        NotConnected: with the checks; nothing was stored.
        Refusal: `directory_name_taken`, `directory_added`, `directory_secret_needed`;
            `directory_changed` when the same attempt was sent twice at this moment.
    """
    with portal.database.read() as session:
        known = _draft(session, attempt, type)
    before = known.settings if known else {}
    kept = known.sealed_secret if known else None
    settings = read(type, {**before, **settings})
    keeps = secret is None and kept is not None
    kept_client = known.sealed_client_secret if known else None
    keeps_client = client_secret is None and _same_client(kept_client, before, settings)
    if moves(type, before, settings):
        sentence = "The address changed: a stored key is never sent to a new address."
        stale = {"secret": keeps, "client_secret": keeps_client}
        if again := [name for name, kept_one in stale.items() if kept_one]:
            raise FieldProblems(dict.fromkeys(again, f"{sentence} Enter it again."))
    used = _opened(portal, SEALED_FOR, kept) if keeps else secret
    used_client = client_secret
    if keeps_client:
        used_client = _opened(portal, SEALED_CLIENT_FOR, kept_client)
    check_fields(portal, type, settings, used, used_client)
    connection = registry.build(
        type.value,
        settings,
        used,
        client_secret=used_client,
        private_destinations=portal.settings.private_destinations,
    )
    report = connection.test(
        rp_id=portal.settings.rp_id, origins=portal.settings.origins, probe=False
    )
    if not registry.connects(type.value, report):
        raise NotConnected(report)
    with portal.database.write() as session:
        now = portal.now()
        directory = _draft(session, attempt, type)
        if directory is None:
            directory = draft(
                session,
                portal.sealer,
                type=type,
                name=name,
                settings=settings,
                secret=secret,
                client_secret=client_secret,
                actor=actor,
                now=now,
            )
            if session.scalar(select(Directory.id).where(Directory.uuid == attempt)) is None:
                directory.uuid = attempt
                _flush_attempt(session)
        else:
            edit(
                session,
                portal.sealer,
                directory,
                name=name,
                settings=settings,
                secret=KEEP if keeps else secret,
                client_secret=KEEP if keeps_client else client_secret,
                actor=actor,
                now=now,
            )
        if finish:
            add(session, directory, actor=actor, now=now)
            record_test(session, directory, report, actor=actor, now=now)
        return directory


def read(type: DirectoryType, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as typed, in the form in which they are stored.

    Raises:
        FieldProblems: when they do not hold together.
    """
    try:
        return registry.normal(type.value, settings)
    except InvalidSettings as error:
        raise FieldProblems(error.problems) from None


def check_fields(
    portal: Portal,
    type: DirectoryType,
    settings: Mapping[str, Any],
    secret: str | None,
    client_secret: str | None = None,
) -> None:
    """Judge a connection by what can be told without asking the directory.

    Raises:
        FieldProblems: with a sentence for each field.
    """
    problems = registry.problems(
        type.value,
        settings,
        secret,
        client_secret=client_secret,
        private_destinations=portal.settings.private_destinations,
    )
    if problems:
        raise FieldProblems(problems)


def change(
    portal: Portal,
    session: Session,
    directory: Directory,
    *,
    name: str,
    settings: Mapping[str, Any],
    secret: str | None,
    client_secret: str | None = None,
    actor: Person | None,
) -> bool:
    """Change a connection that was added; calls nobody.

    Args:
        settings: what changes in them; the rest stays.
        secret: a new one, or None to keep what is stored.
        client_secret: a new one of the OAuth2 client, or None to keep what is stored for the same
            client; without a client its secret is forgotten.

    Raises:
        FieldProblems: nothing was changed.
        Refusal: `directory_name_taken`; `directory_secret_needed` for another destination.

    Returns:
        Whether it has to be tested anew.
    """
    before = read(directory.type, directory.settings)
    changed = read(directory.type, {**before, **settings})
    sealed = directory.sealed_client_secret
    keeps_client = client_secret is None and _same_client(sealed, before, changed)
    if secret is not None or client_secret is not None or changed != before:
        used = _opened(portal, SEALED_FOR, directory.sealed_secret) if secret is None else secret
        if keeps_client:
            client_secret = _opened(portal, SEALED_CLIENT_FOR, sealed)
        check_fields(portal, directory.type, changed, used, client_secret)
    edit(
        session,
        portal.sealer,
        directory,
        name=name,
        settings=None if changed == before else changed,
        secret=KEEP if secret is None else secret,
        client_secret=KEEP if keeps_client else client_secret,
        actor=actor,
        now=portal.now(),
    )
    return directory.tested_at is None


def _same_client(sealed: bytes | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the stored secret of an OAuth2 client is still that of the client there is."""
    return (
        sealed is not None
        and bool(after.get("client_id"))
        and after.get("client_id") == before.get("client_id")
    )


def _opened(portal: Portal, use: str, sealed: bytes | None) -> str | None:
    """A stored key; None, as if there were none, where it does not open any more."""
    try:
        return None if sealed is None else portal.sealer.open(use, sealed)
    except SealBroken:
        return None


def _draft(session: Session, attempt: uuid.UUID, type: DirectoryType) -> Directory | None:
    found = begun(session, attempt)
    if found is not None and (found.added_at is not None or found.type is not type):
        raise Refusal("directory_added", "This connection was added already.", status=409)
    return found


def _flush_attempt(session: Session) -> None:
    """Write the attempt's id now, so that the later of two that race is refused as such."""
    try:
        session.flush()
    except IntegrityError:
        raise Refusal(
            "directory_changed",
            "This connection was sent twice at the same moment. Open it again from the list.",
            status=409,
        ) from None
