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
from services.directories.records import DESTINATIONS, KEEP, SEALED_FOR, add, draft, edit
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
    actor: Person | None,
    finish: bool = False,
) -> Directory:
    """Verify the connection and store it.

    Args:
        attempt: the draft's id; when it is there already, it is changed.
        settings: what was typed, in the connector's own shape; what later steps chose is kept.
        secret: the key as typed; None keeps the one of the draft, for the same address only.
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
    if keeps and any(settings.get(place) != before.get(place) for place in DESTINATIONS[type]):
        sentence = "The address changed: a stored key is never sent to a new address."
        raise FieldProblems({"secret": f"{sentence} Enter the key again."})
    used = _opened(portal, kept) if keeps else secret
    check_fields(portal, type, settings, used)
    connection = registry.build(
        type.value,
        settings,
        used,
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
    portal: Portal, type: DirectoryType, settings: Mapping[str, Any], secret: str | None
) -> None:
    """Judge a connection by what can be told without asking the directory.

    Raises:
        FieldProblems: with a sentence for each field.
    """
    problems = registry.problems(
        type.value,
        settings,
        secret,
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
    actor: Person | None,
) -> bool:
    """Change a connection that was added; calls nobody.

    Args:
        settings: what changes in them; the rest stays.
        secret: a new one, or None to keep what is stored.

    Raises:
        FieldProblems: nothing was changed.
        Refusal: `directory_name_taken`; `directory_secret_needed` for another destination.

    Returns:
        Whether it has to be tested anew.
    """
    changed = read(directory.type, {**directory.settings, **settings})
    if secret is not None or changed != directory.settings:
        used = _opened(portal, directory.sealed_secret) if secret is None else secret
        check_fields(portal, directory.type, changed, used)
    edit(
        session,
        portal.sealer,
        directory,
        name=name,
        settings=changed,
        secret=KEEP if secret is None else secret,
        actor=actor,
        now=portal.now(),
    )
    return directory.tested_at is None


def _opened(portal: Portal, sealed: bytes | None) -> str | None:
    """The stored key; None, as if there were none, where it does not open any more."""
    try:
        return None if sealed is None else portal.sealer.open(SEALED_FOR, sealed)
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
