"""What comes after connecting Ory: choose the identity schema, map, add (`steps` connects)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from directories.base import InvalidSettings
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
from directories.ory.schema import names_in
from models import Directory, Person
from services.directories.connecting import connector
from services.directories.records import add, edit
from services.portal import Portal

LEAVES: Mapping[str, frozenset[str]] = {
    "email": frozenset({"email", "emailaddress", "mail", "username"}),
    "given_name": frozenset({"first", "firstname", "given", "givenname", "forename"}),
    "family_name": frozenset({"last", "lastname", "family", "familyname", "surname"}),
    "display_name": frozenset({"display", "displayname", "fullname", "name"}),
}
"""What schemas call the things that we know of a person, most telling word aside from case."""


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
