"""Privileges, the built-in roles that hold them, and who holds which."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Person, RoleGrant


class Privilege(StrEnum):
    """One thing that someone may do."""

    VIEW_OVERVIEW = "overview.view"
    VIEW_PEOPLE = "people.view"
    ADD_PEOPLE = "people.add"
    MAKE_LINKS = "people.links"
    VIEW_PASSKEYS = "passkeys.view"
    END_PASSKEYS = "passkeys.end"
    VIEW_DIRECTORIES = "directories.view"
    CREATE_DIRECTORIES = "directories.create"
    EDIT_DIRECTORIES = "directories.edit"
    DELETE_DIRECTORIES = "directories.delete"
    TEST_DIRECTORIES = "directories.test"
    LINK_IDENTITIES = "identities.link"
    VIEW_DELIVERIES = "deliveries.view"
    RETRY_DELIVERIES = "deliveries.retry"
    VIEW_POLICIES = "policies.view"
    EDIT_POLICIES = "policies.edit"
    VIEW_MODELS = "models.view"
    VIEW_AUDIT = "audit.view"


ADMINISTRATOR = "administrator"

ROLES: dict[str, frozenset[Privilege]] = {ADMINISTRATOR: frozenset(Privilege)}
"""The built-in roles. Somebody without a role may still see and use their own passkeys."""


def privileges(person: Person) -> frozenset[Privilege]:
    """Everything the person may do: the privileges of their roles, added up."""
    held: frozenset[Privilege] = frozenset()
    for grant in person.roles:
        held |= ROLES.get(grant.role, frozenset())
    return held


def holds_more(person: Person, actor: Person) -> bool:
    """Whether the person may do anything that the actor may not.

    Nobody acts on the links, mail address or keys of such a person.
    """
    return not privileges(person) <= privileges(actor)


def is_administrator(person: Person) -> bool:
    """Whether the person holds the administrator's role."""
    return any(grant.role == ADMINISTRATOR for grant in person.roles)


def grant(session: Session, person: Person, role: str, *, now: datetime) -> None:
    """Give the person a role; nothing happens when they hold it already.

    Raises:
        KeyError: when there is no such role.
    """
    if role not in ROLES:
        raise KeyError(role)
    held = session.scalar(
        select(RoleGrant).where(RoleGrant.person_id == person.id, RoleGrant.role == role)
    )
    if held is None:
        person.roles.append(RoleGrant(role=role, granted_at=now))
