"""Connecting Ory, step by step: connect, choose the identity schema, map, add.

Every call to Ory is made outside any transaction. A connection that is begun is a draft, named by
an id that its page made up (`attempt`): sent twice, or again after going back, it stays one draft.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directories import registry
from directories.base import CheckState, ConnectionReport, InvalidSettings
from directories.ory import (
    IdentitySchema,
    MappingProblem,
    OryConnector,
    OrySettings,
    Trait,
    TraitMapping,
    WalkedSchema,
    check_mapping,
)
from directories.ory.checks import NEEDED
from directories.ory.schema import names_in
from models import Directory, DirectoryType, Person
from services.directories.connecting import connector
from services.directories.records import DESTINATIONS, KEEP, SEALED_FOR, add, draft, edit
from services.portal import Portal
from services.refusal import Refusal

LEAVES: Mapping[str, frozenset[str]] = {
    "email": frozenset({"email", "emailaddress", "mail", "username"}),
    "given_name": frozenset({"first", "firstname", "given", "givenname", "forename"}),
    "family_name": frozenset({"last", "lastname", "family", "familyname", "surname"}),
    "display_name": frozenset({"display", "displayname", "fullname", "name"}),
}
"""What schemas call the things that we know of a person, most telling word aside from case."""


class FieldProblems(Exception):
    """What was typed does not make a connection: a sentence for each field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class NotConnected(Exception):
    """The directory was asked, and a check that deliveries need has failed."""

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
    name: str,
    settings: Mapping[str, Any],
    secret: str | None,
    actor: Person | None,
) -> Directory:
    """Verify the connection and store it as a draft.

    Args:
        attempt: the draft's id; when it is there already, it is changed.
        settings: what was typed, in the shape of `OrySettings`; the schema and mapping that were
            chosen already are kept.
        secret: the key as typed; None keeps the one of the draft, for the same address only.

    Raises:
        FieldProblems: nothing was sent.
        NotConnected: with the checks.
        Refusal: `directory_name_taken`, `directory_added`, `directory_secret_needed`;
            `directory_changed` when the same attempt was sent twice at this moment.
    """
    with portal.database.read() as session:
        known = _draft(session, attempt)
    before = known.settings if known else {}
    kept = known.sealed_secret if known else None
    settings = _read({**before, **settings}).to_mapping()
    keeps = secret is None and kept is not None
    if keeps:
        places = DESTINATIONS[DirectoryType.ORY]
        if any(settings.get(place) != before.get(place) for place in places):
            sentence = "The address changed: a stored key is never sent to a new address."
            raise FieldProblems({"secret": f"{sentence} Enter the key again."})
    used = portal.sealer.open(SEALED_FOR, kept) if keeps and kept else secret
    _check_fields(portal, settings, used)
    connection = registry.build(
        DirectoryType.ORY.value,
        settings,
        used,
        private_destinations=portal.settings.private_destinations,
    )
    report = connection.test(
        rp_id=portal.settings.rp_id, origins=portal.settings.origins, probe=False
    )
    if any(
        check.code in NEEDED and check.state is CheckState.FAILED
        for check in report.checks
        # A draft's earlier choices are looked at in their own steps.
        if check.code not in ("ory.schema", "ory.mapping")
    ):
        raise NotConnected(report)
    with portal.database.write() as session:
        directory = _draft(session, attempt)
        if directory is None:
            directory = draft(
                session,
                portal.sealer,
                type=DirectoryType.ORY,
                name=name,
                settings=settings,
                secret=secret,
                actor=actor,
                now=portal.now(),
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
                now=portal.now(),
            )
        return directory


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


def schemas(portal: Portal, directory: Directory) -> tuple[IdentitySchema, ...]:
    """The identity schemas there are at this moment.

    Raises:
        DirectoryError: when they cannot be read.
    """
    connection = connector(portal, directory)
    if not isinstance(connection, OryConnector):
        raise TypeError(directory.type)
    return connection.identity_schemas()


def choose_schema(
    session: Session,
    portal: Portal,
    directory: Directory,
    schema_id: str,
    *,
    actor: Person | None,
) -> None:
    """Choose the identity schema. A mapping made for another one is forgotten."""
    if directory.settings.get("schema_id") == schema_id:
        return
    settings = {**directory.settings, "schema_id": schema_id, "mapping": {}}
    edit(session, portal.sealer, directory, settings=settings, actor=actor, now=portal.now())


def save_mapping(
    session: Session,
    portal: Portal,
    directory: Directory,
    mapping: TraitMapping,
    *,
    actor: Person | None,
) -> None:
    """Keep a mapping that fits, and add the directory where it is not added yet."""
    settings = _with_mapping(directory, mapping).to_mapping()
    now = portal.now()
    edit(session, portal.sealer, directory, settings=settings, actor=actor, now=now)
    add(session, directory, actor=actor, now=now)


def mapping_problems(
    directory: Directory, walked: WalkedSchema, mapping: TraitMapping
) -> tuple[MappingProblem, ...]:
    """Everything that is wrong with a mapping, its format included."""
    try:
        OrySettings.from_mapping(_with_mapping(directory, mapping).to_mapping())
    except InvalidSettings as error:
        return tuple(MappingProblem(name, said) for name, said in error.problems.items())
    return check_mapping(walked, mapping)


def suggest(walked: WalkedSchema) -> TraitMapping:
    """Where things most likely go, for the administrator to correct."""
    texts = [trait for trait in walked.traits if trait.takes_text and not trait.enum]
    found: dict[str, str] = {}
    for field in LEAVES:
        fitting = [trait for trait in texts if _fits(trait, field)]
        if field == "email":
            # What Ory looks people up by comes first; an address is unlikely to be named otherwise.
            fitting.sort(key=lambda trait: not trait.identifier)
            fitting += [trait for trait in texts if trait.identifier]
        free = [trait.path for trait in fitting if trait.path not in found.values()]
        if free:
            found[field] = free[0]
    return TraitMapping(
        email=found.get("email", ""),
        given_name=found.get("given_name", ""),
        family_name=found.get("family_name", ""),
        display_name=found.get("display_name", ""),
    )


def _fits(trait: Trait, field: str) -> bool:
    leaf = re.sub(r"[^a-z]", "", names_in(trait.path)[-1].lower())
    return leaf in LEAVES[field]


def _with_mapping(directory: Directory, mapping: TraitMapping) -> OrySettings:
    return replace(OrySettings.from_mapping(directory.settings), mapping=mapping)


def _read(settings: Mapping[str, Any]) -> OrySettings:
    try:
        return OrySettings.from_mapping(settings)
    except InvalidSettings as error:
        raise FieldProblems(error.problems) from None


def _draft(session: Session, attempt: uuid.UUID) -> Directory | None:
    found = begun(session, attempt)
    if found is not None and found.added_at is not None:
        raise Refusal("directory_added", "This connection was added already.", status=409)
    return found


def _check_fields(portal: Portal, settings: Mapping[str, Any], secret: str | None) -> None:
    problems = registry.problems(
        DirectoryType.ORY.value,
        settings,
        secret,
        private_destinations=portal.settings.private_destinations,
    )
    if problems:
        raise FieldProblems(problems)
